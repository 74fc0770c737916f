"""What must be true of all that the relay fetched: strict readers take each scrape, and the formats say the same."""

from itertools import takewhile

from ..exposition import families_of_openmetrics, families_of_text, series
from ..metrics import promtool_check

# What moves without anything having happened.
MOVING = ("drain_pod_phase_seconds_total", "drain_scrapes_total", "process_")
GROWING = ("_total", "_count", "_bucket", "_sum")


def check_formats(scrapes):
    """Scrapes as the relay keeps them; gives how often one format was held against the other."""
    read = []
    shapes = set()
    for is_openmetrics, text in scrapes:
        values = series((families_of_openmetrics if is_openmetrics else families_of_text)(text))
        shape = frozenset(values)
        if not is_openmetrics and shape not in shapes:
            shapes.add(shape)
            said = promtool_check(text)
            assert not said, f"promtool check metrics: {said}"
        read.append((is_openmetrics, values))
    check_growth(read)
    return check_agreement(read)


def check_growth(read):
    """A counter never falls from one scrape to the next, of whatever format."""
    for (_, before), (_, after) in zip(read, read[1:]):
        fallen = [key for key, value in before.items() if key[0].endswith(GROWING) and after.get(key, value) < value]
        assert not fallen, f"these fell: {fallen}"


def check_agreement(read):
    """Between two equal scrapes of one format, those of the other have to be equal too."""
    compared = 0
    for index, (kind, before) in enumerate(read):
        others = list(takewhile(lambda each: each[0] != kind, read[index + 1 :]))
        after = read[index + 1 + len(others) :][:1]
        if not others or not after or not is_quiet(before, after[0][1]):
            continue
        for _, between in others:
            compared += 1
            check_equal(still(before), still(between), still(after[0][1]))
    return compared


def is_quiet(before, after):
    """Nothing has happened that is counted."""
    before, after = still(before), still(after)
    grown = [key for key, value in before.items() if key[0].endswith(GROWING) and after.get(key) != value]
    return before.keys() == after.keys() and not grown


def check_equal(before, between, after):
    strange = before.keys() ^ between.keys()
    assert not strange, f"only one of the formats has {strange}"
    differ = [key for key, value in before.items() if value == after[key] != between[key]]
    assert not differ, f"the formats differ: {[(key, before[key], between[key]) for key in differ]}"


def still(values):
    return {key: value for key, value in values.items() if not key[0].startswith(MOVING)}
