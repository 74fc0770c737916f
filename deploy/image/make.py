#!/usr/bin/env python3
"""The image without a daemon. Usage: make.py rootfs PROGRAM DIRECTORY | image PROGRAM ARCHIVE | try ARCHIVE

  rootfs  only the files, for a Containerfile
  image   an OCI archive; it was created at $SOURCE_DATE_EPOCH, or when the commit was made
  try     runs it as its user on a read-only root, and says how large it is
"""

import datetime
import os
import pathlib
import subprocess
import sys
import tempfile

import archive
import bundle
import rootfs

HERE = pathlib.Path(__file__).resolve().parent
WANTED = 25_000_000  # bytes, compressed


def epoch():
    said = os.environ.get("SOURCE_DATE_EPOCH")
    if not said:
        call = ["git", "-C", HERE, "log", "-1", "--format=%ct"]
        said = subprocess.run(call, check=True, capture_output=True, text=True).stdout
    return int(said)


def version(program):
    """What it says of itself: drain-agent 0.1.0 (revision, Swift 6.3)."""
    said = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    name, number, revision = said.split()[:3]
    return number, revision.strip("(,")


def configuration(program, time):
    number, revision = version(program)
    created = datetime.datetime.fromtimestamp(time, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    labels = {
        "created": created,
        "description": "Drains a Kubernetes node so that people can see what happens",
        "licenses": "Apache-2.0",
        "revision": revision,
        "title": "drain-agent",
        "version": number,
    }
    return f"drain-agent:{number}", {
        "created": created,
        "config": {
            "User": f"{rootfs.USER}:{rootfs.USER}",
            "ExposedPorts": {"9809/tcp": {}},
            "Env": ["PATH=/usr/bin"],
            "Entrypoint": [f"/{rootfs.PROGRAM}"],
            "WorkingDir": "/",
            "Labels": {f"org.opencontainers.image.{name}": value for name, value in labels.items()},
        },
    }


def make_rootfs(program, directory):
    directory.mkdir(parents=True)
    rootfs.make(program, directory, directory)


def make_image(program, file):
    with tempfile.TemporaryDirectory() as work:
        base, top = pathlib.Path(work, "base"), pathlib.Path(work, "top")
        base.mkdir()
        top.mkdir()
        rootfs.make(program, base, top)
        layers = [archive.layer(base, owners={"run/drain-agent": rootfs.USER}), archive.layer(top)]
    reference, config = configuration(program, epoch())
    dpkg = subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    digest, sizes = archive.write(file, layers, config, reference, architecture=dpkg.stdout.strip())
    unpacked = [len(each) for each in layers]
    print(f"{reference} {digest}")
    names = ["libraries", "drain-agent", "together"]
    for name, size, whole in zip(names, [*sizes, sum(sizes)], [*unpacked, sum(unpacked)]):
        print(f"  {name:12} {size / 1e6:6.1f} MB compressed, {whole / 1e6:6.1f} MB unpacked")
    if sum(sizes) > WANTED:
        sys.exit(f"more than {WANTED / 1e6:.0f} MB")
    print(file)


def try_image(file):
    """`demo` needs nothing outside: it drains a node of a simulated cluster, over HTTP."""
    with tempfile.TemporaryDirectory() as work:
        directory = pathlib.Path(work, "bundle")
        arguments = ["demo", "--listen", "127.0.0.1:0", "--directory", "/tmp/demo"]
        bundle.make(file, directory, arguments, mounts=[(None, "/tmp", False)])
        done = subprocess.run(bundle.command(directory, "run", f"drain-agent-try-{os.getpid()}"))
    name = pathlib.Path(bundle.runtime()).name
    if done.returncode:
        sys.exit(f"under {name} it ended with {done.returncode}")
    who = rootfs.USER if os.geteuid() == 0 else f"{os.geteuid()} in a user namespace"
    print(f"ran under {name} as {who}, without capabilities, on a read-only root")


def main(arguments):
    match arguments:
        case ["rootfs", program, directory]:
            make_rootfs(program, pathlib.Path(directory))
        case ["image", program, file]:
            make_image(program, pathlib.Path(file))
        case ["try", file]:
            try_image(pathlib.Path(file))
        case _:
            print(__doc__, file=sys.stderr)
            sys.exit(64)


main(sys.argv[1:])
