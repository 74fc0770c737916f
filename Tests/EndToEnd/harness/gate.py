"""Between a browser and an agent, as an ingress is: while it is shut, it answers for the agent."""

import asyncio

from .wire import PIECE, Proxy

UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\nContent-Length: 12\r\n\r\nno backend\r\n"


class Gate(Proxy):
    def __init__(self, scenario, address):
        super().__init__(scenario)
        host, port = address.rsplit(":", 1)
        self.upstream = (host, int(port))
        self.refused = 0
        self._is_shut = False
        self._open = set()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def shut(self):
        """Who is there is cut off, who comes is told that there is nobody."""

        async def cut():
            self._is_shut = True
            for each in self._open:
                each.transport.abort()

        self.do(cut())

    def open(self):
        self._is_shut = False

    async def serve(self, reader, writer):
        if self._is_shut:
            await reader.readuntil(b"\r\n\r\n")
            self.refused += 1
            writer.write(UNAVAILABLE)
            await writer.drain()
            writer.write_eof()
            await reader.read()
            return
        up_reader, up_writer = await asyncio.open_connection(*self.upstream)
        self._open.add(writer)
        try:
            ways = [pump(reader, up_writer), pump(up_reader, writer)]
            await asyncio.wait(map(asyncio.create_task, ways), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open.discard(writer)
            up_writer.transport.abort()


async def pump(reader, writer):
    try:
        while data := await reader.read(PIECE):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
