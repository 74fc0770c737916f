"""A collector of spans that behaves as it is told: OTLP/HTTP JSON, read by OpenTelemetry's own messages."""

import gzip
import json
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .spans import parse_spans


class Collector:
    """`troubles`: what to do with the first requests, one after the other; then, or after `cured()`, all is well."""

    def __init__(self, *troubles, for_good=False):
        self.troubles = list(troubles)
        self.for_good = for_good
        self.spans = []  # those that the client may believe to be here
        self.rejected = 0
        self.problems = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.take(self, body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        assert not self.problems, self.problems

    def take(self, handler, body):
        with self._lock:
            trouble = self.troubles[0] if self.troubles else "none"
            if self.troubles and not self.for_good:
                del self.troubles[0]
            try:
                assert handler.path == "/v1/traces", handler.path
                assert handler.headers["Content-Type"] == "application/json"
                assert handler.headers["Content-Encoding"] == "gzip"
                spans = parse_spans(json.loads(gzip.decompress(body)), ExportTraceServiceRequest)
            except Exception as problem:
                self.problems.append(repr(problem))
                raise
            if trouble in ("none", "partial", "garbled"):
                self.spans += spans
        getattr(self, f"_{trouble}")(handler)

    def _none(self, handler):
        self._answer(handler, 200, "{}")

    def _partial(self, handler):
        self.rejected += 1
        self._answer(handler, 200, '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"one is too old"}}')

    def _garbled(self, handler):
        self._answer(handler, 200, "<html>\x00")

    def _throttles(self, handler):
        self._answer(handler, 429, "", **{"Retry-After": "1"})

    def _unavailable(self, handler):
        self._answer(handler, 503, "away")

    def _refuses(self, handler):
        self._answer(handler, 400, '{"code":3,"message":"no"}')

    def _hangs(self, handler):
        self._over.wait()
        handler.close_connection = True

    def _resets(self, handler):
        handler.close_connection = True
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    def _no_http(self, handler):
        handler.close_connection = True
        handler.wfile.write(b"\x01\x02 no HTTP\r\n\r\n")

    @staticmethod
    def _answer(handler, status, text, **headers):
        body = text.encode()
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(body), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
