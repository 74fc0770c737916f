"""The manifests that are shipped, and objects that a real API server gave."""

import json
import pathlib

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def documents(name):
    return list(yaml.safe_load_all((REPOSITORY / "deploy" / name).read_text()))


def one(name, kind, called):
    (found,) = [each for each in documents(name) if (each["kind"], each["metadata"]["name"]) == (kind, called)]
    return found


def recorded(name):
    return json.loads((REPOSITORY / "Tests/Fixtures/wire" / f"{name}.json").read_text())["body"]
