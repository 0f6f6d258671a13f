"""`wasmote keys`: keys on this machine, and the versions of a key set."""

from pathlib import Path
from typing import Annotated

import typer

from wasmote.cli.key_options import FOLDER, Folder, PassphraseEnv, new_passphrase
from wasmote.cli.output import JsonOption, Output
from wasmote.errors import UsageError
from wasmote.sign import ed25519
from wasmote.sign.chain import Chain
from wasmote.sign.edit import limits
from wasmote.sign.keyfolder import PRIVATE, PUBLIC, PUBLISHER, ROOT, KeyFolder
from wasmote.sign.keyset import KeySet


def new(
    name: Annotated[str, typer.Argument(help="[a-z0-9-], such as ann or build-server.")],
    root: Annotated[bool, typer.Option("--root", help="It signs key sets.")] = False,
    publisher: Annotated[bool, typer.Option("--publisher", help="It signs agents.")] = False,
    passphrase: Annotated[
        bool, typer.Option("--passphrase", help="Ask for one that protects it.")
    ] = False,
    passphrase_env: PassphraseEnv = "",
    keys: Folder = FOLDER,
    json: JsonOption = False,
) -> None:
    """Make a key: NAME.pem, which nobody else may have, and NAME.pub, which everybody may."""
    out = Output(json)
    if root == publisher:
        raise UsageError("--root for a key that signs key sets, --publisher for one for agents")
    folder = KeyFolder(keys)
    wanted = passphrase or passphrase_env
    secret = new_passphrase(name, passphrase_env) if wanted else None
    with folder.locked():
        made = folder.create(name, ROOT if root else PUBLISHER, secret)
    files = [str(folder.path / f"{name}{suffix}") for suffix in (PRIVATE, PUBLIC)]
    out.say(f"{made.role} {name} {made.id}: {files[0]}, and {files[1]} for others")
    out.data(
        {"name": name, "role": made.role, "id": made.id, "key": made.key.hex(), "files": files}
    )


def ls(keys: Folder = FOLDER, json: JsonOption = False) -> None:
    """List the keys that are here, and those of the present key set."""
    out = Output(json)
    folder = KeyFolder(keys)
    documents = Chain(folder.path).documents()
    keyset = KeySet.parse(documents[-1]) if documents else None
    says = dict.fromkeys(keyset.roots, "root") if keyset else {}
    entries = keyset.publishers if keyset else ()
    says |= {entry.key: limits(entry) for entry in entries}
    rows = []
    for public in folder.publics():
        private = "yes" if folder.has_private(public.name) else "no"
        row = [public.name, public.role, public.id, private, says.pop(public.key, "")]
        rows.append(row)
    names = {entry.key: entry.name for entry in entries}
    for key, what in says.items():
        role = PUBLISHER if key in names else ROOT
        rows.append([names.get(key, ""), role, ed25519.key_id(key).hex(), "no", what])
    out.rows(("name", "role", "id", "private", "may_sign"), rows)


def verify(
    folder: Annotated[
        Path | None, typer.Argument(help="A folder of key sets; left out: that of --keys.")
    ] = None,
    keys: Folder = FOLDER,
    json: JsonOption = False,
) -> None:
    """Verify all key sets of a folder, each by the one before. Exit 5 where one is refused."""
    out = Output(json)
    path = folder or KeyFolder(keys).path
    found = [KeySet.parse(data) for data in Chain(path).documents()]
    if not found:
        raise UsageError(f"{path}: no key set; `wasmote keys init` makes the first")
    columns = ("version", "threshold", "roots", "publishers")
    ids = [", ".join(ed25519.key_id(key).hex() for key in keyset.roots) for keyset in found]
    names = [", ".join(entry.name for entry in keyset.publishers) for keyset in found]
    out.rows(
        columns,
        [[k.version, k.threshold, *rest] for k, *rest in zip(found, ids, names, strict=True)],
    )
