"""What is in the image: the program, the C libraries it is linked against, CA certificates, and a user; no shell.

The libraries are those of the machine that the program was built on (Debian), as its dynamic linker finds them. With
each come its package's copyright file and an entry in var/lib/dpkg/status.d, where scanners for vulnerabilities look.
"""

import pathlib
import re
import shutil
import subprocess

USER = 65532
PROGRAM = "usr/bin/drain-agent"
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
FILES = {
    "etc/passwd": f"nonroot:x:{USER}:{USER}:nonroot:/nonexistent:/sbin/nologin\n",
    "etc/group": f"nonroot:x:{USER}:\n",
    # As the C library would have it without the file, but files first.
    "etc/nsswitch.conf": "hosts: files dns\n",
}
# Where other people's things are mounted, and the control socket is made.
DIRECTORIES = ["dev", "proc", "run/drain-agent", "sys"]
LINKS = {"lib": "usr/lib", "lib64": "usr/lib64", "var/run": "/run"}


def make(program, base, top):
    """Fills two directories: `base` with what changes with Debian, `top` with what changes with us."""
    libraries = linked(program)
    for path, file in libraries.items():
        place(file, base, unmerged(path))
    place(pathlib.Path("/") / CERTIFICATES, base, CERTIFICATES)
    for package in sorted({owner(path) for path in libraries.values()} | {"ca-certificates"}):
        describe(package, base)
    for name, text in FILES.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(text)
    for name in DIRECTORIES:
        (base / name).mkdir(parents=True, exist_ok=True)
    for name, target in LINKS.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).symlink_to(target)
    (top / PROGRAM).parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["strip", "--strip-all", "-o", top / PROGRAM, program], check=True)
    (top / PROGRAM).chmod(0o755)


def linked(program):
    """Path of each library as the dynamic linker names it, and the same behind all links."""
    said = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    if "not found" in said:
        raise SystemExit(f"{program} lacks libraries:\n{said}")
    paths = [pathlib.Path(each) for each in re.findall(r"(?:=> )?(/\S+) \(0x", said)]
    swift = [path.name for path in paths if path.name.startswith(("libswift", "libFoundation"))]
    if swift:
        raise SystemExit(f"{program} needs {', '.join(swift)}: build it with --static-swift-stdlib")
    return {path: path.resolve() for path in paths}


def unmerged(path):
    """/lib/x and /lib64/x are links to /usr/lib/x and /usr/lib64/x, here as on Debian."""
    name = str(path).lstrip("/")
    return name if name.startswith("usr/") else f"usr/{name}"


def place(source, root, name):
    destination = root / name
    destination.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, destination)
    destination.chmod(0o755 if ".so" in destination.name else 0o644)


def owner(path):
    """The Debian package of a file; dpkg knows those of /lib under either name."""
    for name in (str(path), str(path).removeprefix("/usr")):
        done = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.split(": ")[0]
    raise SystemExit(f"{path} belongs to no package: what is its licence?")


def describe(package, root):
    """Copyright and version of a package."""
    name = package.split(":")[0]
    shown = subprocess.run(["dpkg-query", "-s", package], check=True, capture_output=True, text=True).stdout
    wanted = ("Package", "Status", "Source", "Version", "Architecture", "Maintainer")
    lines = [line for line in shown.splitlines() if line.split(":")[0] in wanted]
    status = root / "var/lib/dpkg/status.d" / name
    status.parent.mkdir(parents=True, exist_ok=True)
    status.write_text("\n".join(lines) + "\n")
    place(pathlib.Path("/usr/share/doc") / name / "copyright", root, f"usr/share/doc/{name}/copyright")
