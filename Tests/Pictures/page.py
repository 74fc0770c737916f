"""Takes docs/pictures/page-*.png: the status page in the middle of the demo. Usage: page.py PATH/drain-agent"""

import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))

from harness.browser import Browser  # noqa: E402
from harness.until import until  # noqa: E402

PICTURES = ROOT / "docs/pictures"


def main(binary):
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        said = (directory / "said").open("w+")
        command = [binary, "demo", "--listen", "127.0.0.1:0", "--directory", str(directory)]
        demo = stack.enter_context(subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT))
        stack.callback(demo.terminate)
        address = until(
            "where it serves", lambda: re.search(r"metrics: http://([\d.:]+)/", (directory / "said").read_text())
        ).group(1)
        shots = {
            "page-light.png": Browser(directory / "light.log", width=1000, height=1250),
            "page-dark.png": Browser(directory / "dark.log", width=390, height=1250, dark=True),
        }
        for browser in shots.values():
            stack.enter_context(browser)
            browser.open(address)
        for name, browser in shots.items():
            browser.wait_for("can never allow", "#blockers")
            until("most pods to be gone", lambda: int(browser.text("#gone").split()[0]) >= 10)
            browser.picture(PICTURES / name)
            print(PICTURES / name)


main(sys.argv[1])
