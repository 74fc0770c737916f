"""Runs the image with runc or crun, without a daemon: as its user, without capabilities, on a read-only root.

Anybody but root runs it in a user namespace, as themselves: nobody else is in it, and they are called 0 there. The
network is the machine's own.
"""

import io
import json
import os
import shutil
import tarfile

import archive


def make(image, directory, arguments=(), environment=(), mounts=(), user=None):
    """Writes a bundle. `mounts`: (source or, for a tmpfs, None; destination; read-only?). `user`: or its own."""
    config, layers = archive.read(image)
    root = directory / "rootfs"
    root.mkdir(parents=True)
    for data in layers:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for entry in tar:
                entry.mode |= 0o700 if entry.isdir() else 0
                if os.geteuid() != 0:
                    entry.uid, entry.gid = os.getuid(), os.getgid()
                tar.extract(entry, root)
    uid = int((config["config"]["User"] if user is None else str(user)).split(":")[0])
    if os.geteuid() != 0:
        uid = 0
    process = {
        "args": [*config["config"]["Entrypoint"], *map(str, arguments)],
        "env": [*config["config"].get("Env", []), *(f"{name}={value}" for name, value in dict(environment).items())],
        "cwd": config["config"]["WorkingDir"],
        "user": {"uid": uid, "gid": uid},
        "capabilities": {},
        "noNewPrivileges": True,
    }
    (directory / "config.json").write_text(json.dumps(specification(process, mounts), indent=1))
    return root


def specification(process, mounts):
    ours = [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        memory("/dev", "mode=755", "size=64k"),
        # A container sees the host's names as its own.
        *(bound(name, name) for name in ("/etc/resolv.conf", "/etc/hosts") if os.path.exists(name)),
    ]
    for source, destination, is_read_only in mounts:
        ours.append(bound(source, destination, is_read_only) if source else memory(destination, "mode=1777"))
    linux = {
        "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")],
        "maskedPaths": ["/proc/kcore", "/proc/keys"],
        "readonlyPaths": ["/proc/sys"],
    }
    if os.geteuid() != 0:
        linux["namespaces"].append({"type": "user"})
        linux["uidMappings"] = [{"containerID": 0, "hostID": os.getuid(), "size": 1}]
        linux["gidMappings"] = [{"containerID": 0, "hostID": os.getgid(), "size": 1}]
    return {
        "ociVersion": "1.0.2",
        "process": process,
        "root": {"path": "rootfs", "readonly": True},
        "hostname": "drain-agent",
        "mounts": ours,
        "linux": linux,
    }


def bound(source, destination, is_read_only=True):
    options = ["bind", "nosuid", "nodev", "ro" if is_read_only else "rw"]
    return {"destination": str(destination), "type": "bind", "source": str(source), "options": options}


def memory(destination, *options):
    return {"destination": str(destination), "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", *options]}


def runtime():
    """runc or crun, whichever is there."""
    found = shutil.which("runc") or shutil.which("crun")
    if not found:
        raise SystemExit("no runc or crun to run the image with: scripts/install image")
    return found


def command(directory, verb, name, *arguments):
    """The call of the runtime. That of `run` is the container: stdout, stderr, signals, exit code are the program's."""
    options = ["--bundle", str(directory)] if verb == "run" else ["--force"] if verb == "delete" else []
    return [runtime(), "--root", str(directory / "state"), verb, *options, name, *map(str, arguments)]
