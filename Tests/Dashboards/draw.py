"""Draws docs/pictures: each dashboard's panels, from their real queries over the recorded drains, for `make pictures`.

Not Grafana's own drawing: a plain likeness that shows what each panel answers. Stats and tables are as of a
moment of the recording.
"""

import sys
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from boards import BOARDS, REPOSITORY, filled  # noqa: E402
from matplotlib import pyplot, ticker  # noqa: E402
from matplotlib.patches import FancyBboxPatch  # noqa: E402
from prometheus import RecordedPrometheus  # noqa: E402
from recording import load  # noqa: E402

PICTURES = REPOSITORY / "docs/pictures"
# All that can go wrong is going wrong: see Tests/EndToEnd/record_drains.py.
MOMENT = 205
INCHES_A_CELL = (0.6, 0.38)
COLOURS = {
    "green": "#73bf69",
    "red": "#f2495c",
    "dark-red": "#c4162a",
    "orange": "#ff9830",
    "yellow": "#fade2a",
    "blue": "#5794f2",
    "light-blue": "#8ab8ff",
    "purple": "#b877d9",
}
DARK, PANEL, TEXT, FAINT = "#111217", "#181b1f", "#d8d9da", "#6e7280"
PALETTE = ["#73bf69", "#fade2a", "#8ab8ff", "#ff9830", "#f2495c", "#5794f2", "#b877d9", "#ca95e5", "#ffee52", "#c4162a"]
TEXT_SIZE = 9
SMALL = 7


def colour(name):
    return COLOURS.get(name, name)


def seconds(value):
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if abs(value) >= size:
            return f"{value / size:.1f} {unit}"
    return f"{value:.0f} s" if value >= 1 or value == 0 else f"{value * 1000:.0f} ms"


def in_unit(value, unit):
    if unit == "s":
        return seconds(value)
    if unit == "percentunit":
        return f"{value:.0%}"
    if unit == "bytes":
        return f"{value / 2**20:.0f} MiB"
    return f"{value:.3g}" + (" req/s" if unit == "reqps" else "")


def shown(value, field):
    """(text, colour) of a number, by the mappings, thresholds and unit of its field."""
    for mapping in field.get("mappings", []):
        if found := mapping["options"].get(f"{value:g}" if value < 1e6 else str(int(value))):
            return found["text"], colour(found["color"])
    steps = field.get("thresholds", {"steps": [{"color": TEXT, "value": None}]})["steps"]
    reached = [step for step in steps if step["value"] is None or value >= step["value"]]
    return in_unit(value, field.get("unit", "short")), colour(reached[-1]["color"])


def legend(target, labels):
    text = target["legendFormat"]
    for name, value in labels.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text


class Drawing:
    """Of the recording's first so many seconds."""

    def __init__(self, prometheus, node, seconds):
        self.prometheus, self.variables, self.step = prometheus, {"node": node}, prometheus.recording.step
        self.seconds = seconds

    def ask(self, target, second=MOMENT):
        return self.prometheus.at(second, filled(target["expr"], **self.variables))

    def over(self, target):
        found = self.prometheus.over(filled(target["expr"], **self.variables), self.step)
        shown = [(labels, [point for point in points if point[0] <= self.seconds]) for labels, points in found]
        return [(labels, points) for labels, points in shown if points]

    def stat(self, axes, panel):
        field, texts = panel["fieldConfig"]["defaults"], []
        overrides = {
            each["matcher"]["options"]: each["properties"][0]["value"]["fixedColor"]
            for each in panel["fieldConfig"]["overrides"]
        }
        # Outcomes are there at the end only.
        moment = self.prometheus.recording.seconds - 1 if overrides else MOMENT
        for target in panel["targets"]:
            for labels, value in self.ask(target, moment):
                text, background = shown(value, field)
                name = legend(target, labels)
                texts.append((text, name, colour(overrides.get(name, background))))
        texts = texts or [(field["noValue"], "", FAINT)]
        for i, (text, name, background) in enumerate(texts):
            axes.add_patch(
                FancyBboxPatch(
                    (i / len(texts) + 0.01, 0.02), 1 / len(texts) - 0.02, 0.96, "square,pad=0", color=background
                )
            )
            axes.text((i + 0.5) / len(texts), 0.55, text, ha="center", va="center", fontsize=18, color="black")
            if len(texts) > 1:
                axes.text(
                    (i + 0.5) / len(texts), 0.15, name, ha="center", va="center", fontsize=TEXT_SIZE, color="black"
                )
        axes.set_axis_off()

    def table(self, axes, panel):
        names = next(each["options"] for each in panel["transformations"] if each["id"] == "organize")["renameByName"]
        fields = {
            each["matcher"]["options"]: {p["id"]: p["value"] for p in each["properties"]}
            for each in panel["fieldConfig"]["overrides"]
        }
        rows = {}
        for target in panel["targets"]:
            for labels, value in self.ask(target):
                row = rows.setdefault(
                    tuple(sorted(labels.items())), {names[name]: text for name, text in labels.items()}
                )
                row[names[f"Value #{target['refId']}"]] = value
        columns = list(names.values())
        ordered = sorted(
            rows.values(),
            key=lambda row: [row.get(each["displayName"], 0) for each in panel["options"]["sortBy"]],
            reverse=True,
        )
        widths = [
            max(len(name), *(len(self.cell(row.get(name), fields.get(name, {}))[0]) for row in ordered), 4) + 2
            for name in columns
        ]
        edges = [sum(widths[:i]) / sum(widths) for i in range(len(widths) + 1)]
        for y, row in enumerate([None, *ordered]):
            for name, left, right in zip(columns, edges, edges[1:]):
                field = fields.get(name, {})
                text, ink = (name, COLOURS["light-blue"]) if row is None else self.cell(row.get(name), field)
                top = 0.97 - 0.12 * y
                if row is not None and field.get("custom.cellOptions", {}).get("type") == "color-background" and text:
                    axes.add_patch(FancyBboxPatch((left, top - 0.085), right - left, 0.1, "square,pad=0", color=ink))
                    ink = "black"
                axes.text(left + 0.006, top - 0.035, text, fontsize=TEXT_SIZE, color=ink, va="center")
        axes.set_axis_off()

    @staticmethod
    def cell(value, field):
        if value is None:
            return "", TEXT
        return (value, TEXT) if isinstance(value, str) else shown(value, field)

    def lines(self, axes, panel):
        custom, unit = panel["fieldConfig"]["defaults"]["custom"], panel["fieldConfig"]["defaults"]["unit"]
        fixed = {
            each["matcher"]["options"]: each["properties"][0]["value"]["fixedColor"]
            for each in panel["fieldConfig"]["overrides"]
        }
        series = [
            (legend(target, labels), dict(points))
            for target in panel["targets"]
            for labels, points in self.over(target)
        ]
        series = [
            (name, {at: value for at, value in points.items() if value != float("inf")}) for name, points in series
        ]
        times = sorted({at for _, points in series for at in points})
        below = dict.fromkeys(times, 0)
        for i, (name, points) in enumerate(series):
            ink = colour(fixed.get(name, PALETTE[i % len(PALETTE)]))
            if custom["drawStyle"] == "bars":
                floor = [below[at] for at in points]
                axes.bar(list(points), list(points.values()), self.step, floor, color=ink, label=name)
            elif custom["stacking"]["mode"] == "normal":
                top = {at: below[at] + points.get(at, 0) for at in times}
                axes.fill_between(
                    times, list(below.values()), list(top.values()), color=ink, alpha=0.7, lw=0, label=name, step="post"
                )
            else:
                mark = "." if custom["showPoints"] == "always" else None
                axes.plot(list(points), list(points.values()), color=ink, lw=1, marker=mark, ms=3, label=name)
            if custom["stacking"]["mode"] == "normal":
                below |= {at: below[at] + value for at, value in points.items()}
        self.frame(axes, unit)
        axes.set_ylim(bottom=0, top=custom.get("axisSoftMax"))
        if not series:
            axes.text(
                0.5,
                0.5,
                panel["fieldConfig"]["defaults"]["noValue"],
                transform=axes.transAxes,
                ha="center",
                color=FAINT,
            )
        else:
            axes.legend(
                loc="upper left",
                bbox_to_anchor=(-0.02, -0.1),
                fontsize=SMALL,
                frameon=False,
                labelcolor=TEXT,
                ncol=4,
                columnspacing=1,
                handlelength=1,
                borderaxespad=0,
            )

    def frame(self, axes, unit):
        axes.set_xlim(0, self.seconds)
        axes.tick_params(colors=FAINT, labelsize=SMALL, length=0)
        axes.xaxis.set_major_locator(ticker.MultipleLocator(self.seconds / 5))
        axes.yaxis.set_major_locator(ticker.MaxNLocator(5))
        axes.xaxis.set_major_formatter(lambda value, _: f"{int(value // 60)}:{int(value % 60):02}")
        axes.yaxis.set_major_formatter(lambda value, _: in_unit(value, unit))
        axes.grid(color="#2c3235", lw=0.4)
        axes.set_axisbelow(True)

    def timeline(self, axes, panel):
        field, found = (
            panel["fieldConfig"]["defaults"],
            sorted(self.over(panel["targets"][0]), key=lambda each: each[0]["node"]),
        )
        for y, (_, points) in enumerate(found):
            began = None
            for i, (at, value) in enumerate(points):
                began = at if began is None else began
                if i + 1 == len(points) or points[i + 1][1] != value:
                    text, ink = shown(value, field)
                    axes.barh(-y, at + self.step - began, 0.75, began, color=ink)
                    # Where the word is wider than its bar, it stands behind it.
                    is_wide = at - began > self.seconds / 12
                    place = began + 3 if is_wide else at + self.step + 3
                    last = i + 1 == len(points)
                    if is_wide or last:
                        axes.text(place, -y, text, fontsize=SMALL, va="center", color="black" if is_wide else ink)
                    began = None
        self.frame(axes, "short")
        axes.set_yticks([-y for y in range(len(found))], [labels["node"] for labels, _ in found])

    def heatmap(self, axes, panel):
        buckets = sorted(self.over(panel["targets"][0]), key=lambda each: float(each[0]["le"]))
        below = {}
        for y, (_, points) in enumerate(buckets):
            for at, value in points:
                if (here := value - below.get(at, 0)) > 0.01:
                    axes.bar(at, 0.9, self.step, y - 0.45, color=pyplot.get_cmap("YlOrRd")(min(1, 0.2 + here / 4)))
            below = dict(points)
        self.frame(axes, "short")
        axes.set_yticks(range(len(buckets)), [labels["le"] for labels, _ in buckets])
        axes.set_ylim(-0.5, len(buckets) - 0.5)

    def draw(self, board, file):
        board = BOARDS[board]
        height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
        across, down = INCHES_A_CELL
        figure = pyplot.figure(figsize=(24 * across, height * down + 0.4), facecolor=DARK)
        figure.text(0.008, 1 - 0.2 / (height * down + 0.4), board["title"], color=TEXT, fontsize=11, va="center")
        kinds = {
            "stat": self.stat,
            "table": self.table,
            "timeseries": self.lines,
            "state-timeline": self.timeline,
            "heatmap": self.heatmap,
        }
        for panel in board["panels"]:
            x, y, w, h = (panel["gridPos"][each] for each in "xywh")
            tall = height + 0.4 / down
            top = 1 - (y + 0.4 / down) / tall
            if panel["type"] == "row":
                figure.text(0.008, top - 0.5 / tall, f"▾ {panel['title']}", color=TEXT, fontsize=9, va="center")
                continue
            figure.text((x + 0.2) / 24, top - 0.6 / tall, panel["title"], color=TEXT, fontsize=9, va="center")
            # Room for the numbers of axes, and for the legend.
            has_axes = panel["type"] not in ("stat", "table")
            left, right = (1.25 if has_axes and w < 20 else 1.45 if has_axes else 0.15), 0.55 if has_axes else 0.2
            below = {"stat": 0, "table": 0, "timeseries": 1.4}.get(panel["type"], 0.5)
            place = ((x + left) / 24, top - (h - 0.6 - below) / tall, (w - left - right) / 24, (h - 1.9 - below) / tall)
            axes = figure.add_axes(place, facecolor=PANEL)
            for spine in axes.spines.values():
                spine.set_visible(False)
            kinds[panel["type"]](axes, panel)
        figure.savefig(file, dpi=90, metadata={"Software": None}, pil_kwargs={"optimize": True})
        print(f"drew {file.relative_to(REPOSITORY)}: {file.stat().st_size // 1024} KiB")


def main():
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, RecordedPrometheus(load(), Path(directory)) as prometheus:
        whole = prometheus.recording.seconds
        Drawing(prometheus, ".+", whole).draw("drain-agent-overview", PICTURES / "maintenance-overview.png")
        Drawing(prometheus, "node-a", 300).draw("drain-agent-node", PICTURES / "node-drain.png")


if __name__ == "__main__":
    sys.exit(main())
