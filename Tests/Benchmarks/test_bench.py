"""What `make bench` makes of its figures."""

import json
from pathlib import Path

import pytest

from bench import aims, figures, measuring, page
from bench.growth import GROWTHS
from bench.workloads import CUT_OFF, KUBECTL, LIMIT, OPERATOR, OURS, STUCK, WORKLOADS

MACHINE = {
    "cpu": "Abacus", "cores": 2, "kernel": "6.1", "kube-apiserver": "v1.20.2", "etcd": "3.4.23", "kubectl": "v1.33.1", "python": "3.11",
    "swift": "6.3.1", "commit": "abc1234", "options": "",
}


ONCE = {
    "start_ms": [20.0, 21.0], "binary_bytes": 21_000_000, "image_bytes": 17_000_000,
    "scrape_us": {"text: scrape": 90, "text: without process_*": 50}, "python_scrape_us": {"text: scrape": 1800},
}


def run(contestant, number=1, seconds=1.0, **more):
    some = {"create pods/eviction": 100, "list pods": 2, "watch pods": 1}
    return {
        "round": number, "contestant": contestant, "seconds": seconds, "cut_off": False, "left": 0, "requests": some,
        "server_cpu": 1.0, "cpu": 0.1, "rss_kib": 20 * 1024, "anon_kib": 4 * 1024, **more,
    }


def result(name, *runs, **more):
    return {"machine": MACHINE, "date": "2026-11-23", "workload": name, "runs": list(runs), "rounds": 3, **more}


def of(verdicts, aim):
    (found,) = [each for each in verdicts if each.aim == aim]
    return found


# --- medians and ratios


def test_a_ratio_is_the_median_of_the_rounds_ratios_and_not_the_ratio_of_medians():
    ours, others = (1.0, 2.0, 30.0), (1.0, 4.0, 10.0)
    runs = [run(OURS, number, seconds) for number, seconds in enumerate(ours)]
    runs += [run(LIMIT, number, seconds) for number, seconds in enumerate(others)]
    assert figures.ratio(runs, LIMIT) == 1.0  # of 1, 0.5 and 3; the medians' own would be 0.5


def test_a_round_without_the_other_has_no_ratio():
    runs = [run(OURS, 1, 1.0), run(OURS, 2, 8.0), run(LIMIT, 1, 2.0)]
    assert figures.ratio(runs, LIMIT) == 0.5
    assert figures.ratio(runs, KUBECTL) is None


def test_who_was_cut_off_once_counts_as_cut_off_in_the_rounds_after():
    runs = [run(OURS, number, number * 30.0) for number in (1, 2, 3)] + [run(OPERATOR, 1, 300.0, cut_off=True)]
    assert figures.ratio(runs, OPERATOR) == pytest.approx(0.2)


def test_requests_are_told_by_kind_the_most_frequent_first():
    runs = [run(OURS, number, requests={"list pods": 2, "create pods/eviction": number}) for number in (5, 7, 90)]
    assert list(figures.requests(runs, OURS).items()) == [("create pods/eviction", 7), ("list pods", 2)]
    assert figures.others(runs[0]) == 2 and figures.evictions(runs[0]) == 5


# --- aims


@pytest.mark.parametrize("seconds, is_met", [(1.10, True), (1.11, False)])
def test_the_limit_judges_each_workload(seconds, is_met):
    for workload in WORKLOADS:
        runs = result(workload.name, run(OURS, 1, seconds, received=1), run(LIMIT, 1, 1.0))
        verdict = of(aims.verdicts({workload.name: runs}), f"{workload.name}: time, of the limit's")
        assert (verdict.is_met, verdict.measured) == (is_met, pytest.approx(seconds))


@pytest.mark.parametrize(
    "name, sent, others, evictions_met, others_met",
    [
        ("unprotected-100", 102, 30, True, True),
        ("unprotected-100", 103, 31, False, False),
        ("budget-20", 40, 31, True, True),
        ("budget-20", 41, 32, False, False),
    ],
)
def test_requests_are_judged_by_the_pod_and_by_what_is_blocked(name, sent, others, evictions_met, others_met):
    requests = {"create pods/eviction": sent, "get nodes": others}
    verdicts = aims.verdicts({name: result(name, run(OURS, requests=requests))})
    assert of(verdicts, f"{name}: evictions a pod").is_met == evictions_met
    assert of(verdicts, f"{name}: other requests").is_met == others_met


def test_memory_and_cpu_are_judged_beside_kubectl():
    runs = [run(OURS, cpu=0.2, rss_kib=26 << 10, anon_kib=8 << 10), run(KUBECTL, cpu=0.5, rss_kib=51 << 10)]
    verdicts = aims.verdicts({"unprotected-100": result("unprotected-100", *runs)})
    assert of(verdicts, "unprotected-100: CPU, of kubectl's").is_met
    assert of(verdicts, "unprotected-100: anonymous memory").is_met
    assert not of(verdicts, "unprotected-100: resident memory, of kubectl's").is_met


@pytest.mark.parametrize("received, is_met", [(100_000, True), (103_000, False)])
def test_noise_is_what_comes_beyond_the_quiet(received, is_met):
    results = {
        "quiet": result("quiet", run(OURS, received=100_000)),
        "noise": result("noise", run(OURS, received=received)),
    }
    assert of(aims.verdicts(results), "noise: bytes received, of those without").is_met == is_met


def test_start_size_and_scrape_are_judged():
    made = {**ONCE, "start_ms": [10] * 11 + [90] * 9, "binary_bytes": 25_000_001}
    verdicts = aims.verdicts({"once": {"figures": made}})
    assert [each.is_met for each in verdicts] == [True, False, True, True]


def test_growth_is_judged_at_each_size_beside_the_limit():
    runs = [run(name, size=size, seconds=size / 1000) for size in (10, 5000) for name in (LIMIT, OURS)]
    runs[-1] |= {"seconds": 6.0, "anon_kib": 25 << 10}
    verdicts = aims.verdicts({"pods-on-node": result("pods-on-node", *runs)})
    assert of(verdicts, "pods-on-node, 10: time, of the limit's").is_met
    assert not of(verdicts, "pods-on-node, 5,000: time, of the limit's").is_met
    assert not of(verdicts, "pods-on-node, 5,000: anonymous memory").is_met


def test_stuck_pods_are_allowed_two_evictions_and_the_others_one():
    (workload,) = [each for each in WORKLOADS if each.stuck]
    for sent, is_met in ((106, True), (107, False)):
        found = aims.verdicts({workload.name: result(workload.name, run(OURS, requests={"create pods/eviction": sent}))})
        assert of(found, f"{workload.name}: evictions").is_met == is_met


def test_a_drain_of_ours_that_was_cut_off_meets_nothing_even_beside_a_limit_that_was_too():
    runs = [run(name, 1, 300.0, cut_off=True, left=1) for name in (OURS, LIMIT)] + [run(OURS, 2), run(LIMIT, 2)]
    verdict = of(aims.verdicts({"unprotected-10": result("unprotected-10", *runs)}), "unprotected-10: time, of the limit's")
    assert not verdict.is_met
    assert page.number(verdict.measured) == "∞"


def test_without_figures_there_is_no_verdict():
    assert aims.verdicts({}) == []


def test_an_aim_without_its_figure_is_not_met():
    verdict = of(
        aims.verdicts({"unprotected-10": result("unprotected-10", run(OURS))}), "unprotected-10: time, of the limit's"
    )
    assert (verdict.measured, verdict.is_met) == (None, False)


# --- the page


def whole():
    results = {
        each.name: result(each.name, *(run(name, number) for number in (1, 2, 3) for name in each.contestants))
        for each in WORKLOADS
    }
    for name in ("quiet", "noise"):
        for each in results[name]["runs"]:
            each["received"] = 4096
    for each in GROWTHS:
        runs = [run(name, size=size) for size in each.sizes for name in (LIMIT, OURS)]
        results[each.name] = result(each.name, *runs)
    results["once"] = {"date": "2026-11-22", "figures": ONCE}
    return results


def test_a_whole_page_has_each_workload_and_says_what_is_missed():
    results = whole()
    for each in figures.of(results["unprotected-100"]["runs"], OURS):
        each["seconds"] = 5.0
    text = page.text(MACHINE, results)
    assert all(f"#### {each.name}\n" in text for each in (*WORKLOADS, *GROWTHS))
    assert "| budget-20: time, of the limit's | 1.10 | 1 | met |" in text
    assert "| unprotected-100: time, of the limit's | 1.10 | 5 | **missed** |" in text
    assert "the sources of commit abc1234; 3 rounds; 2026-11-22 to 2026-11-23." in text
    assert not page.missing(results)


@pytest.mark.parametrize("part, lost", [("quiet", slice(1)), ("pods-on-node", slice(-2, None)), ("budget-20", slice(None))])
def test_a_page_lacks_what_has_not_all_its_rounds(part, lost):
    results = whole()
    del results[part]["runs"][lost]
    assert page.missing(results) == [part]


def test_a_contestant_that_was_cut_off_lacks_no_rounds():
    results = whole()
    runs = results["budgets-50x4"]["runs"]
    runs[:] = [each for each in runs if each["contestant"] != OPERATOR] + [run(OPERATOR, seconds=300.0, cut_off=True)]
    assert not page.missing(results)


def test_what_is_not_committed_is_not_published(tmp_path, monkeypatch):
    there = tmp_path / "page.md"
    there.write_text(f"{page.BEGIN}\n{page.END}")
    monkeypatch.setattr(page, "PAGE", there)
    for commit, is_published in (("abc1234+", False), ("abc1234", True)):
        for name, each in whole().items():
            (tmp_path / f"{name}.json").write_text(json.dumps({**each, "workload": name, "machine": MACHINE | {"commit": commit}}))
        page.write_page(tmp_path, MACHINE | {"commit": commit})
        assert (f"commit {commit};" in there.read_text()) == is_published


def test_who_was_cut_off_is_told_as_that():
    (workload,) = [each for each in WORKLOADS if each.name == "budgets-50x4"]
    cut = run(OPERATOR, seconds=300.0, cut_off=True, left=7)
    text = page.workload_table(workload, [run(OURS, seconds=30.0), cut])
    assert f"cut off at {CUT_OFF}, 7 pods left" in text
    assert "< 0.10" in text


def test_only_what_is_between_the_marks_is_written():
    before = f"Kept.\n\n{page.BEGIN}\nold\n{page.END}\n\n## A scrape\n"
    assert page.replaced(before, "new") == f"Kept.\n\n{page.BEGIN}\n\nnew\n\n{page.END}\n\n## A scrape\n"
    with pytest.raises(AssertionError):
        page.replaced("a page without marks", "new")


def test_the_page_that_is_there_has_the_marks():
    assert page.replaced(page.PAGE.read_text(), "")


def test_figures_of_another_machine_or_commit_are_not_put_beside_these(tmp_path):
    other = {**MACHINE, "commit": "another"}
    (tmp_path / "quiet.json").write_text(json.dumps(result("quiet")))
    (tmp_path / "noise.json").write_text(json.dumps({**result("noise"), "machine": other}))
    found = page.read_results(tmp_path, MACHINE)
    assert list(found) == ["quiet"]
    assert "noise" in page.missing(found) and "once" in page.missing(found)


@pytest.mark.parametrize(
    "value, text", [(None, ""), (0, "0"), (0.123, "0.12"), (12.34, "12.3"), (1234.5, "1,234"), (3.0, "3")]
)
def test_numbers_have_three_digits(value, text):
    assert page.number(value) == text


# --- workloads


def test_the_whole_run_fits_an_hour_and_a_half():
    seconds = sum(3 * each.seconds_a_round() for each in WORKLOADS) + sum(each.seconds for each in GROWTHS)
    assert seconds < 90 * 60


def test_stuck_pods_are_spread_among_those_that_go():
    made = []

    class Corner:
        def deployment(self, name, replicas=1, labels=None, **_):
            made.extend([(f"{name}-{each:02}", labels) for each in range(replicas)])

        def budget(self, name, labels, **spec):
            assert (labels, spec) == ({STUCK: "yes"}, {"maxUnavailable": 0})

    (workload,) = [each for each in WORKLOADS if each.stuck]
    workload.settle(Corner())
    places = [place for place, (_, labels) in enumerate(sorted(made)) if labels]
    assert (len(made), len(places)) == (workload.pods, workload.stuck)
    assert min(after - before for before, after in zip(places, places[1:])) >= 19


def test_a_program_is_read_with_its_libraries_and_a_script_alone():
    files = measuring.files_of("/bin/sh")
    assert files[0] == Path("/bin/sh") and any(each.name.startswith("libc.so") for each in files[1:])
    assert all(each.is_file() for each in files)
    assert measuring.files_of(__file__) == [Path(__file__)]
