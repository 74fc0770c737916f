"""What a person reads at certain moments of the recorded drains (Tests/EndToEnd/record_drains.py: what happened)."""

import pytest
from boards import BOARDS, each_expression, filled, named
from prometheus import RecordedPrometheus
from recording import load

NEVER, NO_DEADLINE = 10**9, -1
# Seconds after the start.
IDLE, FIRST, SECOND, LAST = 5, 50, 205, 1195


def asked(prometheus, board, title, second, ref="A", **variables):
    (expression,) = [t["expr"] for t in named(board, title)["targets"] if t["refId"] == ref]
    return prometheus.at(second, filled(expression, **variables))


def number(prometheus, title, second, ref="A", board="drain-agent-overview", **variables):
    ((_, value),) = asked(prometheus, board, title, second, ref, **variables)
    return value


@pytest.mark.parametrize(
    "title, ref, numbers",
    [
        # At: nothing runs; three drain; six drain, of which five hang, and one is in line; all is over.
        ("Draining", "A", (0, 3, 6, 0)),
        ("Draining", "B", (0, 0, 1, 0)),
        ("Can never go", "A", (0, 2, 6, 0)),
        ("Stuck terminating", "A", (0, 0, 3, 0)),
        ("Will be late", "A", (0, 1, 3, 0)),
        ("Ended badly today", "A", (0, 0, 0, 3)),
        ("Agents that answer", "A", (9, 9, 9, 0)),
    ],
)
def test_the_numbers_at_the_top(prometheus, title, ref, numbers):
    assert tuple(number(prometheus, title, second, ref) for second in (IDLE, FIRST, SECOND, LAST)) == numbers


def test_the_next_deadline_is_that_of_the_drain_that_ends_first(prometheus):
    assert number(prometheus, "Next deadline in", FIRST) == pytest.approx(580, abs=5)
    assert number(prometheus, "Next deadline in", SECOND) == pytest.approx(35, abs=5)
    assert asked(prometheus, "drain-agent-overview", "Next deadline in", IDLE) == []


def blockers(prometheus, second, ref, board="drain-agent-overview", **variables):
    found = asked(prometheus, board, "Blockers: what is stuck, and whose it is", second, ref, **variables)
    return {(each["node"], each["pdb_namespace"], each["pdb"]): value for each, value in found}


def test_the_blockers_say_what_is_stuck_whose_it_is_and_since_when(prometheus):
    never = {("node-a", "shop", "payments"): 2, ("node-b", "data", "db"): 3, ("node-f", "batch", "ledger"): 1}
    waits = {("node-c", "search", "index"): 2}
    assert blockers(prometheus, SECOND, "A") == {**dict.fromkeys(never, 1), **dict.fromkeys(waits, 0)}
    assert blockers(prometheus, SECOND, "C") == never | waits
    since = {"node-a": 30, "node-b": 60, "node-c": 30, "node-f": 100}
    for (node, _, _), lasts in blockers(prometheus, SECOND, "B").items():
        assert lasts == pytest.approx(SECOND - since[node], abs=5), node


def test_the_blockers_of_one_node_are_its_own(prometheus):
    assert blockers(prometheus, SECOND, "A", "drain-agent-node", node="node-b") == {("node-b", "data", "db"): 1}
    assert blockers(prometheus, SECOND, "A", "drain-agent-node", node="node-e") == {}


def by_node(prometheus, second, ref):
    found = asked(prometheus, "drain-agent-overview", "Nodes: will we make it?", second, ref)
    return {each["node"]: value for each, value in found}


def test_the_nodes_say_whether_we_will_make_it(prometheus):
    state, left, stuck, retried, done, deadline, late, quiet, lasts = (
        by_node(prometheus, SECOND, ref) for ref in "ABCDEFGHI"
    )
    draining = {f"node-{letter}": 4 for letter in "abcdef"}
    assert state == {**draining, "node-g": 2}
    assert left == {"node-a": 2, "node-b": 3, "node-c": 2, "node-d": 3, "node-e": 3, "node-f": 1}
    assert stuck == {**dict.fromkeys(draining, 0), "node-d": 3}
    assert retried == {**dict.fromkeys(draining, 0), "node-e": 3}
    assert {node: round(part, 3) for node, part in done.items()} == {
        "node-a": 0.875, "node-b": 0.625, "node-c": 0.714, "node-d": 0.625, "node-e": 0, "node-f": 0.8,
    }
    given = {"node-a": 630, "node-b": 240, "node-d": 1245, "node-f": 697, "node-g": 1020}
    assert deadline == {node: pytest.approx(at - SECOND, abs=5) for node, at in given.items()}
    nobody = dict.fromkeys(("node-c", "node-e"), NO_DEADLINE)
    assert late == {"node-a": NEVER, "node-b": NEVER, "node-f": NEVER, "node-d": 0, "node-g": 0, **nobody}
    assert quiet.keys() == lasts.keys() == state.keys() and quiet["node-b"] > 100
    assert lasts["node-b"] == pytest.approx(145, abs=5) and lasts["node-g"] == pytest.approx(85, abs=5)


def test_the_graph_shows_never_as_late_by_all_that_was_given(prometheus):
    found = asked(prometheus, "drain-agent-overview", "Time left, and how late it will be", SECOND, "B")
    given = {"node-a": 600, "node-b": 180, "node-f": 597}
    assert {each["node"]: value for each, value in found} == {
        node: pytest.approx(seconds, abs=0.1) for node, seconds in given.items()
    }


def test_only_drains_that_are_under_way_are_rows(prometheus):
    for ref in "ABCDEFGHI":
        assert by_node(prometheus, IDLE, ref) == by_node(prometheus, LAST, ref) == {}


def test_the_mended_budget_brings_node_a_back_in_time(prometheus):
    budget = ("node-a", "shop", "payments")
    assert by_node(prometheus, 235, "G")["node-a"] == NEVER
    assert blockers(prometheus, 235, "A")[budget] == 1 and budget not in blockers(prometheus, 250, "A")
    assert number(prometheus, "State", 250, board="drain-agent-node", node="node-a") == 5


def test_outcomes_are_there_when_the_agents_have_gone(prometheus):
    found = asked(prometheus, "drain-agent-overview", "Outcomes of the last 24 hours", LAST)
    assert {each["outcome"]: value for each, value in found} == {
        "completed": 4, "timed_out": 1, "cancelled": 1, "incomplete": 1, "failed": 1,
    }


def test_the_timeline_shows_each_outcome_though_one_scrape_has_it(prometheus):
    ended = {}
    for labels, points in prometheus.over(
        filled(named("drain-agent-overview", "State of each node")["targets"][0]["expr"])
    ):
        ended[labels["node"]] = points[-1][1]
    completed = dict.fromkeys(("node-a", "node-c", "node-d", "node-e"), 5)
    killed = {"node-f": 4}
    assert ended == {**completed, **killed, "node-b": 7, "node-g": 8, "node-h": 6, "node-i": 9}


def test_the_state_numbers_are_mapped_to_their_words(prometheus):
    (mapping,) = named("drain-agent-overview", "State of each node")["fieldConfig"]["defaults"]["mappings"]
    words = {int(number): shown["text"] for number, shown in mapping["options"].items()}
    for second in (IDLE, FIRST, SECOND):
        stated = {each["instance"]: each["state"] for each, _ in prometheus.at(second, "drain_state == 1")}
        expression = named("drain-agent-overview", "State of each node")["targets"][0]["expr"]
        shown = {
            f"{each['node']}:9809": words[value] for each, value in prometheus.at(second, filled(expression, "6s"))
        }
        assert shown == stated


def test_annotations_stand_at_the_starts_and_the_ends(prometheus):
    began, ended = [a["expr"] for a in BOARDS["drain-agent-overview"]["annotations"]["list"] if "expr" in a]
    start = prometheus.recording.start

    def moments(expression, *labels):
        found = prometheus.over(filled(expression), 60)
        return {tuple(each[label] for label in labels): points[-1][1] / 1000 - start for each, points in found}

    begins = {"a": 30, "b": 60, "c": 30, "d": 45, "e": 60, "f": 100, "g": 120, "h": 400, "i": 600}
    assert moments(began, "node") == {(f"node-{each}",): pytest.approx(at, abs=3) for each, at in begins.items()}
    ends = {"completed": {"a": 242, "c": 1081, "d": 560, "e": 789}, "timed_out": {"b": 240}, "cancelled": {"g": 330}}
    ends |= {"incomplete": {"h": 401}, "failed": {"i": 602}}
    assert moments(ended, "node", "outcome") == {
        (f"node-{each}", outcome): pytest.approx(at, abs=15)
        for outcome, at_of in ends.items()
        for each, at in at_of.items()
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
        state, left, deadline, late = (by_node(prometheus, SECOND, ref) for ref in "ABFG")
        assert (state["node-b"], left["node-b"], late["node-b"]) == (3, 3, NO_DEADLINE)
        assert "node-b" not in deadline
        assert number(prometheus, "Draining", SECOND) == 6
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
