# Every target that people use has its sentence behind ##; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: $(shell sed -nE "s/^([a-z-]+):.*/\1/p" $(firstword $(MAKEFILE_LIST)))

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/drain-agent
JOBS ?= 2
SCENARIOS_AT_ONCE ?= 4
PREFIX ?= /usr/local
SWIFT_BUILD := swift build -j $(JOBS)
# With Swift's runtime in it, as it is shipped; the same flags for all, or each would build everything anew.
RELEASE := -c release --static-swift-stdlib
# Where the tests find the tools that scripts/install puts beside the project.
TEST_ENVIRONMENT := DRAIN_AGENT_PYTHON=$(CACHE)/venv/bin/python DRAIN_AGENT_TOOLS=$(CACHE)/tools/bin PATH="$(CACHE)/tools/bin:$$PATH"
# Of generated alerts and dashboards.
LINKS = $(if $(RUNBOOK_BASE),--runbooks '$(RUNBOOK_BASE)') $(if $(GRAFANA_BASE),--grafana '$(GRAFANA_BASE)') $(if $(TO),--to '$(TO)')

help: ## List the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

demo: ## Drain a node of a simulated cluster, and watch; installs what the build needs.
	@scripts/install build
	$(SWIFT_BUILD) --product drain-agent
	@"$$(swift build --show-bin-path)/drain-agent" demo

build: ## Build the release binary, with Swift's runtime in it.
	@scripts/install build
	$(SWIFT_BUILD) $(RELEASE) --product drain-agent
	@ls -l "$$(swift build -c release --show-bin-path)/drain-agent"

image: ## Make the image without a daemon, as .build/image/drain-agent.tar, run it, and say how large it is.
	@scripts/install build image
	$(SWIFT_BUILD) $(RELEASE) --product drain-agent
	python3 -B deploy/image/make.py image .build/release/drain-agent .build/image/drain-agent.tar
	python3 -B deploy/image/make.py try .build/image/drain-agent.tar

test: lint test-unit test-leaks test-simulation image test-fuzz test-tsan test-asan test-end-to-end ## Check the style and run every test; installs what they need.

test-unit: ## Run the tests that need no control plane.
	@scripts/install build test
	$(SWIFT_BUILD) --build-tests
	scripts/document-flags "$$(swift build --show-bin-path)/drain-agent" --check
	$(TEST_ENVIRONMENT) scripts/failures-last swift test -j $(JOBS) --skip-build
	$(TEST_ENVIRONMENT) $(CACHE)/venv/bin/python -B -m pytest -q -p no:cacheprovider Tests/Docs Tests/Deploy Tests/Alerts
	$(TEST_ENVIRONMENT) $(CACHE)/venv/bin/python -B -m pytest -q -p no:cacheprovider Tests/Benchmarks
	$(TEST_ENVIRONMENT) $(CACHE)/venv/bin/python -B -m pytest -q -p no:cacheprovider Tests/Dashboards
	$(TEST_ENVIRONMENT) DRAIN_AGENT_BINARY="$$(swift build --show-bin-path)/drain-agent" \
		$(CACHE)/venv/bin/python -B -m pytest -q -p no:cacheprovider -n $(SCENARIOS_AT_ONCE) Tests/Terminal

simulate: ## Play SEEDS=20000 drains against the model cluster; FROM=seed, SIMULATE_FLAGS=--coverage.
	@scripts/install build
	$(SWIFT_BUILD) $(RELEASE) --product simulate
	"$$(swift build -c release --show-bin-path)/simulate" --seeds $(or $(SEEDS),20000) --from $(or $(FROM),0) $(SIMULATE_FLAGS)

# Something of everything must have happened, and a seed comes to the same end in however many processes.
test-simulation: ## Play 20,000 drains, and see that all is tried and nothing is left to chance.
	@$(MAKE) --no-print-directory simulate SEEDS=20000 SIMULATE_FLAGS=--complete
	@simulate="$$(swift build -c release --show-bin-path)/simulate"; \
	one="$$("$$simulate" --seeds 1000 --jobs 1 | tail -n 1)"; three="$$("$$simulate" --seeds 1000 --jobs 3 | tail -n 1)"; \
	echo "$$one"; test "$$one" = "$$three"

simulate-mutations: ## Break the engine in thirty ways, and count how many the simulation notices.
	@scripts/install build
	Tests/Simulation/mutate.py

test-end-to-end: ## Drain nodes of a real control plane; SCENARIO=name runs those with that in their name.
	@scripts/install build test
	$(SWIFT_BUILD) --product drain-agent
	@Tests/EndToEnd/control-plane-build.sh >/dev/null
	@$(TEST_ENVIRONMENT) DRAIN_AGENT_BINARY="$${DRAIN_AGENT_BINARY:-$$(swift build --show-bin-path)/drain-agent}" \
		$(CACHE)/venv/bin/python -B -m pytest -n $(SCENARIOS_AT_ONCE) --maxschedchunk 1 \
		-c Tests/EndToEnd/pytest.ini Tests/EndToEnd $(if $(SCENARIO),-k '$(SCENARIO)')
	$(if $(SCENARIO),,scripts/document-reliability --check)

# What has threads, and a whole agent: a report ends it with another exit code than the test wants.
SANITIZED := HTTPClientTests|HTTPServerTests|TelemetryTests|TelemetryExportTests|DrainTelemetryTests|DrainRunner
SANITIZED := $(SANITIZED)|KubernetesClientTests|SimulatedClusterTests|SidecarTests|ScrapingTests|ControlTests
# One test after the other: slowed down so much, all at once would miss their time limits.
SANITIZED_TEST := scripts/failures-last swift test -j $(JOBS) --disable-xctest --no-parallel --filter '$(SANITIZED)'

test-tsan: ## Run the tests of what has threads under ThreadSanitizer.
	@scripts/install build test
	TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/tsan.suppressions $(TEST_ENVIRONMENT) \
		$(SANITIZED_TEST) --sanitize=thread --scratch-path .build-tsan

test-asan: ## Run the same under AddressSanitizer, which looks for leaks at the end, too.
	@scripts/install build test
	ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=$(CURDIR)/Tests/lsan.suppressions $(TEST_ENVIRONMENT) \
		$(SANITIZED_TEST) --sanitize=address --scratch-path .build-asan

test-leaks: ## Drain a thousand times in one process, and count what it holds.
	$(SWIFT_BUILD) --build-tests
	DRAIN_AGENT_LEAKS=1 scripts/failures-last swift test -j $(JOBS) --skip-build --disable-xctest --filter LeakTests

test-fuzz: ## Fuzz each input for a moment: the corpus, and so many inputs of a fixed seed.
	@scripts/install build
	JOBS=$(JOBS) scripts/fuzz short

fuzz: ## Fuzz for SECONDS each (300), or only INPUT=name; see docs/fuzzing.md.
	@scripts/install build
	JOBS=$(JOBS) SECONDS=$(SECONDS) scripts/fuzz long $(INPUT)

bench: image ## Measure drains beside kubectl's and others' on the real control plane, in 70 minutes; WORKLOAD=name,… ROUNDS=3.
	@scripts/install build test pictures
	$(SWIFT_BUILD) $(RELEASE) --product drain-agent
	$(SWIFT_BUILD) $(RELEASE) --product bench-scrape
	@Tests/EndToEnd/control-plane-build.sh >/dev/null
	@$(TEST_ENVIRONMENT) $(CACHE)/venv/bin/python -B Tests/Benchmarks/drains.py --rounds $(or $(ROUNDS),3) \
		--binary "$$(swift build -c release --show-bin-path)/drain-agent" $(if $(WORKLOAD),--workload '$(WORKLOAD)') \
		$(if $(OPTIONS),--options='$(OPTIONS)')
	@$(CACHE)/venv-pictures/bin/python -B Tests/Benchmarks/draw.py

bench-scrape: ## Measure what a scrape of the worst case costs, beside the Python client.
	@scripts/install build test
	$(SWIFT_BUILD) $(RELEASE) --product bench-scrape
	"$$(swift build -c release --show-bin-path)/bench-scrape" Tests/Golden/worst-case.prom
	$(CACHE)/venv/bin/python -B Tests/Benchmarks/python_client.py Tests/Golden/worst-case.prom

record-drains: ## Record Tests/Fixtures/drains.txt anew: nine drains on the real control plane, in 20 minutes.
	@scripts/install build test
	$(SWIFT_BUILD) --product drain-agent
	@Tests/EndToEnd/control-plane-build.sh >/dev/null
	@$(TEST_ENVIRONMENT) DRAIN_AGENT_BINARY="$${DRAIN_AGENT_BINARY:-$$(swift build --show-bin-path)/drain-agent}" \
		$(CACHE)/venv/bin/python -B Tests/EndToEnd/record_drains.py

reliability: ## Write docs/reliability.md from what the last runs of the tests tried.
	scripts/document-reliability

pictures: ## Make docs/pictures: the dashboards over recorded drains, and the status page and the terminal in the demo.
	@scripts/install build pictures
	$(SWIFT_BUILD) --product drain-agent
	$(TEST_ENVIRONMENT) $(CACHE)/venv-pictures/bin/python -B Tests/Dashboards/draw.py
	$(CACHE)/venv-pictures/bin/python -B Tests/Pictures/page.py "$$(swift build --show-bin-path)/drain-agent"
	$(CACHE)/venv-pictures/bin/python -B Tests/Pictures/terminal.py "$$(swift build --show-bin-path)/drain-agent"

alerts: ## Write alerts/*.yaml; RUNBOOK_BASE and GRAFANA_BASE say where links lead, TO another directory.
	@scripts/install test
	$(CACHE)/venv/bin/python -B alerts/alerts.py $(LINKS)

dashboards: ## Write dashboards/*.json; the same variables.
	python3 -B dashboards/generate.py $(LINKS)

flags: ## Write docs/flags.md from what the program says of itself.
	$(SWIFT_BUILD) --product drain-agent
	scripts/document-flags "$$(swift build --show-bin-path)/drain-agent"

shell-files: ## Write completions for bash, zsh and fish, and the manual page, into .build/share.
	$(SWIFT_BUILD) --product drain-agent
	scripts/write-shell-files "$$(swift build --show-bin-path)/drain-agent" .build

# It builds nothing: what root builds, only root can clean.
install: ## Install what `make build` has built, with completions, manual page and kubectl plugin: PREFIX=/usr/local, DESTDIR=.
	@test -x .build/release/drain-agent || { echo 'there is nothing to install: `make build` first' >&2; exit 1; }
	install -D .build/release/drain-agent "$(DESTDIR)$(PREFIX)/bin/drain-agent"
	ln -sf drain-agent "$(DESTDIR)$(PREFIX)/bin/kubectl-drain_watch"
	scripts/write-shell-files .build/release/drain-agent "$(DESTDIR)$(PREFIX)"

lint: ## Check the format, each target's imports against Package.swift, and that no merge was left half done.
	@! git grep -nE '^(<<<<<<<|>>>>>>>) '
	swift format lint --strict --recursive --configuration .swift-format Package.swift Sources Tests
	scripts/check-imports

format: ## Format all Swift code.
	swift format format --in-place --recursive --configuration .swift-format Package.swift Sources Tests

clean: ## Remove what was built.
	rm -rf .build .build-*
