"""What a person reads at certain moments of the recorded drains (see record.py for what happened)."""

import pytest
from boards import BOARDS, each_expression, filled, named
from prometheus import RecordedPrometheus
from recording import load

NEVER, NO_DEADLINE = 10**9, -1
# Seconds after the start.
IDLE, FIRST, SECOND, LAST = 5, 20, 100, 179


def asked(prometheus, board, title, second, ref="A", **variables):
    (expression,) = [t["expr"] for t in named(board, title)["targets"] if t["refId"] == ref]
    return prometheus.at(second, filled(expression, **variables))


def number(prometheus, title, second, ref="A", board="drain-agent-overview", **variables):
    ((_, value),) = asked(prometheus, board, title, second, ref, **variables)
    return value


@pytest.mark.parametrize(
    "title, ref, numbers",
    [
        # At: nothing runs, node-a drains, node-b drains and node-c is in line, all is over.
        ("Draining", "A", (0, 1, 1, 0)),
        ("Draining", "B", (0, 0, 1, 0)),
        ("Can never go", "A", (0, 1, 1, 0)),
        ("Will be late", "A", (0, 1, 1, 0)),
        ("Ended badly today", "A", (0, 0, 0, 1)),
        ("Agents that answer", "A", (3, 3, 2, 0)),
    ],
)
def test_the_numbers_at_the_top(prometheus, title, ref, numbers):
    assert tuple(number(prometheus, title, second, ref) for second in (IDLE, FIRST, SECOND, LAST)) == numbers


def test_the_next_deadline_is_that_of_the_drain_that_ends_first(prometheus):
    assert number(prometheus, "Next deadline in", FIRST) == pytest.approx(110, abs=3)
    assert number(prometheus, "Next deadline in", SECOND) == pytest.approx(26, abs=3)
    assert asked(prometheus, "drain-agent-overview", "Next deadline in", IDLE) == []


def blockers(prometheus, second, ref, board="drain-agent-overview", **variables):
    found = asked(prometheus, board, "Blockers: what is stuck, and whose it is", second, ref, **variables)
    return {(each["node"], each["pdb_namespace"], each["pdb"]): value for each, value in found}


@pytest.mark.parametrize(
    "second, node, budget", [(FIRST, "node-a", ("shop", "payments")), (SECOND, "node-b", ("data", "db"))]
)
def test_the_blockers_say_what_is_stuck_whose_it_is_and_since_when(prometheus, second, node, budget):
    row = (node, *budget)
    assert blockers(prometheus, second, "A") == {row: 1}
    began = next(
        iter(prometheus.at(second, "drain_start_timestamp_seconds > 0 and on (instance) drain_pdb_blocked_pods > 0"))
    )[1]
    assert blockers(prometheus, second, "B")[row] == pytest.approx(prometheus.recording.start + second - began, abs=1)
    assert blockers(prometheus, second, "C") == {row: 1}


def test_the_blockers_of_one_node_are_its_own(prometheus):
    assert blockers(prometheus, SECOND, "A", "drain-agent-node", node="node-b") == {("node-b", "data", "db"): 1}
    assert blockers(prometheus, SECOND, "A", "drain-agent-node", node="node-c") == {}


def by_node(prometheus, second, ref):
    found = asked(prometheus, "drain-agent-overview", "Nodes: will we make it?", second, ref)
    return {each["node"]: value for each, value in found}


def test_the_nodes_say_whether_we_will_make_it(prometheus):
    state, left, done, deadline, late, quiet, lasts = (by_node(prometheus, SECOND, ref) for ref in "ABCDEFG")
    assert state == {"node-b": 4, "node-c": 2}
    assert left == {"node-b": 1}
    assert done == {"node-b": pytest.approx(0.9)}
    assert deadline == {"node-b": pytest.approx(26, abs=3), "node-c": pytest.approx(276, abs=3)}
    assert late == {"node-b": NEVER, "node-c": 0}
    assert set(quiet) == {"node-b", "node-c"} and quiet["node-b"] > 20
    assert lasts == {"node-b": pytest.approx(44, abs=3), "node-c": pytest.approx(24, abs=3)}


def test_the_graph_shows_never_as_late_by_all_that_was_given(prometheus):
    found = asked(prometheus, "drain-agent-overview", "Time left, and how late it will be", SECOND, "B")
    assert {each["node"]: value for each, value in found} == {"node-b": pytest.approx(70, abs=0.1)}


def test_only_drains_that_are_under_way_are_rows(prometheus):
    for ref in "ABCDEFG":
        assert by_node(prometheus, IDLE, ref) == by_node(prometheus, LAST, ref) == {}


def test_the_mended_budget_brings_node_a_back_in_time(prometheus):
    assert by_node(prometheus, FIRST, "E") == {"node-a": NEVER}
    assert by_node(prometheus, 28, "E") == {"node-a": 0}


def test_outcomes_are_there_when_the_agents_have_gone(prometheus):
    found = asked(prometheus, "drain-agent-overview", "Outcomes of the last 24 hours", LAST)
    assert {each["outcome"]: value for each, value in found} == {"completed": 1, "timed_out": 1, "cancelled": 1}


def test_the_timeline_shows_each_outcome_though_one_scrape_has_it(prometheus):
    ended = {}
    for labels, points in prometheus.over(
        filled(named("drain-agent-overview", "State of each node")["targets"][0]["expr"]), 15
    ):
        ended[labels["node"]] = points[-1][1]
    assert ended == {"node-a": 5, "node-b": 7, "node-c": 8}


def test_the_state_numbers_are_mapped_to_their_words(prometheus):
    (mapping,) = named("drain-agent-overview", "State of each node")["fieldConfig"]["defaults"]["mappings"]
    words = {int(number): shown["text"] for number, shown in mapping["options"].items()}
    for second in (IDLE, FIRST, SECOND):
        stated = {each["instance"]: each["state"] for each, _ in prometheus.at(second, "drain_state == 1")}
        expression = named("drain-agent-overview", "State of each node")["targets"][0]["expr"]
        shown = {
            f"{each['node']}:9809": words[value] for each, value in prometheus.at(second, filled(expression, "2s"))
        }
        assert shown == stated


def test_annotations_stand_at_the_starts_and_the_ends(prometheus):
    began, ended = [a["expr"] for a in BOARDS["drain-agent-overview"]["annotations"]["list"] if "expr" in a]
    start = prometheus.recording.start

    def moments(expression, *labels):
        found = prometheus.over(filled(expression), 60)
        return {tuple(each[label] for label in labels): points[-1][1] / 1000 - start for each, points in found}

    assert moments(began, "node") == {
        ("node-a",): pytest.approx(10, abs=3),
        ("node-b",): pytest.approx(55, abs=3),
        ("node-c",): pytest.approx(75, abs=3),
    }
    assert moments(ended, "node", "outcome") == {
        ("node-a", "completed"): pytest.approx(31, abs=2),
        ("node-b", "timed_out"): pytest.approx(126, abs=2),
        ("node-c", "cancelled"): pytest.approx(151, abs=2),
    }


def test_a_drain_may_lack_a_deadline_and_a_node_that_is_being_cordoned_is_a_row(tmp_path):
    recording = load()
    of_b = 'instance="node-b:9809"'
    for series, values in list(recording.series.items()):
        if series.startswith(("drain_deadline", "drain_projected")) and of_b in series:
            recording.series[series] = ["0" if value != "_" else value for value in values]
        if series.startswith("drain_state{") and of_b in series and "draining" in series:
            cordoning = series.replace("draining", "cordoning")
            recording.series[cordoning], recording.series[series] = values, recording.series[cordoning]
    with RecordedPrometheus(recording, tmp_path) as prometheus:
        state, left, _, deadline, late, _, _ = (by_node(prometheus, SECOND, ref) for ref in "ABCDEFG")
        assert (state["node-b"], left["node-b"], late["node-b"]) == (3, 1, NO_DEADLINE)
        assert "node-b" not in deadline
        assert number(prometheus, "Draining", SECOND) == 1
    (mapping,) = named("drain-agent-node", "Late by")["fieldConfig"]["defaults"]["mappings"]
    assert {number: each["text"] for number, each in mapping["options"].items()} == {
        str(NO_DEADLINE): "no deadline",
        "0": "in time",
        str(NEVER): "NEVER",
    }


def test_an_agent_that_was_started_anew_makes_no_query_fail(tmp_path):
    """Two infos of an instance in one window, and two drain_node_info that differ in dry_run."""
    recording = load()
    for series, values in list(recording.series.items()):
        if series.startswith("drain_node_info") and 'node="node-b"' in series:
            recording.series[series.replace('dry_run="false"', 'dry_run="true"')] = values
            recording.series[series.replace('node="node-b"', 'node="node-d"')] = ["_"] * 20 + values[20:]
    with RecordedPrometheus(recording, tmp_path) as prometheus:
        for _, expression in each_expression():
            prometheus.over(filled(expression))
