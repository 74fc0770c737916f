# Every target that people use has its sentence behind ##; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo build test test-unit test-end-to-end test-tsan test-simulation simulate simulate-mutations bench-scrape pictures alerts flags lint format clean

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/drain-agent
JOBS ?= 2
SCENARIOS_AT_ONCE ?= 4
SWIFT_BUILD := swift build -j $(JOBS)
# Where the tests find the tools that scripts/install puts beside the project.
TEST_ENVIRONMENT := DRAIN_AGENT_PYTHON=$(CACHE)/venv/bin/python DRAIN_AGENT_TOOLS=$(CACHE)/tools/bin PATH="$(CACHE)/tools/bin:$$PATH"

help: ## List the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

demo: ## Drain a node of a simulated cluster, and watch; installs what the build needs.
	@scripts/install build
	$(SWIFT_BUILD) --product drain-agent
	@"$$(swift build --show-bin-path)/drain-agent" demo

build: ## Build the release binary, with Swift's runtime in it.
	@scripts/install build
	$(SWIFT_BUILD) -c release --static-swift-stdlib --product drain-agent
	@ls -l "$$(swift build -c release --show-bin-path)/drain-agent"

test: lint test-unit test-simulation test-end-to-end ## Check the style and run every test; installs what they need.

test-unit: ## Run the tests that need no control plane.
	@scripts/install build test
	$(SWIFT_BUILD) --build-tests
	scripts/document-flags "$$(swift build --show-bin-path)/drain-agent" --check
	$(TEST_ENVIRONMENT) swift test -j $(JOBS) --skip-build
	$(CACHE)/venv/bin/python -B -m pytest -q -p no:cacheprovider Tests/Deploy Tests/Alerts
	$(TEST_ENVIRONMENT) $(CACHE)/venv/bin/python -B -m pytest -q -p no:cacheprovider Tests/Dashboards

simulate: ## Play SEEDS=20000 drains against the model cluster; FROM=seed, SIMULATE_FLAGS=--coverage.
	@scripts/install build
	$(SWIFT_BUILD) -c release --product simulate
	"$$(swift build -c release --show-bin-path)/simulate" --seeds $(or $(SEEDS),20000) --from $(or $(FROM),0) $(SIMULATE_FLAGS)

# Something of everything must have happened, and a seed comes to the same end in however many processes.
test-simulation: ## Play 20,000 drains, and see that all is tried and nothing is left to chance.
	@$(MAKE) --no-print-directory simulate SEEDS=20000 SIMULATE_FLAGS=--complete
	@simulate="$$(swift build -c release --show-bin-path)/simulate"; \
	one="$$("$$simulate" --seeds 1000 --jobs 1 | tail -n 1)"; three="$$("$$simulate" --seeds 1000 --jobs 3 | tail -n 1)"; \
	echo "$$one"; test "$$one" = "$$three"

simulate-mutations: ## Break the engine in twenty ways, and count how many the simulation notices.
	@scripts/install build
	Tests/Simulation/mutate.py

test-end-to-end: ## Drain nodes of a real control plane; SCENARIO=name runs those with that in their name.
	@scripts/install build test
	$(SWIFT_BUILD) --product drain-agent
	@Tests/EndToEnd/control-plane-build.sh >/dev/null
	@$(TEST_ENVIRONMENT) DRAIN_AGENT_BINARY="$${DRAIN_AGENT_BINARY:-$$(swift build --show-bin-path)/drain-agent}" \
		$(CACHE)/venv/bin/python -B -m pytest -n $(SCENARIOS_AT_ONCE) --maxschedchunk 1 \
		-c Tests/EndToEnd/pytest.ini Tests/EndToEnd $(if $(SCENARIO),-k '$(SCENARIO)')

test-tsan: ## Run the tests of what has threads under ThreadSanitizer.
	@scripts/install build test
	TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/tsan.suppressions $(TEST_ENVIRONMENT) \
		swift test -j $(JOBS) --sanitize=thread --scratch-path .build-tsan \
		--filter 'HTTPClientTests|HTTPServerTests|TelemetryTests|TelemetryExportTests|DrainRunner|KubernetesClientTests'

bench-scrape: ## Measure what a scrape of the worst case costs, beside the Python client.
	@scripts/install build test
	$(SWIFT_BUILD) -c release --product bench-scrape
	"$$(swift build -c release --show-bin-path)/bench-scrape" Tests/Golden/worst-case.prom
	$(CACHE)/venv/bin/python -B Tests/Benchmarks/python_client.py Tests/Golden/worst-case.prom

pictures: ## Draw docs/pictures from the dashboards' queries over the recorded drains.
	@scripts/install pictures
	$(TEST_ENVIRONMENT) $(CACHE)/venv-pictures/bin/python -B Tests/Dashboards/draw.py

alerts: ## Write alerts/*.yaml from alerts/alerts.py.
	@scripts/install test
	$(CACHE)/venv/bin/python -B alerts/alerts.py

flags: ## Write docs/flags.md from what the program says of itself.
	$(SWIFT_BUILD) --product drain-agent
	scripts/document-flags "$$(swift build --show-bin-path)/drain-agent"

lint: ## Check the format, each target's imports against Package.swift, and that no merge was left half done.
	@! git grep -nE '^(<<<<<<<|>>>>>>>) '
	swift format lint --strict --recursive --configuration .swift-format Package.swift Sources Tests
	scripts/check-imports

format: ## Format all Swift code.
	swift format format --in-place --recursive --configuration .swift-format Package.swift Sources Tests

clean: ## Remove what was built.
	rm -rf .build .build-*
