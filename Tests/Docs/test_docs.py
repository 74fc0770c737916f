"""What the docs point at is there: files, anchors, tests, metrics, flags, scenarios."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    ROOT / name
    for name in subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True).stdout.split()
)
METRICS = (ROOT / "docs/metrics.md").read_text()
FLAGS = set(re.findall(r"--[a-z][a-z0-9-]+", (ROOT / "docs/flags.md").read_text()))


def prose(page):
    """Without blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.S | re.M)


def anchor(heading):
    """As GitHub makes them."""
    plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")


def anchors(page):
    return {anchor(each) for each in re.findall(r"^#+ (.*)$", prose(page), re.M)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), f"{target}: no such file"
        if fragment:
            assert fragment in anchors(file), f"{target}: no such heading; there are {sorted(anchors(file))}"


def test_each_page_can_be_found_from_the_readme():
    reached, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        for target in re.findall(r"\]\(([^)\s#]+)[^)]*\)", page.read_text()):
            found = (page.parent / target).resolve()
            todo += sorted(found.glob("*.md")) if found.is_dir() else [found] if found.exists() else []
    lost = [str(page.relative_to(ROOT)) for page in PAGES if page not in reached]
    assert not lost


def rows(page):
    """Of its tables, cell by cell."""
    lines = [line for line in (ROOT / page).read_text().splitlines() if line.startswith("| ")]
    return [[each.strip() for each in line.strip("|").split("|")] for line in lines]


def test_readme_compares_as_the_comparison_does():
    whole = {tuple(row[:4]) for row in rows("docs/comparison.md")}
    shown = [row for row in rows("README.md") if len(row) == 4]
    assert len(shown) >= 5
    for row in shown:
        assert tuple(row) in whole, f"{row[0]}: docs/comparison.md says otherwise"


def test_the_changelog_says_each_thing_once():
    beginnings = [line[:40] for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("- ")]
    assert len(set(beginnings)) == len(beginnings), [each for each in beginnings if beginnings.count(each) > 1]


def answers():
    """Rows of docs/answers.md: the ask, and what shows its answer."""
    for line in (ROOT / "docs/answers.md").read_text().splitlines():
        cells = [each.strip() for each in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 3 and cells[0] != "ask":
            yield cells


def test_each_answer_names_a_test_that_there_is():
    scenarios = "".join(each.read_text() for each in (ROOT / "Tests/EndToEnd").glob("test_*.py"))
    rows = list(answers())
    assert len(rows) > 25
    for ask, answer, shown in rows:
        assert "#" in ask, f"{ask}: which thread?"
        names = re.findall(r"`([^`]+)`", shown)
        assert names, f"{ask}: shown by nothing"
        for name in names:
            found = f"def {name}(" in scenarios or (ROOT / name).exists()
            assert found, f"{ask}: {name} is neither a scenario nor a file"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_metrics_are_called_what_they_are(page):
    for name in re.findall(r"`(drain_[a-z_]+)(?:\{[^`]*)?`", prose(page)):
        base = re.sub(r"_(bucket|count|sum)$", "", name)
        assert f"`{name}`" in METRICS or f"`{base}`" in METRICS, f"{name} is not in docs/metrics.md"


# Flags of others that the docs speak of.
FOREIGN = {
    *("--enable-feature", "--dry-run", "--previous", "--ignore-daemonsets", "--network"),
    *("--insecure-skip-tls-verify",),
}


@pytest.mark.parametrize("page", [each for each in PAGES if each.parent == ROOT / "docs"], ids=lambda page: page.name)
def test_flags_are_called_what_they_are(page):
    if page.name in ("flags.md", "simulation.md"):  # the latter is about another program
        return
    for flag in re.findall(r"`(--[a-z][a-z0-9-]+)", prose(page)):
        positive = flag.replace("--no-", "--", 1)
        assert {flag, positive} & (FLAGS | FOREIGN), f"{flag} is not in docs/flags.md"
