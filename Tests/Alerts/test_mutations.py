"""Every number, label, severity, `for`, word and text of the rules is changed in turn, and promtool's tests must notice."""

import copy
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor

import yaml
from rulefiles import ALERTS, alerts, name, promtool, shipped, source

# What an expression says beside its thresholds: a number, a word of a list, a condition.
NUMBER = re.compile(r"(?<![\w.:\[{\"$])\d+(?![\w.])")
CONDITION = re.compile(r"^(?:and|unless) on \([^)]*\) (?=\()", re.MULTILINE)
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
        return
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
        if match[0] == "0":
            # A moment that is there, or more than nothing.
            is_moment = "timestamp_seconds" in expression[: match.start()].rsplit("\n", 1)[-1]
            yield match.start(), match.end(), "5000" if is_moment else "1"
        elif match[0] == "1":
            yield match.start(), match.end(), "0"
    for match in CONDITION.finditer(expression):
        yield match.start(), end_of_parenthesis(expression, match.end()), ""
    for match in re.finditer(r'"([a-z_]+(?:\|[a-z_]+)*)"(?=[,}])', expression):
        words = match[1].split("|")
        for word in words:
            others = [each for each in words if each != word] or ["nothing"]
            yield match.start() + 1, match.end() - 1, "|".join(others)


def end_of_parenthesis(text, start):
    depth = 0
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place + 1
    raise ValueError(text[start:])


def mutants_of(alert):
    """[(what, the rules of the mutant)]; the first is the alert as it is."""
    original = next(rule for rule in alerts() if name(rule) == alert)
    yield "nothing", [original]
    for what, changed, rules in ALL:
        if changed == alert:
            yield what, [rules[shipped().index(original)]]
        elif changed.startswith("node:") and changed in original["expr"]:
            index = [name(rule) for rule in shipped()].index(changed)
            yield f"{changed}: {what}", [{**rules[index], "record": changed + "_mutant"}, original]


def numbered(rules, number):
    """The mutant beside all others: alert and record have names of their own."""
    *record, alert = copy.deepcopy(rules)
    alert["alert"] += f"_{number}"
    for each in record:
        each["record"] = each["record"].replace("_mutant", f"_{number}")
        alert["expr"] = re.sub(rf"{each['record'].removesuffix(f'_{number}')}\b", each["record"], alert["expr"])
    return [*record, alert]


def survivors(directory, alert):
    """Two promtools for all mutants of an alert, for the time it takes: for texts it is enough to see it fire once."""
    as_it_is, *mutants = mutants_of(alert)
    texts = [each for each in mutants if re.match(r"(no |more |other )?(labels|annotations|severity)\b", each[0])]
    others = [each for each in mutants if each not in texts]
    (directory / alert / "texts").mkdir(parents=True)
    cases = yaml.load((ALERTS / "tests" / f"{alert}.yaml").read_text(), Loader=yaml.CSafeLoader)
    return survivors_of(directory / alert, alert, [as_it_is, *others], cases) + survivors_of(
        directory / alert / "texts", alert, [as_it_is, *texts], {**cases, "tests": [to_the_first_that_fires(cases)]}
    )


def to_the_first_that_fires(cases):
    first = copy.deepcopy(cases["tests"][0])
    looks = first["alert_rule_test"]
    fires = next(number for number, look in enumerate(looks) if look["exp_alerts"])
    first["alert_rule_test"] = looks[: fires + 1]
    return first


def survivors_of(directory, alert, mutants, cases):
    rules = [rule for rule in shipped() if "record" in rule]
    rules += [rule for number, (_, mutant) in enumerate(mutants) for rule in numbered(mutant, number)]
    (directory / f"{alert}.rules.yaml").write_text(
        yaml.safe_dump({"groups": [{"name": "mutants", "interval": "5s", "rules": rules}]})
    )
    cases = {**copy.deepcopy(cases), "rule_files": [f"{alert}.rules.yaml"]}
    for test in cases["tests"]:
        test["alert_rule_test"] = [
            {**look, "alertname": f"{alert}_{number}"}
            for look in test["alert_rule_test"]
            for number in range(len(mutants))
        ]
    # It is YAML, too, and written sooner.
    (directory / f"{alert}.yaml").write_text(json.dumps(cases))
    done = promtool("test", "rules", directory / f"{alert}.yaml")
    noticed = {int(number) for number in re.findall(rf"alertname: {alert}_(\d+),", done.stdout)}
    assert done.returncode == 1 and noticed, done.stdout[:2000]
    assert 0 not in noticed, f"{alert} fails as it is"
    return [(alert, what) for number, (what, _) in enumerate(mutants) if number and number not in noticed]


ALL = [*by_threshold(), *by_rule()]


def test_every_change_is_noticed(tmp_path):
    assert len(ALL) > 20 * len(alerts())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [each for each in pool.map(lambda rule: survivors(tmp_path, name(rule)), alerts())]
    alive = [each for some in found for each in some]
    # A record is noticed if the tests of any alert notice it.
    users = {rule: sum(rule in alert["expr"] for alert in alerts()) for rule in map(name, shipped()) if ":" in rule}
    alive = [
        (alert, what)
        for alert, what in alive
        if not what.startswith("node:")
        or sum(what == other for _, other in alive) == users[what.split(": ")[0]]
    ]
    assert not alive, "\n".join(f"{alert}: {what}" for alert, what in alive)
