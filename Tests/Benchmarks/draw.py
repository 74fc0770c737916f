"""Draws docs/pictures/growth.svg from .build/bench, for `make bench`: time, memory and requests against pods."""

import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import matplotlib

matplotlib.use("Agg")
from bench import figures  # noqa: E402
from bench.workloads import LIMIT, OURS  # noqa: E402
from matplotlib import pyplot, ticker  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs/pictures/growth.svg"
GROWTHS = {"pods-on-node": "pods on the node", "pods-in-cluster": "pods in the cluster, 100 of them on the node"}
BLUE, GREY, ORANGE = "#3274d9", "#8e8e8e", "#e0752d"
PANELS = (
    ("seconds", ((OURS, "drain-agent", BLUE, "seconds", 1), (LIMIT, "the limit", GREY, "seconds", 1))),
    ("MiB", ((OURS, "resident", GREY, "rss_kib", 1024), (OURS, "anonymous", BLUE, "anon_kib", 1024))),
    ("requests", ((OURS, "evictions", BLUE, figures.evictions, 1), (OURS, "all others", ORANGE, figures.others, 1))),
)


def points(runs, contestant, value, scale):
    for size in sorted({each["size"] for each in runs}):
        yield size, figures.median([each for each in runs if each["size"] == size], contestant, value) / scale


def draw_panel(axes, runs, title, unit, lines):
    for contestant, label, colour, value, scale in lines:
        sizes, values = zip(*points(runs, contestant, value, scale))
        axes.plot(sizes, values, marker="o", markersize=3, color=colour, label=label)
    axes.set_xscale("log")
    axes.set_xticks(sizes)
    axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    if unit == "requests":
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.0f}"))
    else:
        axes.set_ylim(bottom=0)
    axes.set_xlabel(title)
    axes.set_title(unit, loc="left", fontsize=9)
    axes.grid(color="#e6e6e6", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)


def main():
    files = {name: ROOT / ".build/bench" / f"{name}.json" for name in GROWTHS}
    results = {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}
    machines = [each["machine"] for each in results.values()]
    page = (ROOT / "docs/benchmarks.md").read_text()
    if len(results) < len(GROWTHS) or any(f"commit {each['commit']};" not in page for each in machines):
        return print(f"{PICTURE.relative_to(ROOT)} stays as it is: the page is not of this growth")
    pyplot.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "growth", "font.size": 8, "font.family": "sans-serif"})
    sheet, rows = pyplot.subplots(len(GROWTHS), len(PANELS), figsize=(10, 5.4), facecolor="white")
    for axes, (name, title) in zip(rows, GROWTHS.items()):
        runs = results[name]["runs"]
        for panel, (unit, lines) in zip(axes, PANELS):
            draw_panel(panel, runs, title, unit, lines)
    sheet.tight_layout()
    sheet.savefig(PICTURE, metadata={"Date": None})


if __name__ == "__main__":
    main()
