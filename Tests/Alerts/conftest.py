import sys
from pathlib import Path

import pytest
from rulefiles import ALERTS, source

# The recorded drains, and the Prometheus that holds them.
sys.path.append(str(Path(__file__).resolve().parents[1] / "Dashboards"))

from prometheus import RecordedPrometheus  # noqa: E402
from recording import load  # noqa: E402


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """A real Prometheus with the recorded drains, and with what the shipped rules would have recorded of them.

    The scrape says the cluster, too.
    """
    recording = load()
    recording.series = {
        series.replace('job="', 'cluster="east",job="'): values for series, values in recording.series.items()
    }
    with RecordedPrometheus(recording, tmp_path_factory.mktemp("prometheus")) as server:
        server.remember(ALERTS / "drain-agent.rules.yaml", source.THRESHOLDS["interval"])
        yield server
