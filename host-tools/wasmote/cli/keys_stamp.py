"""`wasmote keys stamp`: nodes see a server that stands still."""

import hashlib
import time
from pathlib import Path
from typing import Annotated

import typer

from wasmote.cli.key_options import FOLDER, Folder, PassphraseEnv, agent_limits, asking
from wasmote.cli.output import JsonOption, Output
from wasmote.errors import UsageError
from wasmote.sign import ed25519, sigfile
from wasmote.sign import stamp as stamps
from wasmote.sign.chain import Chain
from wasmote.sign.keyfolder import PUBLISHER, KeyFolder, write
from wasmote.sign.keyset import KeySet
from wasmote.sign.refused import Refused
from wasmote.sign.trust import stamp_check

_DAY_S = 86400


def _newest(desired: bytes, keyset: KeySet) -> tuple[int, bytes] | None:
    """That of the time stamp which is there, where nodes with the key set have taken it."""
    held = stamps.held(desired)
    if held is None:
        return None
    try:
        return stamp_check(*held, keyset).issued, hashlib.sha256(held[0]).digest()
    except Refused:
        return None


def stamp(
    desired: Annotated[Path, typer.Argument(help="The file that nodes get; it is written anew.")],
    key: Annotated[str, typer.Option(help="Whose: a name of keys ls, allowed `timestamp`.")],
    agents: Annotated[
        list[str] | None,
        typer.Argument(metavar="AGENT=SEQUENCE...", help="The newest there are."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it is good.")] = 7,
    passphrase_env: PassphraseEnv = "",
    keys: Folder = FOLDER,
    json: JsonOption = False,
) -> None:
    """Sign that this was the newest today, into a file of wanted versions; again before it ends.

    Nodes that have once seen one report when it has expired, is missing, or names newer versions
    than theirs. Allow the key first: wasmote keys allow NAME timestamp.
    """
    out = Output(json)
    folder = KeyFolder(keys)
    documents = Chain(folder.path).documents()
    if not documents:
        raise UsageError("no key set yet: wasmote keys init makes the first")
    keyset = KeySet.parse(documents[-1])
    public = folder.public(key, PUBLISHER)
    issued = int(time.time())
    entry = next((p for p in keyset.publishers if p.key == public.key), None)
    if entry is None or entry.limit(stamps.NAME) < issued:
        raise UsageError(f"{key} may sign none: wasmote keys allow {key} {stamps.NAME}")
    try:
        before = desired.read_bytes()
    except OSError as error:
        raise UsageError(f"{desired}: {error.strerror}") from None
    expires = issued + days * _DAY_S
    document = stamps.make(issued, expires, keyset.version, agent_limits(agents or []))
    newest = _newest(before, keyset)
    made = folder.sign(public, stamps.STAMP, document, asking(passphrase_env))
    signatures = sigfile.pack({ed25519.key_id(public.key): made})
    # As nodes will: they take none that is older than the one that they have had.
    stamp_check(document, signatures, keyset, newest)
    write(desired, stamps.put(before, document, signatures))
    out.say(f"{desired}: key set {keyset.version}, good for {days} days")
    out.data({"file": str(desired), "issued": issued, "expires": expires, "keyset": keyset.version})
