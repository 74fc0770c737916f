"""A scrape, read by PyPI's prometheus_client: another reader than Prometheus, and a stricter one."""

import subprocess

from prometheus_client.parser import text_string_to_metric_families

from .stage import tool


class Samples:
    def __init__(self, text):
        self._samples = [each for family in text_string_to_metric_families(text) for each in family.samples]

    def value(self, name, **labels):
        """The one series of that name with these labels; None when it is not there."""
        found = [each.value for each in self._samples if each.name == name and labels.items() <= each.labels.items()]
        assert len(found) <= 1, f"{name}{labels} are {len(found)} series"
        return found[0] if found else None

    def by(self, label, name):
        """Values of all series of that name by that label's value."""
        return {each.labels[label]: each.value for each in self._samples if each.name == name}


def parse(text):
    return Samples(text)


def promtool_check(text):
    """What `promtool check metrics` says of the scrape; silence is praise."""
    done = subprocess.run([tool("promtool"), "check", "metrics"], input=text, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip()
