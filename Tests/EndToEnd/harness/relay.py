"""Between Prometheus and an agent: each scrape becomes one in OpenMetrics and one in the text format, both kept for the
checks. Prometheus gets them by turns, and so reads both formats; to the agent they are one scraper."""

import gzip
import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .exposition import TEXT


class Relay:
    def __init__(self, address):
        """`address` gives the agent's, or None as long as it has none."""
        self.scrapes = []  # (is it OpenMetrics, text), in the order in which they were fetched
        self._agent_address = address
        self._serves_openmetrics = False
        self._lock = threading.Lock()
        relay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                relay.answer(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    @property
    def address(self):
        return "127.0.0.1:%d" % self._server.server_address[1]

    def end(self):
        # A connection that Prometheus keeps open outlives the server, and another agent may have the address by now.
        self._agent_address = lambda: None
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler):
        own = {name: value for name, value in handler.headers.items() if name.lower() not in ("host", "connection")}
        with self._lock:
            self._serves_openmetrics = not self._serves_openmetrics
            wanted = [{**own, "Accept": TEXT}, own]
            # Prometheus gets the later one. If the earlier showed the agent's end, the agent may be gone by then.
            earlier, later = wanted if self._serves_openmetrics else reversed(wanted)
            first = self._fetch(earlier, patience=0.9)
            chosen = self._fetch(later, patience=0.4) or first
        status, headers, body = chosen or (502, {}, b"")
        handler.send_response(status)
        for name in ("Content-Type", "Content-Encoding"):
            if name in headers:
                handler.send_header(name, headers[name])
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _fetch(self, headers, patience):
        """Status, headers and body; None when nobody answers in time."""
        address = self._agent_address()
        if not address:
            return None
        connection = http.client.HTTPConnection(address, timeout=patience)
        try:
            connection.request("GET", "/metrics", headers=headers)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        text = (gzip.decompress(body) if response.headers.get("Content-Encoding") == "gzip" else body).decode()
        if response.status == 200:
            self.scrapes.append((response.headers.get_content_type() == "application/openmetrics-text", text))
        return response.status, response.headers, body
