"""Spans to a collector, and collectors in trouble: the drain is the same, and every span is delivered or counted."""

import pytest

from harness.checks import check
from harness.collector import Collector
from harness.spans import named
from harness.tried import tried
from harness.until import until


def drained_with(scenario, url, **environment):
    """A drain with a budget in its way, checked as every drain; gives its spans."""
    scenario.deployment("web", replicas=2)
    scenario.budget("web", maxUnavailable=1)
    scenario.open_spare()
    agent = scenario.sidecar("--otlp-endpoint", url, environment=environment)
    agent.trigger()
    return agent, check(agent).spans


def lost(agent):
    """Spans that never reached the collector, as the last line of the log has them."""
    lines = agent.log("spans are lost to the collector")
    return {name: line[name] for line in lines for name in ("dropped", "failed") if name in line}


IN_WORDS = {
    "throttles": "throttles",
    "unavailable": "is unavailable",
    "resets": "resets the connection",
    "garbled": "answers 200 with garbage",
    "partial": "takes a part",
    "refuses": "refuses",
    "no_http": "talks no HTTP",
    "hangs": "never answers",
}


def ids(spans):
    return sorted(each.id for each in spans)


def test_a_collector_has_what_the_file_has(scenario):
    with Collector() as collector:
        agent, spans = drained_with(
            scenario, collector.url, OTEL_RESOURCE_ATTRIBUTES="team=a%2Cb", OTEL_EXPORTER_OTLP_HEADERS="key=s3cret"
        )
        assert ids(collector.spans) == ids(spans)
    assert sorted(map(repr, collector.spans)) == sorted(map(repr, spans))
    assert agent.stored('drain_spans_total{sink="otlp"}', by="result") == {
        "written": len(spans), "dropped": 0, "failed": 0,
    }
    assert not lost(agent) and not agent.log("spans cannot be exported")
    assert "s3cret" not in agent.stderr()


@pytest.mark.parametrize("trouble", ["throttles", "unavailable", "resets", "garbled"])
def test_a_collector_that_recovers_has_everything(scenario, trouble):
    scenario.deployment("held")
    scenario.budget("held", maxUnavailable=0)
    with Collector(trouble, trouble) as collector:
        agent = scenario.sidecar("--otlp-endpoint", collector.url)
        agent.trigger()
        until("recovery in mid-drain", lambda: collector.spans and not collector.troubles)
        scenario.change_budget("held", maxUnavailable=1)
        spans = check(agent).spans
        assert ids(collector.spans) == ids(spans)
    assert not lost(agent)
    says = [line["msg"] for line in agent.log() if "exported" in line["msg"]]
    troubled = ["spans cannot be exported", "spans are exported again"] if trouble != "garbled" else []
    assert says == ["spans are exported", *troubled]
    tried("A collector of spans", f"{IN_WORDS[trouble]} once", "drained; it has every span")


@pytest.mark.parametrize("trouble", ["partial", "refuses", "no_http"])
def test_what_a_collector_will_not_have_is_counted_and_not_sent_again(scenario, trouble):
    with Collector(trouble) as collector:
        agent, spans = drained_with(scenario, collector.url)
    assert set(ids(collector.spans)) <= set(ids(spans)) and len(ids(collector.spans)) == len(set(ids(collector.spans)))
    failed = collector.rejected if trouble == "partial" else len(spans) - len(collector.spans)
    assert failed > 0 and lost(agent) == {"failed": failed}
    assert agent.stored('drain_spans_total{sink="otlp"}', by="result") == {
        "written": len(spans) - failed, "dropped": 0, "failed": failed,
    }
    tried("A collector of spans", f"{IN_WORDS[trouble]} once", f"drained; {failed} spans failed, not sent again, said once")


@pytest.mark.parametrize("trouble", ["hangs", "unavailable"])
def test_a_collector_that_never_recovers_holds_nothing_up(scenario, trouble):
    with Collector(trouble, for_good=True) as collector:
        agent, spans = drained_with(scenario, collector.url)
        assert not collector.spans
    assert lost(agent) == {"dropped": len(spans)}
    assert len(agent.log("spans cannot be exported")) <= 1
    tried("A collector of spans", f"{IN_WORDS[trouble]} for ever", f"drained; {len(spans)} spans dropped, said once")


def test_without_a_collector_nothing_is_held_up(scenario):
    agent, spans = drained_with(scenario, "http://127.0.0.1:9")
    assert lost(agent) == {"dropped": len(spans)}
    (line,) = agent.log("spans cannot be exported")
    assert line["level"] == "warning" and line["endpoint"] == "http://127.0.0.1:9/v1/traces" and line["err"]


def test_the_drain_joins_the_trace_of_who_asked_for_it(scenario):
    scenario.deployment("free")
    agent = scenario.sidecar()
    trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    agent.trigger(headers={"traceparent": f"00-{trace}-{caller}-01"})
    spans = check(agent).spans
    assert {each.trace for each in spans} == {trace}
    (root,) = named(spans, "node.drain")
    assert root.parent == caller
