"""`wasmote agent serve`: bundles in pieces over MQTT, for nodes that have no HTTP."""

import hashlib
import json as jsons
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from wasmote.agent.manifest import FILE_NAME
from wasmote.cli.output import JsonOption, Output
from wasmote.errors import BundleError, UsageError
from wasmote.links import bundles, mqtt, pieces
from wasmote.sign import sigfile
from wasmote.sign.chain import Chain

LONGEST = 1032
WAIT_S = 1.0
_NODE = re.compile(r"[a-z0-9-]{1,32}/[a-z0-9-]{1,32}")


def serve(
    bundle: Annotated[list[Path], typer.Argument(help="Folders of signed bundles.")],
    broker: Annotated[str, typer.Option(help="host or host:port (1883).")],
    to: Annotated[
        list[str] | None,
        typer.Option(metavar="SITE/NODE", help="Ask this node to run them; repeat it."),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="Serve the key sets of this folder, too.")
    ] = None,
    prefix: Annotated[str, typer.Option(help="As in the nodes' configuration.")] = "wasmote",
    user: Annotated[str, typer.Option(help="As whom the broker knows us.")] = "",
    password_file: Annotated[Path | None, typer.Option(help="A file that holds it.")] = None,
    ca: Annotated[Path | None, typer.Option(help="TLS, with these authorities (PEM).")] = None,
    json: JsonOption = False,
) -> None:
    """Answer what nodes ask for, piece by piece, until Ctrl-C. For nodes without HTTP.

    --to publishes `desired` for a node, which replaces the one that it has; others ask for what
    their own `desired` names, with the url mqtt: or none.
    """
    out = Output(json)
    for node in to or ():
        if not _NODE.fullmatch(node):
            raise UsageError(f"--to {node!r}: not of the form SITE/NODE")
    if bool(user) != bool(password_file):
        raise UsageError("--user and --password-file go together")
    password = password_file.read_text().rstrip("\r\n") if password_file else ""
    shelf, desired = _load(bundle, keys)
    host, port = mqtt.parse_address(broker)
    with mqtt.Listener(
        host, port, prefix, below="+/+/ask", user=user, password=password, authority=ca
    ) as listener:
        for node in to or ():
            listener.publish(f"{prefix}/v1/{node}/desired", jsons.dumps(desired), retain=True)
            out.say(f"{node}: asked to run {', '.join(desired['agents'])}")
        out.say(f"{len(shelf)} files for the nodes at {host}:{port}")
        answer(listener, shelf, lambda node, text: out.say(f"{node}: {text}"))


def _load(folders: list[Path], keys: Path | None) -> tuple[dict[tuple[bytes, str], bytes], Any]:
    """What nodes may ask for, and what `desired` names of it."""
    shelf: dict[tuple[bytes, str], bytes] = {}
    desired: dict[str, Any] = {"format": 1, "agents": {}}
    for folder in folders:
        manifest, files = bundles.load(folder)
        if sigfile.FILE_NAME not in files:
            raise BundleError(f"{folder}: not signed, so no node takes it: wasmote agent sign")
        if manifest.name in desired["agents"]:
            raise UsageError(f"{folder}: {manifest.name} is named twice")
        shelf |= pieces.shelf(files)
        digest = hashlib.sha256(files[FILE_NAME]).hexdigest()
        desired["agents"][manifest.name] = {"manifest": digest, "url": "mqtt:"}
    if keys:
        chain = Chain(keys.expanduser())
        newest = len(chain.documents())
        if not newest:
            raise UsageError(f"{keys}: no key set yet: wasmote keys init makes the first")
        for version in range(1, newest + 1):
            for path in (chain.json_path(version), chain.json_path(version).with_suffix(".sig")):
                shelf[pieces.NOBODY, path.name] = path.read_bytes()
        desired["keysets"] = {"version": newest, "url": "mqtt:"}
    return shelf, desired


def answer(
    listener: mqtt.Listener,
    shelf: pieces.Shelf,
    tell: Callable[[str, str], None],
    until: Callable[[], bool] = lambda: False,
) -> None:
    """Answers requests until `until()` says so; `tell(node, text)` hears of new files."""
    asked: dict[str, tuple[bytes, str]] = {}
    while not until():
        message = listener.next(WAIT_S)
        if message is None:
            continue
        data = pieces.answer(message.payload, shelf, LONGEST)
        if data is None:
            continue
        listener.send(message.topic.removesuffix("ask") + "file", data)
        digest, name = pieces.wanted(message.payload)
        if asked.get(message.topic) != (digest, name):
            asked[message.topic] = digest, name
            there = "" if (digest, name) in shelf else ", which is not here"
            tell(message.topic.removesuffix("/ask"), f"asks for {name}{there}")
