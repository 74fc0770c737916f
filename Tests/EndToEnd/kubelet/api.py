"""A connection to the API server, as the kubelets."""

import http.client
import json
import os
import ssl
import urllib.parse
from datetime import datetime, timezone

RETRY_SECONDS = 0.5
# Whatever goes wrong on the way: to be tried again.
LOST = (OSError, http.client.HTTPException, ValueError)


def log(text):
    print(f"{datetime.now(timezone.utc).isoformat(timespec='milliseconds')} {text}", flush=True)


class Answer(Exception):
    """The API server answered with a status that is not a success."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body[:300].decode(errors='replace')}")
        self.status = status


class API:
    """One connection, kept open and used by one thread; every failure closes it."""

    def __init__(self, directory):
        with open(os.path.join(directory, "server")) as file:
            url = urllib.parse.urlsplit(file.read().strip())
        self.host, self.port = url.hostname, url.port
        certs = os.path.join(directory, "certs")
        self.tls = ssl.create_default_context(cafile=os.path.join(certs, "ca.crt"))
        self.tls.load_cert_chain(os.path.join(certs, "kubelets.crt"), os.path.join(certs, "kubelets.key"))
        self.connection = None

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def open(self, method, path, body=None, content_type="application/json", timeout=30):
        """Sends a request and gives the response, whose body is still to be read."""
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=self.tls)
        headers = {"User-Agent": "kubelets.py", "Accept": "application/json"}
        if body is not None:
            body = json.dumps(body).encode()
            headers["Content-Type"] = content_type
        try:
            self.connection.request(method, path, body=body, headers=headers)
            return self.connection.getresponse()
        except BaseException:
            self.close()
            raise

    def request(self, method, path, body=None, content_type="application/json"):
        try:
            response = self.open(method, path, body, content_type)
            data = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if not 200 <= response.status < 300:
            raise Answer(response.status, data)
        return json.loads(data)

    def patch(self, path, body, kind="strategic-merge-patch"):
        return self.request("PATCH", path, body, f"application/{kind}+json")
