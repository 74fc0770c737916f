"""deploy/image and deploy/Containerfile: what is in an image, and that the same input makes the same bytes."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile

import pytest
from files import REPOSITORY

IMAGE = REPOSITORY / "deploy/image"
sys.path.append(str(IMAGE))

import archive  # noqa: E402
import bundle  # noqa: E402
import rootfs  # noqa: E402

# Stands for the agent: a program with libraries of several packages.
PROGRAM = shutil.which("openssl")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    directory = tmp_path_factory.mktemp("rootfs")
    rootfs.make(PROGRAM, directory, directory)
    return directory


def files_in(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and not path.is_symlink()}


def test_nothing_is_in_it_but_the_program_libraries_certificates_and_who_we_are(root):
    kinds = {
        r"usr/bin/drain-agent": 1,
        r"usr/lib(64)?/.*\.so[.0-9]*": None,
        r"etc/(passwd|group|nsswitch\.conf)": 3,
        r"etc/ssl/certs/ca-certificates\.crt": 1,
        r"usr/share/doc/[^/]+/copyright": None,
        r"var/lib/dpkg/status\.d/[^/]+": None,
    }
    left = files_in(root)
    for pattern, count in kinds.items():
        found = {name for name in left if re.fullmatch(pattern, name)}
        assert found and count in (None, len(found)), pattern
        left -= found
    assert not left
    executable = {name for name in files_in(root) if os.access(root / name, os.X_OK) and ".so" not in name}
    assert executable == {"usr/bin/drain-agent"}


def test_each_library_is_there_under_the_name_that_is_asked_for(root):
    asked = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"^\s*(\S+\.so\S*) => /", asked, re.M)
    assert len(names) >= 3
    there = {pathlib.Path(name).name for name in files_in(root)}
    assert set(names) <= there


def test_it_runs_with_those_libraries_alone(root):
    """The dynamic linker is told to look nowhere else."""
    (linker,) = [*root.glob("usr/lib64/ld-linux-*"), *root.glob("usr/lib/ld-linux-*")]
    libraries = {str(path.parent) for path in (root / "usr/lib").rglob("*.so*")}
    call = [linker, "--inhibit-cache", "--library-path", ":".join(libraries), "--list", root / rootfs.PROGRAM]
    listed = subprocess.run(call, capture_output=True, text=True, check=True).stdout
    found = re.findall(r"=> (\S+)", listed)
    assert found and all(path.startswith(str(root)) for path in found), listed


def test_every_package_is_named_with_its_version_and_its_licence(root):
    statuses = list((root / "var/lib/dpkg/status.d").iterdir())
    assert {"libc6", "ca-certificates", "libssl3"} <= {path.name for path in statuses}
    for path in statuses:
        fields = dict(line.split(": ", 1) for line in path.read_text().splitlines())
        assert fields["Package"] == path.name and fields["Version"]
        assert (root / "usr/share/doc" / path.name / "copyright").stat().st_size


def test_the_certificates_are_where_libcurl_looks_for_them(root):
    said = subprocess.run(["curl-config", "--ca"], capture_output=True, text=True, check=True).stdout.strip()
    assert said == f"/{rootfs.CERTIFICATES}"
    assert "-----BEGIN CERTIFICATE-----" in (root / rootfs.CERTIFICATES).read_text()


def test_the_user_is_nobody_who_may_do_anything(root):
    assert (root / "etc/passwd").read_text() == "nonroot:x:65532:65532:nonroot:/nonexistent:/sbin/nologin\n"


def test_a_program_that_needs_swifts_libraries_is_refused(monkeypatch):
    said = "\tlibswiftCore.so => /usr/lib/libswiftCore.so (0x00007f0000000000)\n"
    done = subprocess.CompletedProcess([], 0, stdout=said)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    with pytest.raises(SystemExit, match="--static-swift-stdlib"):
        rootfs.linked("program")


@pytest.fixture
def made(root, tmp_path):
    layer = archive.layer(root, owners={"run/drain-agent": rootfs.USER})
    runs = {"User": "65532:65532", "Env": ["PATH=/usr/bin"], "Entrypoint": ["/usr/bin/drain-agent"], "WorkingDir": "/"}
    config = {"config": runs}
    file = tmp_path / "image.tar"
    digest, sizes = archive.write(file, [layer], config, "drain-agent:1.2.3", "amd64")
    return file, digest, sizes, layer, config


def test_the_same_files_make_the_same_bytes_at_any_time(root, made, tmp_path):
    file, digest, _, layer, config = made
    copy = tmp_path / "copy"
    shutil.copytree(root, copy, symlinks=True)
    os.utime(copy / rootfs.PROGRAM)
    assert archive.layer(copy, owners={"run/drain-agent": rootfs.USER}) == layer
    again = tmp_path / "again.tar"
    assert archive.write(again, [layer], config, "drain-agent:1.2.3", "amd64")[0] == digest
    assert again.read_bytes() == file.read_bytes()


def test_the_archive_is_an_oci_layout_and_what_docker_load_reads(made):
    file, digest, (size,), layer, _ = made
    with tarfile.open(file) as tar:
        files = {each.name: tar.extractfile(each).read() for each in tar}
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    (named,) = json.loads(files["index.json"])["manifests"]
    assert named["digest"] == digest and named["platform"] == {"architecture": "amd64", "os": "linux"}
    assert named["annotations"] == {"org.opencontainers.image.ref.name": "drain-agent:1.2.3"}
    manifest = json.loads(files[archive.path(named)])
    assert manifest["mediaType"] == named["mediaType"] == archive.MANIFEST
    assert [each["size"] for each in manifest["layers"]] == [size]
    (docker,) = json.loads(files["manifest.json"])
    assert docker == {
        "Config": archive.path(manifest["config"]),
        "RepoTags": ["drain-agent:1.2.3"],
        "Layers": [archive.path(each) for each in manifest["layers"]],
    }
    config, layers = archive.read(file)
    assert layers == [layer] and config["config"]["User"] == "65532:65532"


def test_a_damaged_archive_is_refused(made, tmp_path):
    file = made[0]
    with tarfile.open(file) as tar:
        files = {each.name: tar.extractfile(each).read() for each in tar}
    (named,) = json.loads(files["index.json"])["manifests"]
    data = file.read_bytes()
    manifest = files[archive.path(named)]
    (tmp_path / "bad.tar").write_bytes(data.replace(manifest, manifest[:-2] + b" \n"))
    with pytest.raises(SystemExit, match="is damaged"):
        archive.read(tmp_path / "bad.tar")


def test_layers_belong_to_root_but_for_the_sockets_directory(made):
    with tarfile.open(made[0]) as tar:
        (name,) = [each.name for each in tar if each.size > 100_000]
        with tarfile.open(fileobj=tar.extractfile(name)) as layer:
            owners = {each.name: (each.uid, each.gid) for each in layer if each.uid}
            times = {each.mtime for each in layer}
    assert owners == {"run/drain-agent": (65532, 65532)} and times == {0}


def test_a_bundle_is_unprivileged(made, tmp_path):
    directory = tmp_path / "bundle"
    bundle.make(made[0], directory, ["run"], {"A": "b"}, [(None, "/tmp", False), (tmp_path, "/data", True)])
    made_of = json.loads((directory / "config.json").read_text())
    process = made_of["process"]
    assert process["args"] == ["/usr/bin/drain-agent", "run"] and process["env"] == ["PATH=/usr/bin", "A=b"]
    assert process["user"] == {"uid": 65532, "gid": 65532}
    assert process["capabilities"] == {} and process["noNewPrivileges"] is True
    assert made_of["root"]["readonly"] is True
    mounts = {each["destination"]: each for each in made_of["mounts"]}
    assert mounts["/tmp"]["type"] == "tmpfs" and "ro" in mounts["/data"]["options"]


# --- the Containerfile says the same


CONTAINERFILE = (REPOSITORY / "deploy/Containerfile").read_text()


def test_the_containerfile_needs_no_registry_by_name():
    images = re.findall(r"^FROM (\S+)", CONTAINERFILE, re.M)
    assert images == ["swift:6.2-bookworm", "scratch"]


def test_the_containerfile_installs_what_the_build_installs():
    install = (REPOSITORY / "scripts/install").read_text()
    (build,) = re.findall(r"^    build\) apt_install (.+) ;;", install, re.M)
    (image,) = re.findall(r"^    image\) apt_install (.+) ;;", install, re.M)
    (packages,) = re.findall(r"--no-install-recommends \\\n(.+)\n", CONTAINERFILE)
    assert set(packages.split()) == {*build.split(), *image.split()} - {"runc"}


def test_the_containerfile_runs_as_the_image_of_make_does():
    source = (IMAGE / "make.py").read_text()
    assert f"USER {rootfs.USER}:{rootfs.USER}\n" in CONTAINERFILE
    assert f'ENTRYPOINT ["/{rootfs.PROGRAM}"]\n' in CONTAINERFILE
    assert "ENV PATH=/usr/bin\n" in CONTAINERFILE and '"Env": ["PATH=/usr/bin"]' in source
    assert "EXPOSE 9809/tcp\n" in CONTAINERFILE and '"ExposedPorts": {"9809/tcp": {}}' in source
