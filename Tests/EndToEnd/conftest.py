"""The fixtures. One run has one stage, whatever the number of workers: the process that was started by hand owns it."""

import os
import signal

import pytest

from harness.agent import binary
from harness.scenario import Scenario
from harness.stage import Run, Stage
from harness.tried import begin_rows

pytest_plugins = ["harness.measured"]


def is_worker(config):
    return hasattr(config, "workerinput")


def pytest_collection_modifyitems(items):
    """Long ones first. Those that stop servers come last: they wait until nobody else is there."""

    def turn(item):
        return bool(item.get_closest_marker("alone")) - bool(item.get_closest_marker("long"))

    items.sort(key=turn)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session):
    config = session.config
    if is_worker(config) or config.option.collectonly:
        return
    if not os.access(binary(), os.X_OK):
        pytest.exit(f"no agent at {binary()}: `make test-end-to-end` builds it", returncode=1)
    # As Ctrl-C: an orderly end, with everything taken down.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    config.run = Run()
    config.add_cleanup(config.run.end)  # also after a Ctrl-C
    config.run.start()
    begin_rows(afresh=not config.option.keyword)


def pytest_configure_node(node):
    """xdist asks before it starts a worker: where is the stage?"""
    node.workerinput["stage"] = str(node.config.run.directory)


@pytest.fixture(scope="session")
def stage(request):
    config = request.config
    return Stage(config.workerinput["stage"] if is_worker(config) else config.run.directory)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    item.has_failed = getattr(item, "has_failed", False) or report.failed
    scenario = getattr(item, "scenario", None)
    if report.failed and scenario:
        report.sections.append(("logs", str(scenario.logs)))
    return report


@pytest.fixture
def scenario(request, stage):
    """Two nodes and a namespace of the scenario's own."""
    with stage.shared_with_others(alone=request.node.get_closest_marker("alone") is not None):
        scenario = Scenario(stage, request.node.name)
        request.node.scenario = scenario
        is_judged = False
        try:
            scenario.begin()
            yield scenario
            scenario.check_formats()
            is_judged = True
        finally:
            scenario.end(failed=not is_judged or getattr(request.node, "has_failed", True))
