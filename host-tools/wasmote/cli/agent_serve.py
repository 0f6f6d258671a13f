"""`wasmote agent serve`: bundles for nodes, in pieces over MQTT or as files on a web server."""

import hashlib
import json as jsons
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from wasmote.agent.manifest import FILE_NAME
from wasmote.cli.output import JsonOption, Output
from wasmote.errors import BundleError, UsageError
from wasmote.links import bundles, mqtt, pieces, web
from wasmote.sign import sigfile
from wasmote.sign.chain import Chain

LONGEST = 1032
WAIT_S = 1.0
_NODE = re.compile(r"[a-z0-9-]{1,32}/[a-z0-9-]{1,32}")


def serve(
    bundle: Annotated[list[Path], typer.Argument(help="Folders of signed bundles.")],
    broker: Annotated[str, typer.Option(help="host or host:port (1883).")] = "",
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
    http: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="A web server, by the name that nodes have.")
    ] = "",
    tls: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="CERT KEY", help="It speaks HTTPS and shows this (PEM)."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Answer what nodes ask for until Ctrl-C: in pieces over MQTT, or with --http as files.

    --to publishes `desired` for a node, which replaces the one that it has; others ask for what
    their own `desired` names, with the url mqtt: or none. With --http the same document is
    /desired.json there, for nodes that poll.
    """
    out = Output(json)
    for node in to or ():
        if not _NODE.fullmatch(node):
            raise UsageError(f"--to {node!r}: not of the form SITE/NODE")
    if bool(user) != bool(password_file):
        raise UsageError("--user and --password-file go together")
    if not broker and (to or not http):
        raise UsageError("--broker: needed" + (" for --to" if to else ", or --http"))
    if tls and not http:
        raise UsageError("--tls: needs --http")
    password = password_file.read_text().rstrip("\r\n") if password_file else ""
    shown = web.context(*tls) if tls else None
    base = f"{'https' if tls else 'http'}://{http}/" if http else ""
    shelf, desired, files = _load(bundle, keys, base)

    def tell(peer: str, text: str) -> None:
        out.say(f"{peer}: {text}")

    with ExitStack() as stack:
        if http:
            files["/desired.json"] = jsons.dumps(desired).encode()
            port = mqtt.parse_address(http, 443 if tls else 80)[1]
            stack.enter_context(web.WebServer(port, files, tell, shown))
            out.say(f"{len(files)} files at {base}")
        if not broker:
            while True:
                time.sleep(WAIT_S)
        host, port = mqtt.parse_address(broker)
        listener = stack.enter_context(
            mqtt.Listener(
                host, port, prefix, below="+/+/ask", user=user, password=password, authority=ca
            )
        )
        for node in to or ():
            listener.publish(f"{prefix}/v1/{node}/desired", jsons.dumps(desired), retain=True)
            out.say(f"{node}: asked to run {', '.join(desired['agents'])}")
        out.say(f"{len(shelf)} files for the nodes at {host}:{port}")
        answer(listener, shelf, tell)


def _load(
    folders: list[Path], keys: Path | None, base: str
) -> tuple[dict[tuple[bytes, str], bytes], Any, dict[str, bytes]]:
    """What nodes may ask for in pieces, what `desired` names of it, and the same as a web
    server's files; `base`: its URL, empty without one."""
    shelf: dict[tuple[bytes, str], bytes] = {}
    web_files: dict[str, bytes] = {}
    desired: dict[str, Any] = {"format": 1, "agents": {}}
    for folder in folders:
        manifest, files = bundles.load(folder)
        if sigfile.FILE_NAME not in files:
            raise BundleError(f"{folder}: not signed, so no node takes it: wasmote agent sign")
        if manifest.name in desired["agents"]:
            raise UsageError(f"{folder}: {manifest.name} is named twice")
        shelf |= pieces.shelf(files)
        digest = hashlib.sha256(files[FILE_NAME]).hexdigest()
        url = f"{base}{manifest.name}/" if base else "mqtt:"
        desired["agents"][manifest.name] = {"manifest": digest, "url": url}
        web_files |= {f"/{manifest.name}/{name}": content for name, content in files.items()}
    if keys:
        chain = Chain(keys.expanduser())
        newest = len(chain.documents())
        if not newest:
            raise UsageError(f"{keys}: no key set yet: wasmote keys init makes the first")
        for version in range(1, newest + 1):
            for path in (chain.json_path(version), chain.json_path(version).with_suffix(".sig")):
                shelf[pieces.NOBODY, path.name] = path.read_bytes()
                web_files[f"/keysets/{path.name}"] = path.read_bytes()
        url = f"{base}keysets/" if base else "mqtt:"
        desired["keysets"] = {"version": newest, "url": url}
    return shelf, desired, web_files


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
