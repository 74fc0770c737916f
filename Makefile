# Every target that people use has its sentence behind ##; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo build test test-unit test-end-to-end test-tsan bench-scrape record-drains pictures alerts dashboards \
	flags shell-files install lint format clean

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/drain-agent
JOBS ?= 2
SCENARIOS_AT_ONCE ?= 4
PREFIX ?= /usr/local
SWIFT_BUILD := swift build -j $(JOBS)
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
	$(SWIFT_BUILD) -c release --static-swift-stdlib --product drain-agent
	@ls -l "$$(swift build -c release --show-bin-path)/drain-agent"

test: lint test-unit test-end-to-end ## Check the style and run every test; installs what they need.

test-unit: ## Run the tests that need no control plane.
	@scripts/install build test
	$(SWIFT_BUILD) --build-tests
	scripts/document-flags "$$(swift build --show-bin-path)/drain-agent" --check
	$(TEST_ENVIRONMENT) swift test -j $(JOBS) --skip-build
	$(TEST_ENVIRONMENT) $(CACHE)/venv/bin/python -B -m pytest -q -p no:cacheprovider Tests/Docs Tests/Deploy Tests/Alerts
	$(TEST_ENVIRONMENT) $(CACHE)/venv/bin/python -B -m pytest -q -p no:cacheprovider Tests/Dashboards
	$(TEST_ENVIRONMENT) DRAIN_AGENT_BINARY="$$(swift build --show-bin-path)/drain-agent" \
		$(CACHE)/venv/bin/python -B -m pytest -q -p no:cacheprovider -n $(SCENARIOS_AT_ONCE) Tests/Terminal

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

record-drains: ## Record Tests/Fixtures/drains.txt anew: nine drains on the real control plane, in 20 minutes.
	@scripts/install build test
	$(SWIFT_BUILD) --product drain-agent
	@Tests/EndToEnd/control-plane-build.sh >/dev/null
	@$(TEST_ENVIRONMENT) DRAIN_AGENT_BINARY="$${DRAIN_AGENT_BINARY:-$$(swift build --show-bin-path)/drain-agent}" \
		$(CACHE)/venv/bin/python -B Tests/EndToEnd/record_drains.py

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
