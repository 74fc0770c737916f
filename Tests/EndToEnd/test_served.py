"""What hostile clients send to an agent that drains. Whatever it is, scrapes are answered, memory is bounded, and the
drain ends as if nobody had been there."""

import json
import os
import socket
import ssl

import pytest

from harness.attacks import (
    HOSTILE,
    Onlooker,
    allow_descriptors,
    answer_to,
    connect,
    is_cut_off,
    send_what_fits,
    status_of,
)
from harness.checks import check
from harness.pods import STUCK, let_stop
from harness.requests import CLOSED, SECTIONS, get
from harness.served import TOKEN, make_certificate
from harness.triggers import Told
from harness.tried import tried
from harness.until import until


def in_mid_drain(scenario, *options, **settings):
    """An agent whose only pod goes when the scenario lets it."""
    scenario.pod("slow", stop_after=STUCK)
    agent = scenario.sidecar(*options, **settings)
    agent.trigger()
    agent.wait_for("a terminating pod", lambda state: state["counts"]["terminating"] == 1)
    return agent


def end_drain(agent):
    let_stop(agent.scenario, "slow")
    assert check(agent).evicted() == ["slow"]


# --- clients without end


def test_drips_are_cut_off(scenario):
    agent = in_mid_drain(scenario)
    dripping = {
        "a request line": b"GET /met",
        "headers": b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: ",
        "a body": b"POST /drain HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{",
        "chunks": b"POST /drain HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n",
        "nothing": b"",
    }
    with Onlooker(agent) as onlooker:
        clients = []
        for beginning in dripping.values():
            for _ in range(12):
                clients.append(connect(agent))
                send_what_fits(clients[-1], beginning)

        def drip():
            for client in clients:
                send_what_fits(client, b"1")
            return all([is_cut_off(client) for client in clients])

        until("all drips to be cut off", drip)
        onlooker.sees(3)
    onlooker.check()
    end_drain(agent)
    tried("served", f"requests that drip in: {', '.join(dripping)}", f"all cut off; {onlooker}")


def test_ten_thousand_connections_of_one_address(scenario):
    agent = in_mid_drain(scenario)
    count = min(10_000, allow_descriptors(12_000) - 1_000)
    with Onlooker(agent) as onlooker:
        host, port = agent.address.rsplit(":", 1)
        clients = []
        for _ in range(count):
            client = socket.socket()
            client.bind((HOSTILE, 0))
            client.setblocking(False)
            client.connect_ex((host, int(port)))
            clients.append(client)
        for _ in range(3):
            alive = sum(send_what_fits(client, b"G") for client in clients)
            onlooker.sees(3)
        for client in clients:
            client.close()
    onlooker.check()
    assert alive <= 64, f"{alive} connections of one address were left"
    end_drain(agent)
    tried("served", "10,000 connections from one address", f"{alive} left to it; {onlooker}")


def test_clients_that_ask_and_never_read(scenario):
    # This Prometheus gives up after a second; usual ones wait for ten.
    agent = in_mid_drain(scenario, "--linger", "1s", scraped=False)
    questions = {
        b"/metrics": b"Accept-Encoding: gzip\r\n",
        b"/drain": b"",
        b"/drain/events": b"",
    }
    asked = 0
    with Onlooker(agent) as onlooker:
        clients = []
        for address in range(2, 6):
            for number in range(60):
                client = connect(agent, f"127.0.0.{address}", receive_buffer=2048)
                path, lines = list(questions.items())[number % len(questions)]
                send_what_fits(client, get(path, lines) * 200)
                asked += 200
                clients.append(client)
        onlooker.sees(20)
        for client in clients:
            client.close()
        onlooker.sees(3)
    onlooker.check()
    end_drain(agent)
    tried("served", f"{asked} requests on {len(clients)} connections of four addresses, no answer read", str(onlooker))


# --- requests that are none


def test_what_no_client_should_send(scenario):
    scenario.pod("slow", stop_after=STUCK)
    agent = scenario.sidecar()
    wrong = []
    with Onlooker(agent) as onlooker:
        for section, rows in SECTIONS.items():
            for what, data, allowed in rows:
                status = status_of(answer_to(connect(agent), data))
                if status not in allowed:
                    wrong.append(f"{what}: {status}, not {allowed}")
                tried(f"served: {section}", what, "no answer" if status == CLOSED else str(status))
        pipelined = answer_to(connect(agent), get(b"/livez") * 100, lambda answer: answer.count(b"\r\n\r\nok\n") == 100)
        onlooker.sees(1)
    assert not wrong, f"{wrong}; the log is in {agent.logs}"
    assert pipelined.count(b"HTTP/1.1 200 OK") == 100
    tried("served: request lines", "100 requests at once", "100 answers, in order")
    onlooker.check()
    assert agent.state()["state"] == "idle"
    assert TOKEN not in agent.stderr() + agent.stdout()
    agent.trigger()
    let_stop(scenario, "slow")
    check(agent)


# --- rights


def test_a_rotated_token_counts_at_once(scenario):
    token_file = scenario.directory / "rotated"
    token_file.write_text("the first token\n")
    agent = scenario.sidecar("--control-token-file", token_file)
    ask = lambda token: agent.request("DELETE", "/drain", token=token)[0]  # 409: it may, but there is no drain
    assert (ask("the first token"), ask("the second token")) == (409, 401)
    renamed = scenario.directory / "renamed"
    renamed.write_text("the second token\n")
    os.replace(renamed, token_file)
    assert (ask("the first token"), ask("the second token")) == (401, 409)
    token_file.write_text("")
    assert (ask("the second token"), ask("")) == (503, 503)
    token_file.unlink()
    assert ask("the second token") == 503
    token_file.write_text("\ufeffthe third token")
    assert ask("the third token") == 503
    token_file.unlink()
    os.mkfifo(token_file)
    assert [ask("the third token") for _ in range(5)] == [503] * 5, "a pipe is not waited for"
    token_file.unlink()
    token_file.write_text("the third token")
    assert (ask("the second token"), ask("the third token")) == (401, 409)
    said = agent.stderr() + agent.stdout()
    assert not any(f"the {each} token" in said for each in ["first", "second", "third"])
    happened = "401 to the old ones at once, 503 without one"
    tried("served: rights", "the token file rotated, emptied, removed, made a pipe, written anew", happened)


# --- TLS


class Certificates:
    """A mounted Secret: `tls.crt` and `tls.key` are links through `..data`, which is swapped as a whole."""

    def __init__(self, directory):
        self.directory = directory
        self._made = 0
        directory.mkdir()
        self.rotate()
        for name in ["tls.crt", "tls.key"]:
            (directory / name).symlink_to(f"..data/{name}")

    @property
    def options(self):
        return ["--tls-cert", self.directory / "tls.crt", "--tls-key", self.directory / "tls.key"]

    def make(self, **dates):
        """A directory with a new pair."""
        self._made += 1
        return make_certificate(self.directory / f"..{self._made}", f"agent {self._made}", **dates)

    def rotate(self, made=None):
        """As the kubelet does it. Gives the certificate, which is its own authority."""
        made = made or self.make()
        draft = self.directory / "..data_tmp"
        draft.symlink_to(made.name)
        os.replace(draft, self.directory / "..data")
        return made / "tls.crt"


def speak_tls(agent, authority=None, version=None, source=HOSTILE):
    """A TLS connection that trusts this certificate only; without one, any."""
    context = ssl.create_default_context(cafile=authority)
    if authority is None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
    return context.wrap_socket(connect(agent, source), server_hostname="127.0.0.1")


def is_served(agent, *how, **more):
    try:
        return status_of(answer_to(speak_tls(agent, *how, **more), get(b"/livez"))) == 200
    except ssl.SSLError:
        return False


def test_the_certificate_is_followed_and_a_bad_one_never_served(scenario):
    scenario.pod("slow", stop_after=STUCK)
    certificates = Certificates(scenario.directory / "tls")
    agent = scenario.sidecar(*certificates.options, scraped=False)
    first = certificates.directory / "..1/tls.crt"
    until("the agent to serve", lambda: agent.log("serving"))
    assert agent.log("serving")[0]["tls"] is True
    assert is_served(agent, first)
    client = ["--url", f"https://{agent.address}", "--ca", certificates.directory / "tls.crt"]
    (scenario.directory / "token").write_text(TOKEN)
    with_token = [*client, "--token-file", scenario.directory / "token"]
    assert agent.tell("cancel", *client).returncode == 1
    held = Told(agent, "trigger", "--wait", *with_token)
    until("a drain", lambda: json.loads(agent.tell("status", "-o", "json", *client).stdout)["state"] == "draining")

    second = certificates.rotate()
    until("the new certificate", lambda: is_served(agent, second))
    assert not is_served(agent, first)
    bad = certificates.make()
    (bad / "tls.key").write_bytes((certificates.directory / "..2/tls.key").read_bytes())
    certificates.rotate(bad)
    refused = agent.wait_for_log("certificate not renewed")
    assert "is not the key of the certificate" in refused["err"]
    assert is_served(agent, second)
    (bad / "tls.crt").write_text("-----BEGIN CERTIFICATE-----\nhalf")
    until("the other reason", lambda: len(agent.log("certificate not renewed")) == 2)
    assert is_served(agent, second)
    certificates.rotate(certificates.make(end="20200102000000Z"))
    until("the third reason", lambda: len(agent.log("certificate not renewed")) == 3)
    assert agent.log("certificate not renewed")[-1]["err"].endswith("tls.crt expired at 2020-01-02T00:00:00Z")
    assert is_served(agent, second)
    third = certificates.rotate()
    until("the third certificate", lambda: is_served(agent, third))
    assert len(agent.log("certificate renewed")) == 2 and len(agent.log("certificate not renewed")) == 3

    assert not held.has_ended
    let_stop(scenario, "slow")
    code, answer = held.answer()
    assert code == 0 and answer["outcome"] == "completed", f"{code}: {answer}; the log is in {agent.logs}"
    check(agent)
    said = agent.stderr() + agent.stdout()
    assert TOKEN not in said and "PRIVATE KEY" not in said
    tried("served: TLS", "the certificate swapped by ..data", "new connections get it, a held request goes on")
    happened = "the old certificate is served; each is said once, and counted"
    tried("served: TLS", "a pair that does not fit, half a file, one that has expired", happened)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_who_does_not_speak_tls_properly_gets_nothing(scenario):
    scenario.pod("slow", stop_after=STUCK)
    certificates = Certificates(scenario.directory / "tls")
    agent = scenario.sidecar(*certificates.options, scraped=False)
    until("the agent to serve", lambda: agent.log("serving"))
    versions = ssl.TLSVersion
    served = {each.name: is_served(agent, version=each) for each in [versions.TLSv1, versions.TLSv1_1]}
    assert served == {"TLSv1": False, "TLSv1_1": False}
    assert is_served(agent, version=versions.TLSv1_2) and is_served(agent, version=versions.TLSv1_3)
    for what, data in [
        ("plain HTTP", get(b"/metrics")),
        ("zeros", b"\0" * 100_000),
        ("a record of 16 MiB", b"\x16\x03\x01\xff\xff" + b"x" * (16 << 20)),
        ("an alert", b"\x15\x03\x03\x00\x02\x02\x28"),
    ]:
        answer = answer_to(connect(agent), data)
        assert b"HTTP" not in answer, f"{what} was answered with {answer[:200]}"
        tried("served: TLS", what, "the connection is closed")
    # Handshakes that are begun and never ended, all that one address may have.
    clients = [connect(agent) for _ in range(64)]
    for client in clients:
        send_what_fits(client, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc")
    assert is_served(agent, source="127.0.0.1")
    until("all handshakes to be cut off", lambda: all([is_cut_off(client) for client in clients]))
    assert is_served(agent)
    tried("served: TLS", "64 handshakes that do not come to an end", "cut off; probes answered meanwhile")
    assert agent.tell("trigger").returncode == 0, "the Unix socket stays plain"
    let_stop(scenario, "slow")
    check(agent)
