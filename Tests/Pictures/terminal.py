"""Takes docs/pictures/terminal.svg: the live view in the middle of the demo. Usage: terminal.py PATH/drain-agent"""

import re
import sys
import tempfile
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "Tests/EndToEnd"), str(ROOT / "Tests/Terminal")]

from harness.until import until  # noqa: E402
from tmux import Tmux  # noqa: E402

PICTURE = ROOT / "docs/pictures/terminal.svg"
COLUMNS, ROWS = 112, 30
WIDTH, HEIGHT, EDGE = 8.4, 18, 12
GROUND, INK, SOFT = "#14181d", "#d7dde4", "#8b98a5"
# As the status page has them in the dark.
INKS = {31: "#f0645c", 32: "#57b96b", 33: "#e3b341", 34: "#539bf5", 35: "#a98bf0", 90: "#6b7785"}


def pieces(lines):
    """(row, column, text, colour, is bold) of what tmux has captured: words that no gap is between."""
    ink, is_bold, is_soft = INK, False, False
    for row, line in enumerate(lines):
        column = 0
        for sequence, text in re.findall(r"\x1b\[([\d;]*)m|([^\x1b]+)", line):
            for words in re.finditer(r"█+|[^\s█]+( [^\s█]+)*", text):
                yield row, column + words.start(), words.group(), SOFT if is_soft else ink, is_bold
            column += len(text)
            if text:
                continue
            for code in (int(part or 0) for part in sequence.split(";")):
                if code == 0:
                    ink, is_bold, is_soft = INK, False, False
                ink = INK if code == 39 else INKS.get(code, ink)
                is_bold, is_soft = is_bold or code == 1, is_soft or code == 2


def drawn(row, column, text, ink, is_bold):
    x, y = EDGE + column * WIDTH, EDGE + row * HEIGHT
    if set(text) == {"█"}:
        return f'<rect x="{x:.1f}" y="{y + 2}" width="{len(text) * WIDTH:.1f}" height="{HEIGHT - 3}" fill="{ink}"/>'
    weight = ' font-weight="bold"' if is_bold else ""
    return (
        f'<text x="{x:.1f}" y="{y + 14}" textLength="{len(text) * WIDTH:.1f}" fill="{ink}"{weight}>{escape(text)}</text>')


def picture(lines):
    width, height = COLUMNS * WIDTH + 2 * EDGE, len(lines) * HEIGHT + 2 * EDGE
    body = [drawn(*piece) for piece in pieces(lines)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
            ' font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">',
            f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>', *body, "</svg>", ""])


def main(binary):
    with tempfile.TemporaryDirectory() as directory:
        command = [binary, "demo", "--listen", "127.0.0.1:0", "--directory", directory]
        with Tmux(Path(directory), command, COLUMNS, ROWS) as terminal:
            until(
                "most pods to be gone, and two that block",
                lambda: re.search(r"1[12] of 16 gone", terminal.text()) and "▌ budget shop/web" in terminal.text())
            PICTURE.write_text(picture(terminal.screen(colors=True)))
    print(PICTURE)


main(sys.argv[1])
