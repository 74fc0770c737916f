"""What the contestants share: a connection to the API server, and the few requests that every drain is made of."""

import argparse
import http.client
import json
import os
import ssl
import urllib.parse

GONE = (200, 201, 404)


class API:
    """One connection, of one thread. The directory is what `control-plane.sh start` made; `agent` is its User-Agent."""

    def __init__(self, directory, agent):
        self._agent = agent
        with open(os.path.join(directory, "server")) as file:
            url = urllib.parse.urlsplit(file.read().strip())
        certs = os.path.join(directory, "certs")
        tls = ssl.create_default_context(cafile=os.path.join(certs, "ca.crt"))
        tls.load_cert_chain(os.path.join(certs, "admin.crt"), os.path.join(certs, "admin.key"))
        self._connection = http.client.HTTPSConnection(url.hostname, url.port, context=tls, timeout=400)

    def open(self, method, path, body=None, content_type="application/json"):
        headers = {"User-Agent": self._agent, "Accept": "application/json", "Content-Type": content_type}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        return self._connection.getresponse()

    def request(self, *arguments):
        response = self.open(*arguments)
        return response.status, json.loads(response.read())

    def eviction_version(self):
        _, answer = self.request("GET", "/api/v1")
        (resource,) = [each for each in answer["resources"] if each["name"] == "pods/eviction"]
        return f"{resource.get('group', 'policy')}/{resource.get('version', 'v1')}"

    def cordon(self, node):
        body = {"spec": {"unschedulable": True}}
        self.request("PATCH", f"/api/v1/nodes/{node}", body, "application/merge-patch+json")

    def pods_on(self, node):
        """Their metadata, and the resource version of the list."""
        status, listed = self.request("GET", f"/api/v1/pods?{of_node(node)}")
        assert status == 200, listed
        return [each["metadata"] for each in listed["items"]], listed["metadata"]["resourceVersion"]

    def evict(self, version, namespace, name, uid):
        """Asks once; gives the status and the answer. That the UID is another's counts as gone."""
        body = {
            "apiVersion": version,
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": namespace},
            "deleteOptions": {"preconditions": {"uid": uid}},
        }
        status, answer = self.request("POST", f"{pod_path(namespace, name)}/eviction", body)
        return (404 if "UID" in answer.get("message", "") else status), answer


def contest(manual, drain):
    """The command line that contestants have, and what they print at the end."""
    parser = argparse.ArgumentParser(description=manual, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", required=True, help="what control-plane.sh start made")
    parser.add_argument("--node", required=True)
    arguments = parser.parse_args()
    print(f"{drain(arguments.dir, arguments.node):.3f}", flush=True)
    # Threads may wait without an end; nothing of theirs needs tidying.
    os._exit(0)


def pod_path(namespace, name):
    return f"/api/v1/namespaces/{namespace}/pods/{name}"


def of_node(node):
    return urllib.parse.urlencode({"fieldSelector": f"spec.nodeName={node}"})
