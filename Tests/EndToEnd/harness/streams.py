"""Where an agent's output may go instead of a file that takes everything."""

import fcntl
import os
import threading
from contextlib import contextmanager

F_SETPIPE_SZ = 1031


def _pipe():
    read, write = os.pipe()
    fcntl.fcntl(write, F_SETPIPE_SZ, 4096)
    return read, write


@contextmanager
def closed():
    """As with >&- in a shell: nothing is there at all."""
    yield None


@contextmanager
def full():
    """A disk without room."""
    descriptor = os.open("/dev/full", os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


@contextmanager
def reader_has_gone():
    read, write = _pipe()
    os.close(read)
    yield write
    os.close(write)


@contextmanager
def nobody_reads():
    read, write = _pipe()
    yield write
    os.close(read)
    os.close(write)


LOST = {
    "closed": closed,
    "a full disk": full,
    "a pipe whose reader has gone": reader_has_gone,
    "a pipe that nobody reads": nobody_reads,
}


class Copied:
    """A pipe whose bytes go on into a file, so that the agent itself writes none."""

    def __init__(self, path):
        self._path = path
        self._read, self.descriptor = os.pipe()

    def __enter__(self):
        threading.Thread(target=self._copy, daemon=True).start()
        return self

    def __exit__(self, *_):
        os.close(self.descriptor)

    def _copy(self):
        with open(self._path, "ab", buffering=0) as file:
            while data := os.read(self._read, 65536):
                file.write(data)
        os.close(self._read)
