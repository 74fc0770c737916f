"""Every number, label, severity, `for`, word and text of the rules is changed in turn, and promtool's tests must notice."""

import copy
import os
import re
from concurrent.futures import ThreadPoolExecutor

import yaml
from rulefiles import ALERTS, alerts, name, promtool, shipped, source

# What an expression says beside its thresholds: a number, an operator, a word of a list, a condition.
NUMBER = re.compile(r"(?<![\w.:\[{\"$])\d+(?![\w.])")
# The time between evaluations is no alert's business: promtool's tests have their own.
UNTESTED_THRESHOLDS = {"interval"}


def scaled(value, factor):
    if isinstance(value, int):
        return int(value * factor) if value > 1 else value + (1 if factor > 1 else -1)
    number, unit = int(value[:-1]), value[-1]
    return f"{int(number * {'h': 3600, 'm': 60, 's': 1}[unit] * factor)}s"


def by_threshold():
    for key, value in source.THRESHOLDS.items():
        for factor in (0.5, 1.5) if key not in UNTESTED_THRESHOLDS else ():
            (group,) = source.rules({**source.THRESHOLDS, key: scaled(value, factor)})["groups"]
            changed = [rule for rule, before in zip(group["rules"], shipped()) if rule != before]
            assert changed, f"{key} is not used"
            for rule in changed:
                yield f"{key} × {factor}", name(rule), group["rules"]


def by_rule():
    for index, rule in enumerate(shipped()):
        for what, changed in changes(rule):
            yield what, name(rule), [*shipped()[:index], changed, *shipped()[index + 1 :]]


def changes(rule):
    """(what, the rule with one thing changed)"""

    def with_(**parts):
        return {**copy.deepcopy(rule), **parts}

    expression = rule["expr"]
    for start, end, word in expression_changes(expression):
        yield f"{expression[start:end]!r} at {start} is {word!r}", with_(expr=expression[:start] + word + expression[end:])
    if "record" in rule:
        yield "record", with_(record=rule["record"] + "_other")
        return
    yield "alert", with_(alert=rule["alert"] + "Other")
    if "for" not in rule:
        yield "for", with_(**{"for": "1m"})
    for part in ("labels", "annotations"):
        for key in rule[part]:
            yield f"{part} {key}", with_(**{part: {**rule[part], key: rule[part][key] + "x"}})
            yield f"no {part} {key}", with_(**{part: {k: v for k, v in rule[part].items() if k != key}})
        yield f"more {part}", with_(**{part: {**rule[part], "more": "x"}})
    yield "other severity", with_(labels={"severity": {"critical": "warning", "warning": "critical"}[rule["labels"]["severity"]]})


def expression_changes(expression):
    """(start, end, what stands there instead)"""
    for match in NUMBER.finditer(expression):
        if int(match[0]) < 10:
            yield match.start(), match.end(), str(1 - int(match[0]) if int(match[0]) < 2 else int(match[0]) * 2)
    for match in re.finditer(r'"([a-z_]+(?:\|[a-z_]+)*)"(?=[,}])', expression):
        words = match[1].split("|")
        for word in words:
            others = [each for each in words if each != word] or ["nothing"]
            yield match.start() + 1, match.end() - 1, "|".join(others)


def test_every_change_is_noticed(tmp_path):
    mutants = [*by_threshold(), *by_rule()]
    assert len(mutants) > 20 * len(alerts())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        survivors = [each for each in pool.map(lambda job: survivor(tmp_path, *job), enumerate(mutants)) if each]
    assert not survivors, "\n".join(survivors)


def survivor(directory, number, mutant):
    what, changed, rules = mutant
    if changed.startswith("node:"):
        concerned = [name(rule) for rule in shipped() if "alert" in rule and changed in rule["expr"]]
    else:
        concerned = [changed]
    for alert in concerned:
        if not passes(directory / f"{number}-{alert}", alert, rules):
            return None
    return f"{changed}: {what}"


def passes(directory, alert, rules):
    """Only the rules that matter, for the time it takes."""
    directory.mkdir()
    original = next(rule for rule in shipped() if name(rule) == alert)
    index = shipped().index(original)
    kept = [
        rule
        for position, rule in enumerate(rules)
        if position == index or (shipped()[position].get("record", "-") in original["expr"])
    ]
    group = {"name": "mutant", "interval": "5s", "rules": kept}
    (directory / "rules.yaml").write_text(yaml.safe_dump({"groups": [group]}))
    tests = (ALERTS / "tests" / f"{alert}.yaml").read_text().replace("../drain-agent.rules.yaml", "rules.yaml")
    (directory / "tests.yaml").write_text(tests)
    return promtool("test", "rules", directory / "tests.yaml").returncode == 0


def test_without_a_change_they_pass(tmp_path):
    """Else every mutant would be noticed for nothing."""
    for alert in alerts():
        assert passes(tmp_path / name(alert), name(alert), shipped()), name(alert)
