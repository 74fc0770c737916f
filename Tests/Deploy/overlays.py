"""The overlays that the docs show, beside deploy/, as people have them."""

import re

import yaml
from builds import APP
from files import REPOSITORY

PAGES = ["README.md", "docs/install.md"]


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.+?)^```", (REPOSITORY / page).read_text(), re.S | re.M)


def commands(page):
    """Without the words behind them for people."""
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    return [re.sub(r"\s+# .*", "", line) for line in lines]


def shown():
    """{path: text}; a file that two pages show is the same in both."""
    files = {}
    for page in PAGES:
        for block in blocks(page, "yaml"):
            name = block.split()[1]
            assert block.startswith(f"# {name}\n"), f"{page}: which file is this? {block}"
            assert files.setdefault(name, block) == block, f"{name} is not the same in {PAGES}"
    return files


def write(directory):
    """All of them, with the directories that they are beside."""
    for name in ("deploy", "alerts", "dashboards"):
        (directory / name).symlink_to(REPOSITORY / name)
    for name, text in shown().items():
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return directory


def write_workload(directory, workload=APP):
    """In place of the one that README shows."""
    (directory / "my-workload/workload.yaml").write_text(yaml.safe_dump(workload))
