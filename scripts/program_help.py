"""What the program says of itself, for the scripts that write its documents."""
import json
import subprocess

DASHES = {"long": "--", "short": "-", "longWithSingleDash": "-"}


def dump(program):
    return json.loads(subprocess.check_output([program, "--experimental-dump-help"]))["command"]


def commands(program):
    return [c for c in dump(program)["subcommands"] if c["commandName"] != "help"]


def names(argument):
    return [DASHES[n["kind"]] + n["name"] for n in argument.get("names", [])]


def is_shown(argument):
    """The help and version flags are everywhere the same; `--no-x` is said where `--x` is."""
    return argument.get("shouldDisplay", True) and not ", ".join(names(argument)).startswith(
        ("-h", "--version", "--no-"))


def default(argument):
    value = argument.get("defaultValue", "")
    if argument["kind"] == "flag" and value:
        return "off" if "--no-" in value else "on"
    return value
