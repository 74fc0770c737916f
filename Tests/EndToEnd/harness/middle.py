"""Between an agent and the API server as one who speaks TLS and HTTP with both: it can change what is said."""

import asyncio
import re
import ssl
import subprocess
from dataclasses import dataclass, field

from .wire import PIECE, Proxy, reset

ANSWERED = "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n"


class Middle(Proxy):
    """`fault(request)` gives what to do in place of passing the request on: a coroutine function over the Call, or None."""

    def __init__(self, scenario, fault=lambda request: None, certificate="apiserver"):
        super().__init__(scenario)
        self.fault = fault
        self.requests = []  # all that were read
        self._certs = scenario.stage.control_plane / "certs"
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.present(self._certs / certificate)
        self._to_server = ssl.create_default_context(cafile=self._certs / "ca.crt")

    def present(self, certificate):
        """From now on this is our certificate: a path without .crt and .key."""
        self.tls.load_cert_chain(f"{certificate}.crt", f"{certificate}.key")

    async def serve(self, reader, writer):
        server = None
        try:
            while request := await read_request(reader):
                self.requests.append(request)
                fault = self.fault(request)
                if server is None:
                    server = await asyncio.open_connection(*self.upstream, ssl=self._to_server, limit=1 << 20)
                call = Call(request, reader, writer, *server)
                await (fault or Call.pass_on)(call)
                if call.is_over or writer.transport.is_closing():
                    return
        finally:
            if server:
                server[1].transport.abort()


@dataclass
class Request:
    method: str
    target: str
    raw: bytes = field(repr=False)

    @property
    def kind(self):
        path, _, query = self.target.partition("?")
        if path.endswith("/eviction"):
            return "evict"
        if "watch=" in query:
            return "watch"
        if self.method != "GET":
            return "write"
        return "list" if path.endswith(("/pods", "/nodes", "/poddisruptionbudgets")) else "read"

    @property
    def pod(self):
        found = re.search(r"/pods/([^/?]+)", self.target)
        return found and found[1]


async def read_request(reader):
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    body = await reader.readexactly(int(length[1])) if length else b""
    return Request(method, target, head + body)


class Call:
    """A request of the agent's, and the means to answer it rightly or wrongly."""

    def __init__(self, request, reader, writer, up_reader, up_writer):
        self.request = request
        self.is_over = False  # the connection is of no use any more
        self._reader, self._writer = reader, writer
        self._up_reader, self._up_writer = up_reader, up_writer

    async def ask(self):
        """Passes the request on; the head of the server's answer, and its body as it comes, in pieces without framing."""
        self._up_writer.write(self.request.raw)
        await self._up_writer.drain()
        head = await self._up_reader.readuntil(b"\r\n\r\n")
        return head, self._pieces(head)

    async def _pieces(self, head):
        if re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head):
            while size := int(await self._up_reader.readuntil(b"\r\n"), 16):
                yield await self._up_reader.readexactly(size)
                await self._up_reader.readexactly(2)
            await self._up_reader.readexactly(2)
        else:
            left = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)[1])
            while left:
                piece = await self._up_reader.read(min(left, PIECE))
                left -= len(piece)
                yield piece

    async def answer(self):
        """Head and whole body of the server's answer."""
        head, pieces = await self.ask()
        return head, b"".join([each async for each in pieces])

    async def pass_on(self):
        head, pieces = await self.ask()
        is_chunked = b"chunked" in head.lower()
        await self.write(head)
        async for each in pieces:
            await self.write(chunk(each) if is_chunked else each)
        if is_chunked:
            await self.write(b"0\r\n\r\n")

    async def write(self, data):
        self._writer.write(data)
        await self._writer.drain()

    async def say(self, status, body, content_type="text/html", headers=""):
        """An answer of our own."""
        head = ANSWERED.format(status, "Said By A Proxy", content_type, len(body), headers)
        await self.write(head.encode() + body)

    def reset(self):
        """RST, as from a host that has forgotten the connection."""
        reset(self._writer)
        self.is_over = True

    async def end(self):
        """TLS's goodbye and a FIN."""
        self._writer.close()
        self.is_over = True
        await self._writer.wait_closed()

    async def trickle(self):
        """A blank each half second, until the agent has had enough."""
        self.is_over = True
        while not self._writer.is_closing():
            await self.write(b" ")
            await asyncio.sleep(0.5)

    async def hold(self):
        """Until the agent has had enough."""
        self.is_over = True
        while await self._reader.read(PIECE):
            pass


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def with_length(head, length):
    """The head with this Content-Length in place of what framing it had."""
    lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    kept = [each for each in lines if not re.match(rb"(?i)(content-length|transfer-encoding):", each)]
    return b"\r\n".join([*kept, b"Content-Length: %d" % length, b"", b""])


def chunked(head):
    return re.sub(rb"Content-Length: \d+", b"Transfer-Encoding: chunked", with_length(head, 0))


class Certificates:
    """Of the control plane's CA or of another, good or bad, each a path without .crt and .key."""

    def __init__(self, scenario):
        self._certs = scenario.stage.control_plane / "certs"
        self._directory = scenario.directory

    def of_another_authority(self):
        self._openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "other-ca.key")
        subject = ["-subj", "/CN=another-ca", "-days", "2"]
        self._openssl("req", "-x509", "-new", "-key", "other-ca.key", *subject, "-out", "other-ca.crt")
        return self._issue("of-another-authority", "IP:127.0.0.1", authority=self._directory / "other-ca")

    def of_another_host(self):
        return self._issue("of-another-host", "DNS:elsewhere.example.com")

    def expired(self):
        return self._issue("expired", "IP:127.0.0.1", begin="20200101000000Z", end="20200102000000Z")

    def _issue(self, name, host, authority=None, begin="20200101000000Z", end="20991231000000Z"):
        authority = authority or self._certs / "ca"
        self._openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{name}.key")
        self._openssl("req", "-new", "-key", f"{name}.key", "-subj", "/CN=kube-apiserver", "-out", f"{name}.csr")
        issued = self._directory / f"{name}.issued"
        issued.mkdir()
        (issued / "index").touch()
        # `openssl ca`, because `openssl x509` knows no dates.
        (issued / "config").write_text(
            f"[ca]\ndefault_ca=it\n[it]\ndatabase={issued}/index\nnew_certs_dir={issued}\nrand_serial=yes\n"
            f"default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n"
            f"[extensions]\nextendedKeyUsage=serverAuth\nsubjectAltName={host}\n"
        )
        self._openssl(
            "ca", "-batch", "-notext", "-config", issued / "config", "-extensions", "extensions",
            "-cert", f"{authority}.crt", "-keyfile", f"{authority}.key", "-startdate", begin, "-enddate", end,
            "-in", f"{name}.csr", "-out", f"{name}.crt",
        )
        return self._directory / name

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *map(str, arguments)], cwd=self._directory, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
