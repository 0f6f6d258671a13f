"""`wasmote keys provision`: the key set of this machine onto a device."""

from wasmote.cli.agent import Device
from wasmote.cli.key_options import FOLDER, Folder
from wasmote.cli.output import JsonOption, Output
from wasmote.errors import UsageError
from wasmote.links import connected, trust
from wasmote.sign.chain import Chain


def provision(device: Device = "auto", keys: Folder = FOLDER, json: JsonOption = False) -> None:
    """Give a device the key set: the present one to a device without, else all that it lacks.

    A device that has one takes only what its own roots have signed.
    """
    out = Output(json)
    chain = Chain(keys.expanduser())
    newest = len(chain.documents())
    if not newest:
        raise UsageError(f"{keys}: no key set yet: wasmote keys init makes the first")
    with connected(device) as link:
        had = trust.state(link).keyset
        if had > newest:
            raise UsageError(f"{link.name} has key set {had}, {keys} only {newest}: copy the rest")
        for version in range(had + 1 if had else newest, newest + 1):
            path = chain.json_path(version)
            trust.take(link, path.read_bytes(), path.with_suffix(".sig").read_bytes())
            out.say(f"{link.name}: key set {version}")
        if had == newest:
            out.say(f"{link.name}: has key set {had} already")
        out.data({"device": link.name, "before": had, "keyset": newest})
