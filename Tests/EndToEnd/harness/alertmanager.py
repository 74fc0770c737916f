"""The Alertmanager that the run's Prometheus tells of alerts, and what has reached it."""

import json
import re
import urllib.parse
import urllib.request

from . import processes
from .until import until

# What the suite alerts on; the shipped rules have tests of their own.
RULES = {
    "groups": [
        {
            "name": "end-to-end",
            "interval": "1s",
            "rules": [{"alert": "BlockedByBudget", "expr": "drain_pdb_blocked_pods > 0"}],
        }
    ]
}


class Alertmanager:
    def __init__(self, directory):
        self._directory = directory

    def alerts(self, **labels):
        """The labels of each active alert that has these."""
        address = (self._directory / "address").read_text()
        filters = [("filter", f'{name}="{value}"') for name, value in labels.items()]
        url = f"http://{address}/api/v2/alerts?" + urllib.parse.urlencode(filters)
        with urllib.request.urlopen(url, timeout=10) as response:
            return [alert["labels"] for alert in json.load(response)]


def start_alertmanager(directory, program):
    """Gives the process; its address is in the directory's file of that name."""
    directory.mkdir(parents=True)
    config = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}
    (directory / "alertmanager.yml").write_text(json.dumps(config))
    log = open(directory / "log", "wb")
    process = processes.start(
        [
            program,
            f"--config.file={directory / 'alertmanager.yml'}",
            f"--storage.path={directory / 'data'}",
            "--web.listen-address=127.0.0.1:0",
            # One of a kind: no gossip, and so no second port.
            "--cluster.listen-address=",
        ],
        stdout=log,
        stderr=log,
    )

    def address():
        assert process.poll() is None, f"Alertmanager ended: {(directory / 'log').read_text()[-2000:]}"
        return re.search(r'msg="?Listening(?: on)?"? address=(\S+)', (directory / "log").read_text())

    (directory / "address").write_text(until("Alertmanager's address", address)[1])
    return process
