"""What an agent serves, and what Prometheus made of it."""

import http.client
import json
import subprocess
import threading

from . import metrics
from .relay import Relay
from .until import PATIENCE, until

TOKEN = "a token of the tests"


def make_certificate(directory, name="agent", end=None):
    """tls.crt and tls.key: one for 127.0.0.1 that is its own authority. `end`: when it expires, as 20200102000000Z."""
    directory.mkdir(parents=True)
    call = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    call += ["-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    call += ["-keyout", directory / "tls.key", "-out", directory / "tls.crt"]
    subprocess.run(call, check=True, capture_output=True)
    if end:
        _end(directory, name, end)
    return directory


def _end(directory, name, end):
    # `openssl ca`, because `openssl req` knows no dates.
    (directory / "index").touch()
    (directory / "config").write_text(
        f"[ca]\ndefault_ca=it\n[it]\ndatabase={directory}/index\nnew_certs_dir={directory}\nrand_serial=yes\n"
        "default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n"
    )
    key, request = ["-key", directory / "tls.key"], directory / "tls.csr"
    call = ["openssl", "req", "-new", *key, "-subj", f"/CN={name}", "-out", request]
    subprocess.run(call, check=True, capture_output=True)
    call = ["openssl", "ca", "-batch", "-config", directory / "config", "-selfsign", "-keyfile", key[1], "-in", request]
    call += ["-startdate", "20200101000000Z", "-enddate", end, "-notext", "-out", directory / "tls.crt"]
    subprocess.run(call, check=True, capture_output=True)


class Served:
    """The part of an agent that is behind its address."""

    def __init__(self, scenario, name, node):
        self.scenario = scenario
        self.name = name
        self.node = node
        self.before = scenario.kubernetes.pods_on(node)  # what was on the node when it was told to drain
        self.scrapes = []  # texts, as they came
        self._address = None
        self._target = None
        self._relay = None
        self._fetcher = None
        self._last_state = None

    @property
    def address(self):
        if self._address is None:
            self._address = self.wait_for_log("serving")["listen"][0]
        return self._address

    def wait_until_it_serves(self):
        def serves():
            try:
                return self.request("GET", "/livez")[0] == 200
            except OSError:
                return False

        until(f"{self.name} to serve", serves)

    def request(self, method, path, body=None, token=TOKEN, headers=None, timeout=300):
        """Gives status and body; JSON where it is some."""
        connection = self._connection(timeout)
        try:
            authorization = {"Authorization": f"Bearer {token}"} if token else {}
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {**authorization, **(headers or {})})
            response = connection.getresponse()
            text = response.read().decode()
            is_json = response.headers.get_content_type() == "application/json"
            return response.status, json.loads(text) if is_json else text
        finally:
            connection.close()

    def _connection(self, timeout):
        return http.client.HTTPConnection(self.address, timeout=timeout)

    def state(self):
        """GET /drain."""
        status, body = self.request("GET", "/drain")
        assert status == 200, body
        return body

    def phases(self, phase):
        """Names of the pods in that phase, as GET /drain has them."""
        return sorted(each["name"] for each in self.state()["pods"] if each["phase"] == phase)

    def wait_for(self, what, condition, within=PATIENCE):
        """Until GET /drain fulfils the condition."""

        def fulfilled():
            state = self.state()
            return state if condition(state) else None

        return until(f"{what} at {self.name}", fulfilled, within)

    def scrape(self):
        """One scrape of ours, kept for the checks; gives its samples."""
        status, text = self.request("GET", "/metrics")
        assert status == 200, text
        self.scrapes.append(text)
        return metrics.parse(text)

    def begin_scrapes(self):
        """Has Prometheus scrape it, in both formats, as soon as it serves."""
        self._begin_scrapes(slowly=False)

    def is_scraped_slowly(self):
        """Each 15 s, and waits for the first time."""
        self._begin_scrapes(slowly=True)
        self.wait_for_a_scrape()

    def _begin_scrapes(self, slowly):
        self._relay = Relay(lambda: self.address if self._address or self.log("serving") else None)
        self._target = self.scenario.stage.prometheus.scrape(
            self._relay.address, slowly, scenario=self.scenario.name, agent=self.name
        )

    def end_scrapes(self):
        if self._target:
            self._target.unlink(missing_ok=True)
        if self._relay:
            self._relay.end()

    def wait_for_a_scrape(self):
        """The first one."""
        until(f"first scrape of {self.name}", lambda: self.stored("up", by="agent").get(self.name) == 1)

    def relayed(self):
        """What Prometheus was given, and the same moments in the other format."""
        return self._relay.scrapes if self._relay else []

    def last_scrape(self):
        """When Prometheus last reached it, in seconds; after that it had ended."""
        selector = f'up{{scenario="{self.scenario.name}",agent="{self.name}"}}'
        ((_, at),) = self.scenario.stage.prometheus.query(f"max_over_time(timestamp({selector} == 1)[1h:1s])")
        return at

    def stored(self, metric, by):
        """The metric's last values that Prometheus stored, by a label's value."""
        name, _, labels = metric.partition("{")
        own = f'scenario="{self.scenario.name}",agent="{self.name}"'
        selector = ",".join(filter(None, [own, labels.rstrip("}")]))
        return self.scenario.stage.prometheus.last(f"{name}{{{selector}}}", by)

    def trigger(self, headers=None, **overrides):
        """POST /drain; returns when the drain has begun."""
        self.before = self.scenario.kubernetes.pods_on(self.node)
        status, body = self.request("POST", "/drain", overrides or None, headers=headers)
        assert status == 202, f"POST /drain was answered with {status}: {body}"
        self.wait_for_the_end_in_the_background()

    def wait_for_the_end_in_the_background(self):
        """Fetches the drain's last state at its end, before the agent goes; the drain must have begun.

        By asking for the same drain again, which changes nothing: a /prestop would say that the agent's end has begun.
        """
        same = {"drain_id": self.wait_for("a drain", lambda state: state["drain_id"])["drain_id"]}

        def fetch():
            try:
                status, body = self.request("POST", "/drain?wait=true", same)
            except (OSError, http.client.HTTPException) as error:
                status, body = 0, repr(error)
            self._last_state = body if status == 200 else f"POST /drain?wait=true was answered with {status}: {body}"

        self._fetcher = threading.Thread(target=fetch, daemon=True)
        self._fetcher.start()

    def last_state(self):
        """GET /drain as it was at the drain's end; None when nobody waited for it."""
        if self._fetcher is None:
            return None
        self._fetcher.join(PATIENCE)
        assert isinstance(self._last_state, dict), self._last_state
        return self._last_state
