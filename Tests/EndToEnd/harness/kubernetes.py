"""A small client of the API server, as an administrator whom the audit log tells from the agent."""

import http.client
import json
import ssl
import threading
import time
import urllib.parse
from pathlib import Path


class Refusal(Exception):
    """The API server answered with a status that is not a success."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body[:500].decode(errors='replace')}")
        self.status = status


def path_of(kind, namespace=None, name=None, subresource=None):
    """The path of an object, or of a collection: path_of("apps/v1/deployments", "shop", "web")."""
    *group_version, plural = kind.split("/")
    parts = ["/api" if group_version == ["v1"] else "/apis", *group_version]
    parts += ["namespaces", namespace] if namespace else []
    return "/".join([*parts, plural, *(each for each in (name, subresource) if each)])


class Kubernetes:
    def __init__(self, directory: Path):
        url = urllib.parse.urlsplit((directory / "server").read_text().strip())
        self.address = (url.hostname, url.port)
        self._tls = ssl.create_default_context(cafile=directory / "certs/ca.crt")
        self._tls.load_cert_chain(directory / "certs/admin.crt", directory / "certs/admin.key")
        self._local = threading.local()

    def request(self, method, path, body=None, content_type="application/json", patience=20):
        """Sends until the server answers: an API server that was stopped, or that loses a race, is asked again."""
        deadline = time.monotonic() + patience
        while True:
            try:
                return self._request(method, path, body, content_type)
            except (OSError, http.client.HTTPException):
                self._local.connection = None
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _request(self, method, path, body, content_type):
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPSConnection(*self.address, context=self._tls, timeout=30)
            self._local.connection = connection
        headers = {"User-Agent": "end-to-end", "Accept": "application/json", "Content-Type": content_type}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        data = response.read()
        if not 200 <= response.status < 300:
            raise Refusal(response.status, data)
        return json.loads(data) if data[:1] == b"{" else data.decode()

    def stream(self, path):
        """A watch: an open response, on a connection of its own; its lines come from another thread."""
        connection = http.client.HTTPSConnection(*self.address, context=self._tls)
        connection.request("GET", path, headers={"User-Agent": "end-to-end", "Accept": "application/json"})
        return connection.getresponse()

    def get(self, kind, name, namespace=None):
        return self.request("GET", path_of(kind, namespace, name))

    def find(self, kind, name, namespace=None):
        """The object, or None."""
        try:
            return self.get(kind, name, namespace)
        except Refusal as refusal:
            if refusal.status == 404:
                return None
            raise

    def list(self, kind, namespace=None, **parameters):
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        return self.request("GET", path_of(kind, namespace) + query)["items"]

    def create(self, kind, body, namespace=None, subresource=None):
        name = body["metadata"]["name"] if subresource else None
        return self.request("POST", path_of(kind, namespace, name, subresource), body)

    def patch(self, kind, name, body, namespace=None, subresource=None):
        path = path_of(kind, namespace, name, subresource)
        return self.request("PATCH", path, body, "application/merge-patch+json")

    def delete(self, kind, name, namespace=None, grace=None, orphan=False):
        options = {"apiVersion": "v1", "kind": "DeleteOptions"}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        options["propagationPolicy"] = "Orphan" if orphan else "Background"
        return self.request("DELETE", path_of(kind, namespace, name), options)

    def pods_on(self, node):
        return self.list("v1/pods", fieldSelector=f"spec.nodeName={node}")

    def serves(self, group_version, plural):
        """Whether this API server knows the resource: kinds moved between 1.20 and now."""
        try:
            resources = self.request("GET", path_of(f"{group_version}/x").rsplit("/", 1)[0])["resources"]
        except Refusal:
            return False
        return any(each["name"] == plural for each in resources)


def is_ready(pod):
    return any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", []))
