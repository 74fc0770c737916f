"""Servers that are not who they should be, and names that do not resolve."""

import subprocess

import pytest

from harness.checks import check
from harness.middle import Certificates, Middle
from harness.tried import tried
from harness.wire import Wire

QUICKLY = ("--retry-max-delay", "1s")

WRONG_CERTIFICATES = {
    "of another authority": Certificates.of_another_authority,
    "for another host": Certificates.of_another_host,
    "expired": Certificates.expired,
}


def test_a_wrong_certificate_is_refused_and_nothing_is_told_to_its_owner(scenario):
    scenario.pod("web")
    certificates = Certificates(scenario)
    for words, make in WRONG_CERTIFICATES.items():
        wrong = make(certificates)
        with Middle(scenario, certificate=wrong) as middle:
            agent = scenario.drain(kubeconfig=middle.kubeconfig())
            code, said = agent.exit_code(), agent.stderr().splitlines()[-1]
            assert code == 1 and "certificate" in said, said
            assert not middle.requests and not scenario.is_cordoned()
        tried("Certificates", words, f"exit code 1 at once: {said}")
    with Middle(scenario, certificate=wrong) as middle:
        agent = scenario.sidecar(*QUICKLY, kubeconfig=middle.kubeconfig())
        agent.wait_for_log("not ready")
        agent.trigger()
        agent.wait_for("an error to be told", lambda state: "certificate" in (state.get("last_error") or ""))
        assert not middle.requests
        middle.present(scenario.stage.control_plane / "certs/apiserver")
        check(agent)
    tried("Certificates", "wrong at first, then right, under `run`", "not ready until then; completed")


def test_the_name_of_the_server_does_not_resolve(scenario):
    scenario.pod("web")
    with Wire(scenario) as wire:
        config = wire.kubeconfig(host="api.drain-agent.invalid")
        agent = scenario.drain("--startup-timeout", "2s", kubeconfig=config)
        code, said = agent.exit_code(), agent.stderr().splitlines()[-1]
        assert code == 1 and "name_resolution" in said and "api.drain-agent.invalid" in said, said
        assert not scenario.is_cordoned()
        tried("Names", "the server's name does not resolve", f"exit code 1 at the startup timeout: {said}")


def own_names(hosts, services):
    """Runs a program with its own /etc/hosts, which is all that it resolves names with."""
    mount = 'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/nsswitch.conf && shift 2 && exec "$@"'
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh", hosts, services]


def test_the_name_of_the_server_resolves_only_later(scenario):
    scenario.pod("web")
    words = "the server's name resolves only after the drain began"
    hosts, services = scenario.directory / "hosts", scenario.directory / "nsswitch.conf"
    hosts.write_text("")
    services.write_text("hosts: files\n")
    within = own_names(hosts, services)
    if subprocess.run([*within, "true"], capture_output=True).returncode != 0:
        tried("Names", words, "not tried: no mount namespaces on this machine")
        pytest.skip("no mount namespaces here")
    with Wire(scenario) as wire:
        # In the server's certificate.
        config = wire.kubeconfig(host="kubernetes.default.svc")
        agent = scenario.sidecar(*QUICKLY, kubeconfig=config, within=within)
        error = agent.wait_for_log("not ready")["err"]
        agent.trigger()
        agent.wait_for("an error to be told", lambda state: "name_resolution" in (state.get("last_error") or ""))
        hosts.write_text("127.0.0.1 kubernetes.default.svc\n")
        check(agent)
    tried("Names", words, f"not ready ({error}); then completed")
