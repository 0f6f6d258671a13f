"""`wasmote agent sign`, `wasmote agent verify`: who answers for a bundle."""

from pathlib import Path
from typing import Annotated

import typer

from wasmote import boards
from wasmote.cli.key_options import FOLDER, Folder, PassphraseEnv, asking
from wasmote.cli.output import JsonOption, Output, complain
from wasmote.errors import EXIT_BUNDLE, UsageError
from wasmote.sign import bundle as signing
from wasmote.sign.chain import Chain
from wasmote.sign.keyfolder import PUBLISHER, KeyFolder
from wasmote.sign.keyset import MAX_BYTES, KeySet
from wasmote.sign.refused import Refused
from wasmote.sign.trust import Node

Bundle = Annotated[Path, typer.Argument(help="The bundle's folder, such as build/agents/digits.")]


def sign(
    bundle: Bundle,
    key: Annotated[list[str], typer.Option(help="Whose: a name of keys ls; repeat it.")],
    passphrase_env: PassphraseEnv = "",
    keys: Folder = FOLDER,
    json: JsonOption = False,
) -> None:
    """Check a bundle and sign it: writes its manifest.sig, beside signatures that it has."""
    out = Output(json)
    folder = KeyFolder(keys)
    who = [folder.public(name, PUBLISHER) for name in key]
    keyset = _latest(folder)
    known = {public.key for public in folder.publics()}
    known |= {entry.key for entry in keyset.publishers} if keyset else set()
    manifest, ids = signing.sign(bundle, who, folder, list(known), asking(passphrase_env))
    out.say(f"{manifest.name} {manifest.version}: signed by {', '.join(p.name for p in who)}")
    problem = ""
    if keyset:
        try:
            signing.verify(bundle, keyset, Node())
        except Refused as refused:
            problem = str(refused)
            out.say(f"nodes with key set {keyset.version} will not take it: {problem}")
    out.data(
        {
            "name": manifest.name,
            "version": manifest.version,
            "sequence": manifest.sequence,
            "ids": [key_id.hex() for key_id in ids],
            "problem": problem,
        }
    )


def verify(
    bundle: Bundle,
    keyset: Annotated[
        Path | None, typer.Option(help="A keyset.json; left out: the latest of --keys.")
    ] = None,
    board: Annotated[str, typer.Option(help="For nodes of this board.")] = "",
    keys: Folder = FOLDER,
    json: JsonOption = False,
) -> None:
    """Verify who has signed a bundle, as a node with that key set does. Exit 5 where it refuses."""
    out = Output(json)
    node = Node(boards=_names_of(board)) if board else Node()
    known = _read(keyset) if keyset else _latest(KeyFolder(keys))
    try:
        manifest = signing.verify(bundle, known, node)
    except Refused as refused:
        if not json:
            complain(f"{bundle}: {refused}", EXIT_BUNDLE, False)
        out.data({"bundle": str(bundle), "ok": False, "code": refused.code, "error": str(refused)})
        raise typer.Exit(EXIT_BUNDLE) from None
    what = f"{manifest.name} {manifest.version}, sequence {manifest.sequence}"
    version = known.version if known else 0
    out.say(f"{what}: good by key set {version}")
    out.data(
        {
            "bundle": str(bundle),
            "ok": True,
            "name": manifest.name,
            "sequence": manifest.sequence,
            "keyset": version,
        }
    )


def _latest(folder: KeyFolder) -> KeySet | None:
    documents = Chain(folder.path).documents()
    return KeySet.parse(documents[-1]) if documents else None


def _read(path: Path) -> KeySet:
    try:
        with path.open("rb") as stream:
            return KeySet.parse(stream.read(MAX_BYTES + 1))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def _names_of(board: str) -> list[str]:
    found = boards.find(board)
    return [found.name, found.values["class"]]
