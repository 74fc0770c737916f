"""The part of docs/benchmarks.md that `make bench` writes: pure, but for its last function."""

import json
import math
import statistics

from . import figures
from .aims import verdicts
from .growth import GROWTHS
from .machine import ROOT
from .workloads import CUT_OFF, LIMIT, OURS, WORKLOADS

PAGE = ROOT / "docs/benchmarks.md"
ROUNDS = 3  # at least, of each contestant
BEGIN = "<!-- From here to the next mark `make bench` writes. -->"
END = "<!-- So far `make bench`. -->"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def number(value):
    """Three digits are enough."""
    if value is None:
        return ""
    if value == math.inf:
        return "∞"
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def aims_table(results):
    rows = [
        (each.aim, f"{number(each.at_most)} {each.unit}".strip(), f"{number(each.measured)} {each.unit}".strip(),
         "met" if each.is_met else "**missed**" if each.measured is not None else "not measured")
        for each in verdicts(results)
    ]
    return table(["aim", "at most", "measured", ""], rows)


def seconds_cell(runs, contestant):
    if figures.was_cut_off(runs, contestant):
        left = max(each["left"] for each in figures.of(runs, contestant) if each["cut_off"])
        return f"cut off at {CUT_OFF}, {left} pods left"
    times = [each["seconds"] for each in figures.of(runs, contestant)]
    middle = number(statistics.median(times))
    return middle if len(times) == 1 else f"{middle} ({number(min(times))}–{number(max(times))})"


def workload_table(workload, runs):
    """A column for each contestant, a row for each figure."""
    names = [each for each in workload.contestants if figures.of(runs, each)]

    def row(title, cell):
        return [title, *(cell(each) for each in names)]

    def medians(title, value, scale=1):
        return row(title, lambda each: number(figures.median(runs, each, value) / scale))

    def ratio_cell(each):
        if each == OURS:
            return ""
        found = figures.ratios(runs, each)
        middle = ("< " if figures.was_cut_off(runs, each) else "") + number(figures.ratio(runs, each))
        return middle if len(found) == 1 else f"{middle} ({number(min(found))}–{number(max(found))})"

    rows = [
        row("seconds", lambda each: seconds_cell(runs, each)),
        row("drain-agent's, of that", ratio_cell),
        medians("evictions asked for", figures.evictions),
        medians("other requests", figures.others),
        medians("CPU of the API server, s", "server_cpu"),
        medians("own CPU, s", "cpu"),
        medians("peak of resident memory, MiB", "rss_kib", 1024),
        medians("of that anonymous, MiB", "anon_kib", 1024),
    ]
    if workload.is_counted:
        rows.append(medians("KiB received", "received", 1024))
    text = f"#### {workload.name}\n\n{workload.says}\n\n" + table(["", *names], rows) + "\n\n"
    return text + "\n".join(f"- {each}: {requests_line(runs, each)}" for each in names)


def requests_line(runs, contestant):
    return ", ".join(f"{number(count)} {kind}" for kind, count in figures.requests(runs, contestant).items() if count)


def growth_table(growth, runs):
    rows = []
    for size in sorted({each["size"] for each in runs}):
        those = [each for each in runs if each["size"] == size]
        ours = lambda value, scale=1: number(figures.median(those, OURS, value) / scale)
        rows.append((
            f"{size:,}", len(figures.of(those, OURS)), ours("seconds"), number(figures.median(those, LIMIT, "seconds")),
            number(figures.ratio(those, LIMIT)), ours("cpu"), ours("rss_kib", 1024), ours("anon_kib", 1024),
            ours(figures.evictions), ours(figures.others), ours("server_cpu"),
        ))
    head = ["pods", "rounds", "seconds", "the limit's", "ratio", "CPU, s", "resident, MiB", "anonymous, MiB", "evictions"]
    head += ["other requests", "CPU of the API server, s"]
    return f"#### {growth.name}\n\n{growth.says}\n\n" + table(head, rows)


def once_table(made):
    starts = made["start_ms"]
    rows = [
        (f"start to first answered scrape, median of {len(starts)} warm starts", f"{statistics.median(starts):.1f} ms"),
        ("the fastest and the slowest of them", f"{min(starts):.1f} ms, {max(starts):.1f} ms"),
        ("binary, stripped", f"{made['binary_bytes'] / 1e6:.1f} MB"),
    ]
    rows.append(("image", f"{made['image_bytes'] / 1e6:.1f} MB"))
    rows.append(("a scrape of the worst case, text", f"{made['scrape_us']['text: scrape']:.0f} µs of CPU"))
    rows.append(("the same of the Python client", f"{made['python_scrape_us']['text: scrape']:.0f} µs of CPU"))
    return table(["", ""], rows)


def machine_line(machine, results):
    rounds = {each["rounds"] for each in results.values() if "rounds" in each}
    rounds = f"{min(rounds)} to {max(rounds)}" if len(rounds) > 1 else "".join(map(str, rounds))
    dates = sorted({each["date"] for each in results.values()})
    return (
        f"{machine['cores']} cores of {machine['cpu']}, Linux {machine['kernel']}; kube-apiserver {machine['kube-apiserver']}, etcd {machine['etcd']}, "
        f"kubectl {machine['kubectl']}, Swift {machine['swift']}, Python {machine['python']}; the sources of commit {machine['commit']}; "
        f"{rounds} rounds; {' to '.join(dict.fromkeys([dates[0], dates[-1]]))}."
    )


def text(machine, results):
    parts = [machine_line(machine, results), "### Aims", aims_table(results), "### Start and size"]
    parts.append(once_table(results["once"]["figures"]))
    parts.append("### Drains")
    parts += [workload_table(each, results[each.name]["runs"]) for each in WORKLOADS if each.name in results]
    parts.append("### Growth")
    parts.append("![time, memory and requests against pods on the node and in the cluster](pictures/growth.svg)")
    parts += [growth_table(each, results[each.name]["runs"]) for each in GROWTHS if each.name in results]
    return "\n\n".join(parts)


def replaced(page, part):
    """The page with this between its marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin and end, f"no {BEGIN} … {END} in the page"
    return f"{before}{BEGIN}\n\n{part}\n\n{END}{after}"


def read_results(directory, machine):
    """Those that were measured on this machine, with this commit."""
    found = [json.loads(file.read_text()) for file in sorted(directory.glob("*.json"))]
    return {each["workload"]: each for each in found if each["machine"] == machine}


def missing(results):
    """What a page lacks: a part, or a contestant's rounds in it."""
    found = [] if "once" in results else ["once"]
    for workload in WORKLOADS:
        runs = results.get(workload.name, {}).get("runs", [])
        if any(len(figures.of(runs, each)) < ROUNDS and not figures.was_cut_off(runs, each) for each in workload.contestants):
            found.append(workload.name)
    for growth in GROWTHS:
        sizes = {(each["size"], each["contestant"]) for each in results.get(growth.name, {}).get("runs", [])}
        if not sizes >= {(size, name) for size in growth.sizes for name in (LIMIT, OURS)}:
            found.append(growth.name)
    return found


def write_page(directory, machine):
    """Says the verdicts in any case; writes only a whole page."""
    results = read_results(directory, machine)
    print(aims_table(results))
    if machine["options"]:
        print(f"docs/benchmarks.md stays as it is: this was with {machine['options']}")
    elif machine["commit"].endswith("+"):
        print("docs/benchmarks.md stays as it is: what was measured is not committed")
    elif lacking := missing(results):
        print(f"docs/benchmarks.md stays as it is: of {machine['commit']} not all is there of {', '.join(lacking)}")
    else:
        PAGE.write_text(replaced(PAGE.read_text(), text(machine, results)))
