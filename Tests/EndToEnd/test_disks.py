"""Disks without room, readers that go, files that are taken away: the drain goes on; what is lost is counted and said."""

import json
import resource
import socket

import pytest

from harness.checks import check
from harness.checks.spans import check_left
from harness.metrics import parse
from harness.spans import parse_spans, read_spans
from harness.streams import LOST, Copied
from harness.tried import tried
from harness.until import until


def check_drained(agent):
    """The end, where the usual witnesses have lost something: exit code, the node, each pod evicted once."""
    code = agent.exit_code()
    assert code == 0, f"exit code {code}"
    scenario = agent.scenario
    assert scenario.is_cordoned() and not scenario.kubernetes.pods_on(agent.node)
    accepted = [each.uid for each in scenario.audit.evictions(scenario.namespaces) if each.is_accepted]
    assert sorted(accepted) == sorted(pod["metadata"]["uid"] for pod in agent.before)
    until("the outcome in Prometheus", lambda: agent.stored("drain_state", by="state").get("completed") == 1)


def fates(agent):
    """Spans to the file, by what became of them, as Prometheus last saw it."""
    stored = agent.stored('drain_spans_total{sink="file"}', by="result")
    return {fate: int(count) for fate, count in stored.items() if count}


def lines_lost(agent):
    stored = agent.stored("drain_log_messages_lost_total", by="result")
    return {fate: int(count) for fate, count in stored.items() if count}


def said_once(agent, message="spans are lost"):
    (line,) = agent.log(message)
    assert line["level"] == "warning"
    return line["err"]


def in_words(counts):
    return ", ".join(f"{count} {fate}" for fate, count in sorted(counts.items()))


def wrapped(stream, what):
    """A shell that closes the stream, where it is to be closed: nobody can be started so directly."""
    number = {"stdout": 1, "stderr": 2}[stream]
    return ("sh", "-c", f'exec "$@" {number}>&-', "sh") if what == "closed" else ()


@pytest.mark.parametrize("what", LOST)
def test_spans_to_a_stdout_that_takes_nothing(scenario, what):
    for name in ("one", "two", "three"):
        scenario.pod(name)
    with LOST[what]() as descriptor:
        streams = {} if descriptor is None else {"stdout": descriptor}
        agent = scenario.sidecar("--spans", "-", streams=streams, within=wrapped("stdout", what))
        agent._spans.touch()
        agent.trigger()
        check_drained(agent)
    lost = fates(agent)
    assert sum(count for fate, count in lost.items() if fate != "written") > 0, lost
    tried("Standard output, with the spans", what, f"drained; spans: {in_words(lost)}; said once: {said_once(agent)}")


@pytest.mark.parametrize("what", LOST)
def test_a_log_to_a_stderr_that_takes_nothing(scenario, what):
    for name in ("one", "two", "three"):
        scenario.pod(name)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with LOST[what]() as descriptor:
        streams = {} if descriptor is None else {"stderr": descriptor}
        agent = scenario.sidecar(
            "--listen", f"127.0.0.1:{port}", streams=streams, within=wrapped("stderr", what), address=f"127.0.0.1:{port}"
        )
        agent.trigger()
        check_drained(agent)
        check_left(agent)
    lost = lines_lost(agent)
    # What a pipe that nobody reads has not taken yet may still be taken.
    assert sum(lost.values()) > 0 or what == "a pipe that nobody reads", lost
    tried("Standard error, with the log", what, f"drained; log lines lost: {in_words(lost) or 'none yet, they wait'}")


def test_the_disk_of_the_span_file_fills_up_and_has_room_again(scenario):
    for name in ("before", "meanwhile", "after"):
        scenario.deployment(name)
        scenario.budget(name, maxUnavailable=0)
    with Copied(scenario.logs / "agent-1.stderr") as log:
        agent = scenario.sidecar(streams={"stderr": log.descriptor})
        agent.trigger()
        agent.wait_for("three blocked", lambda state: state["counts"]["blocked"] == 3)

        def let_go(name, gone):
            scenario.change_budget(name, maxUnavailable=1)
            agent.wait_for(f"{gone} gone", lambda state: state["counts"]["gone"] == gone)

        let_go("before", 1)
        until("a span in the file", lambda: agent._spans.stat().st_size > 0)
        limit_files(agent, agent._spans.stat().st_size + 100)
        let_go("meanwhile", 2)
        until("a failure in the metrics", lambda: parse(agent.request("GET", "/metrics")[1]).value(
            "drain_spans_total", sink="file", result="failed"))
        limit_files(agent, resource.RLIM_INFINITY)
        let_go("after", 3)
        check_drained(agent)
    lost = fates(agent)
    lines = agent._spans.read_text().splitlines()
    whole, torn = [], []
    for line in lines:
        try:
            whole += parse_spans(json.loads(line))
        except json.JSONDecodeError:
            torn.append(line)
    assert len(torn) <= 1 and len(whole) == lost["written"] and lost["failed"] > 0, (lost, len(whole), len(torn))
    agent._spans.write_text("")
    tried(
        "The span file", "its disk fills up in mid-drain, and has room again",
        f"drained; spans: {in_words(lost)}; {len(torn)} line is torn; said once: {said_once(agent)}",
    )


def limit_files(agent, size):
    """As `ulimit -f` would: writes beyond fail, for this process only."""
    resource.prlimit(agent.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_the_disk_of_the_span_file_is_full_from_the_beginning(scenario):
    scenario.pod("web")
    agent = scenario.sidecar("--spans", "/dev/full")
    agent._spans.touch()
    agent.trigger()
    check_drained(agent)
    lost = fates(agent)
    assert lost.keys() == {"failed"}
    tried("The span file", "its disk is full", f"drained; spans: {in_words(lost)}; said once: {said_once(agent)}")


def test_the_span_file_is_renamed_and_then_deleted(scenario):
    for name in ("before", "meanwhile", "after"):
        scenario.deployment(name)
        scenario.budget(name, maxUnavailable=0)
    agent = scenario.sidecar()
    agent.trigger()
    agent.wait_for("three blocked", lambda state: state["counts"]["blocked"] == 3)
    old = agent._spans.with_suffix(".1")

    def let_go(name, gone):
        scenario.change_budget(name, maxUnavailable=1)
        agent.wait_for(f"{gone} gone", lambda state: state["counts"]["gone"] == gone)

    let_go("before", 1)
    agent._spans.rename(old)
    let_go("meanwhile", 2)
    until("spans of two pods in the renamed file", lambda: old.read_text().count('"name":"pod.evict"') == 2)
    kept = len(old.read_text().splitlines())
    old.unlink()
    let_go("after", 3)
    check_drained(agent)
    new = len(read_spans(agent._spans))
    agent._spans.write_text("")
    lost = fates(agent)
    assert lost == {"written": kept + new} and new > 0, (lost, kept, new)
    assert not agent.log("spans are lost")
    said = f"{kept} spans went on into the renamed file, then {new} into a new one"
    tried("The span file", "it is renamed, then deleted", said)


def test_neither_textfile_nor_termination_log_can_be_written(scenario):
    scenario.pod("web")
    nowhere = scenario.directory / "nowhere"
    agent = scenario.sidecar("--textfile", nowhere / "drain.prom", "--termination-log", nowhere / "log")
    agent.trigger()
    check(agent)
    for what, words in {"textfile": "the textfile", "termination log": "the termination log"}.items():
        error = said_once(agent, f"{what} not written")
        tried("Files at the end", f"{words}'s directory is not there", f"drained, exit code 0; said once: {error}")


def test_drain_from_a_terminal_that_goes_away(scenario):
    for what, lost in LOST.items():
        if what == "closed":
            continue
        scenario.pod("web")
        scenario.set_unschedulable(scenario.node, False)
        with lost() as descriptor:
            agent = scenario.drain("--force", streams={"stdout": descriptor})
            assert agent.exit_code() == 0, agent.stderr()
        assert not scenario.pods_of("web")
        said = [line for line in agent.stderr().splitlines() if "standard output" in line]
        assert len(said) == 1, said
        tried("Standard output of `drain`, for people", what, f"drained, exit code 0; on stderr: {said[0]}")
