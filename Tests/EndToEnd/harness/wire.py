"""Between an agent and the API server at TCP's level: what is said is TLS, which cannot be read, but delayed and broken."""

import asyncio
import json
import random
import socket
import struct
import threading
import time
import urllib.parse

PIECE = 16 << 10


class Proxy:
    """A server on loopback in front of the API server, in a thread of its own; what it does is its kind's matter."""

    def __init__(self, scenario):
        self.scenario = scenario
        url = urllib.parse.urlsplit((scenario.stage.control_plane / "server").read_text().strip())
        self.upstream = (url.hostname, url.port)
        self.problems = []
        self.connections = 0  # that were made by the agent so far
        self.tls = None  # set where it is the proxy that speaks TLS
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._server = self.do(asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls, limit=1 << 20))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_):
        async def end():
            self._server.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for each in others:
                each.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self.do(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        assert not self.problems, self.problems

    def do(self, coroutine):
        """Runs it in the proxy's thread, and waits for what it gives."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def kubeconfig(self, host="127.0.0.1", name="proxied", of=None, **cluster):
        """The agent's own, or that one, but for where the server is."""
        config = json.loads((of or self.scenario.stage.agent_kubeconfig).read_text())
        config["clusters"][0]["cluster"].update({"server": f"https://{host}:{self.port}", **cluster})
        path = self.scenario.directory / f"{name}.kubeconfig"
        path.write_text(json.dumps(config))
        path.chmod(0o600)
        return path

    async def _serve(self, reader, writer):
        self.connections += 1
        try:
            await self.serve(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        except Exception as problem:  # of ours: the fault was not the one that the test is about
            self.problems.append(repr(problem))
        finally:
            writer.transport.abort()


class Wire(Proxy):
    """Passes bytes on: late, slowly, or not at all."""

    def __init__(self, scenario, latency=0, jitter=0, rate=None):
        """`latency` and `jitter` in seconds, one way; `rate`: bytes a second, for all connections together, each way."""
        super().__init__(scenario)
        self.latency, self.jitter, self.rate = latency, jitter, rate
        self.fault = lambda: None  # gives what happens to the next connection
        self.carried = 0  # bytes to the agent
        self._free = {}  # when each direction has carried what it was given
        self._pairs = []
        self._random = random.Random(7)

    async def serve(self, reader, writer):
        fault = self.fault()
        if fault == "reset on connecting":
            return reset(writer)
        up_reader, up_writer = await asyncio.open_connection(*self.upstream)
        pair = Pair(writer, up_writer)
        self._pairs.append(pair)
        try:
            if fault:
                await FAULTS_OF_CONNECTIONS[fault](reader, writer, up_reader, up_writer)
                return
            await asyncio.gather(
                self._pass_on(reader, up_writer, pair, "up"), self._pass_on(up_reader, writer, pair, "down")
            )
        finally:
            self._pairs.remove(pair)
            up_writer.transport.abort()

    async def _pass_on(self, reader, writer, pair, way):
        late = asyncio.Queue(64)
        forward = asyncio.create_task(self._deliver(late, writer, pair, way))
        try:
            while data := await reader.read(512 if self.rate else PIECE):
                await late.put((time.monotonic() + self.latency + self._random.uniform(0, self.jitter), data))
            await late.put((0, None))
            await forward
        finally:
            forward.cancel()

    async def _deliver(self, late, writer, pair, way):
        while True:
            due, data = await late.get()
            await asyncio.sleep(due - time.monotonic())
            if data is None:
                return writer.write_eof()
            if self.rate:
                begin = max(time.monotonic(), self._free.get(way, 0))
                self._free[way] = begin + len(data) / self.rate
                await asyncio.sleep(self._free[way] - time.monotonic())
            if pair.is_dead:
                await asyncio.Event().wait()
            if way == "down":
                self.carried += len(data)
            writer.write(data)
            await writer.drain()

    def silence(self):
        """Every connection that there is stays open, and carries nothing any more; gives how many there were."""

        async def now():
            for each in self._pairs:
                each.is_dead = True
            return len(self._pairs)

        return self.do(now())

    def reset_all(self):
        """Every connection that there is, whatever it is used for."""

        async def now():
            for each in list(self._pairs):
                reset(each.down)
                reset(each.up)

        self.do(now())


class Pair:
    """A connection of the agent's, and ours to the API server for it."""

    def __init__(self, down, up):
        self.down, self.up = down, up
        self.is_dead = False


def reset(writer):
    """RST."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


# --- what can become of a connection: its bytes and ours to the API server


async def reset_in_handshake(reader, writer, up_reader, up_writer):
    up_writer.write(await reader.read(PIECE))
    writer.write((await up_reader.readexactly(200)))
    await writer.drain()
    reset(writer)


async def end_in_handshake(reader, writer, up_reader, up_writer):
    await reader.read(PIECE)
    writer.write_eof()
    await reader.read()


async def no_tls(reader, writer, up_reader, up_writer):
    await reader.read(PIECE)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await writer.drain()
    writer.write_eof()
    await reader.read()


async def garble(reader, writer, up_reader, up_writer):
    """Right up to the handshake's end, then one bit of what the server says is not what it said."""
    await both(reader, writer, up_reader, up_writer, lambda data: data[:-1] + bytes([data[-1] ^ 1]))


async def cut(reader, writer, up_reader, up_writer):
    """The answer ends in the middle of a TLS record: a FIN without TLS's own goodbye."""
    await both(reader, writer, up_reader, up_writer, lambda data: data[: len(data) // 2], ends=True)


async def half_close(reader, writer, up_reader, up_writer):
    """We say no more after the handshake, and go on listening."""
    await both(reader, writer, up_reader, up_writer, lambda data: b"", ends=True)


async def both(reader, writer, up_reader, up_writer, change, ends=False):
    """Passes the handshake on, and the request; what the server says after that is changed."""
    asked = asyncio.Event()

    async def up():
        said = 0
        while data := await reader.read(PIECE):
            said += 1
            # The client's hello, its Finished (with TLS 1.3 the request may come with it), its request.
            if said >= 2:
                asked.set()
            up_writer.write(data)
            await up_writer.drain()

    async def down():
        while data := await up_reader.read(PIECE):
            if asked.is_set():
                data = change(data)
            writer.write(data)
            await writer.drain()
            if asked.is_set() and ends:
                writer.write_eof()
                return

    await asyncio.gather(up(), down())


FAULTS_OF_CONNECTIONS = {
    "reset on connecting": None,
    "reset in the TLS handshake": reset_in_handshake,
    "ended in the TLS handshake": end_in_handshake,
    "HTTP where TLS should be": no_tls,
    "a bit flipped in a TLS record": garble,
    "ended in the middle of a TLS record": cut,
    "half-closed when the request has been sent": half_close,
}
