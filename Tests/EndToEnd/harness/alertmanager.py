"""The Alertmanager that the run's Prometheus tells of alerts, and what has reached it."""

import http.server
import json
import re
import threading
import urllib.parse
import urllib.request

import yaml

from . import processes
from .until import until

def rules(repository):
    """The shipped ones, evaluated each second, with every `for` divided by 12."""
    content = yaml.safe_load((repository / "alerts/drain-agent.rules.yaml").read_text())
    for group in content["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            if "for" in rule:
                number, unit = int(rule["for"][:-1]), rule["for"][-1]
                rule["for"] = f"{number * {'s': 1000, 'm': 60_000, 'h': 3_600_000}[unit] // 12}ms"
    return content


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

    def received(self, alertname, **labels):
        """What the webhook was told of this alert, in order: each with status, labels and annotations."""
        lines = (self._directory / "webhook.jsonl").read_text().splitlines()
        told = [alert for line in lines for alert in json.loads(line)["alerts"]]
        return [each for each in told if each["labels"].items() >= {"alertname": alertname, **labels}.items()]


def serve_webhook(file):
    """Writes down each body that is posted, a line each; gives the URL. It ends with this process."""
    file.touch()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with open(file, "ab") as lines:
                lines.write(json.dumps(json.loads(body)).encode() + b"\n")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


def start_alertmanager(directory, program):
    """Gives the process; its address is in the directory's file of that name."""
    directory.mkdir(parents=True)
    webhook = {"url": serve_webhook(directory / "webhook.jsonl"), "send_resolved": True}
    config = {
        # Each alert by itself, and at once.
        "route": {"receiver": "webhook", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s"},
        "receivers": [{"name": "webhook", "webhook_configs": [webhook]}],
    }
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
