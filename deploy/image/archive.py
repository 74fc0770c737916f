"""An OCI archive: layers, a configuration and a manifest, named by their digests. The same input, the same bytes."""

import gzip
import hashlib
import io
import json
import tarfile

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def layer(root, owners=None):
    """The directory as a tar: sorted, of 1970, and of root but for `owners` (name: uid)."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(root.rglob("*")):
            name = str(path.relative_to(root))
            entry = tar.gettarinfo(path, arcname=name)
            entry.uid = entry.gid = (owners or {}).get(name, 0)
            entry.uname = entry.gname = ""
            entry.mtime = 0
            entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
            if entry.isreg():
                with open(path, "rb") as file:
                    tar.addfile(entry, file)
            else:
                tar.addfile(entry)
    return made.getvalue()


def write(file, layers, configuration, reference, architecture):
    """Writes the archive; gives the manifest's digest and the layers' compressed sizes."""
    blobs = {}

    def blob(data, kind):
        digest = hashlib.sha256(data).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = data
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(data)}

    packed = [blob(gzip.compress(data, compresslevel=9, mtime=0), LAYER) for data in layers]
    platform = {"architecture": architecture, "os": "linux"}
    config = blob(encoded({**platform, **configuration, "rootfs": {"type": "layers", "diff_ids": ids(layers)}}), CONFIG)
    manifest = blob(encoded({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": packed}), MANIFEST)
    named = {**manifest, "platform": platform, "annotations": {"org.opencontainers.image.ref.name": reference}}
    # What `docker load` reads before version 25.
    docker = {"Config": path(config), "RepoTags": [reference], "Layers": [path(each) for each in packed]}
    entries = {
        "oci-layout": encoded({"imageLayoutVersion": "1.0.0"}),
        "index.json": encoded({"schemaVersion": 2, "mediaType": INDEX, "manifests": [named]}),
        "manifest.json": encoded([docker]),
        **blobs,
    }
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in sorted(entries.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return manifest["digest"], [each["size"] for each in packed]


def path(descriptor):
    return "blobs/" + descriptor["digest"].replace(":", "/")


def ids(layers):
    return ["sha256:" + hashlib.sha256(data).hexdigest() for data in layers]


def encoded(value):
    return json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"


def read(file):
    """Configuration and layers (as tars) of the archive's one image; every digest is checked."""
    with tarfile.open(file) as tar:
        files = {each.name: tar.extractfile(each).read() for each in tar if each.isreg()}

    def content(descriptor):
        data = files[path(descriptor)]
        found = "sha256:" + hashlib.sha256(data).hexdigest()
        if (found, len(data)) != (descriptor["digest"], descriptor["size"]):
            raise SystemExit(f"{file}: {descriptor['digest']} is damaged")
        return data

    (named,) = json.loads(files["index.json"])["manifests"]
    manifest = json.loads(content(named))
    config = json.loads(content(manifest["config"]))
    layers = [gzip.decompress(content(each)) for each in manifest["layers"]]
    if ids(layers) != config["rootfs"]["diff_ids"]:
        raise SystemExit(f"{file}: a layer is another than the configuration says")
    return config, layers
