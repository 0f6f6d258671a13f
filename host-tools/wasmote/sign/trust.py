"""What is taken and what is refused (SPEC.md, 10.2, 10.4, 10.6). No file, no clock, no network."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from wasmote.agent.manifest import Manifest, ManifestError
from wasmote.sign import ed25519, sigfile, stamp
from wasmote.sign.keyset import MAX_BYTES, KeySet, KeySetError
from wasmote.sign.refused import Refused


@dataclass(frozen=True)
class Node:
    """What a node knows besides its key set; what is None is not looked at.

    `agent` is the name that the manifest should have, `boards` the board and its class, `taken`
    the highest sequence taken and the SHA-256 of its manifest, `previous` that of the version
    which is kept, `bad` those of manifests that have failed.
    """

    agent: str | None = None
    boards: Collection[str] | None = None
    taken: tuple[int, bytes] | None = None
    previous: bytes | None = None
    bad: Collection[bytes] = ()


def signers(
    keys: Iterable[bytes], prefix: bytes, document: bytes, signatures: sigfile.Signatures
) -> list[bytes]:
    """Those of `keys` that have signed. Refused where a signature of one of them does not hold."""
    found = []
    for key in keys:
        signature = signatures.get(ed25519.key_id(key))
        if signature is None:
            continue
        if not ed25519.holds(key, signature, prefix, document):
            what = "the document was changed, or it belongs to another one"
            raise Refused("bad-signature", f"of key {ed25519.key_id(key).hex()}: {what}")
        found.append(key)
    return found


def manifest_check(
    document: bytes, signature: bytes, keyset: KeySet | None, node: Node | None = None
) -> Manifest:
    """The manifest in `document`, where its signatures and the node's state let it be taken."""
    node = node or Node()
    if len(document) > MAX_BYTES:
        raise Refused("manifest", f"longer than {MAX_BYTES} bytes")
    signatures = sigfile.parse(signature)
    if keyset is None:
        raise Refused("no-keys", "there is no key set to verify it with")
    keys = signers((p.key for p in keyset.publishers), ed25519.MANIFEST, document, signatures)
    if not keys:
        ids = ", ".join(key.hex() for key in signatures)
        raise Refused("unknown-key", f"signed by {ids}: no publisher of key set {keyset.version}")
    try:
        manifest = Manifest.parse(document)
    except ManifestError as error:
        raise Refused("manifest", str(error)) from error
    if node.agent is not None and manifest.name != node.agent:
        raise Refused("wrong-agent", f"it is {manifest.name}'s, not {node.agent}'s")
    _allowed_check(manifest, keyset, keys)
    if node.boards is not None and manifest.boards and not set(manifest.boards) & set(node.boards):
        raise Refused("wrong-board", f"it is for {', '.join(manifest.boards)}")
    floor = keyset.floors.get(manifest.name, 0)
    if manifest.sequence < floor:
        raise Refused("floor", f"sequence {manifest.sequence} is below the floor, {floor}")
    _history_check(manifest, hashlib.sha256(document).digest(), node)
    return manifest


def _allowed_check(manifest: Manifest, keyset: KeySet, keys: list[bytes]) -> None:
    who = [publisher for publisher in keyset.publishers if publisher.key in keys]
    if all(manifest.sequence > publisher.limit(manifest.name) for publisher in who):
        what = f"{manifest.name} with sequence {manifest.sequence}"
        limits = ", ".join(f"{p.name} up to {p.limit(manifest.name)}" for p in who)
        raise Refused("not-allowed", f"{what}; may sign it: {limits}")


def _history_check(manifest: Manifest, digest: bytes, node: Node) -> None:
    if node.taken is not None and digest != node.previous:
        highest, taken = node.taken
        if manifest.sequence < highest:
            what = f"sequence {manifest.sequence} is below the highest taken, {highest}"
            raise Refused("rollback", what)
        if manifest.sequence == highest and digest != taken:
            raise Refused("rollback", f"another manifest has sequence {highest}")
    if digest in node.bad:
        raise Refused("known-bad", "this manifest has failed here")


def stamp_check(
    document: bytes, signature: bytes, keyset: KeySet | None, taken: tuple[int, bytes] | None = None
) -> stamp.Stamp:
    """The time stamp in `document`, where a node takes it; `taken`: when the newest one that it had
    was issued, and its SHA-256."""
    if len(document) > stamp.MAX_BYTES:
        raise Refused("timestamp", f"longer than {stamp.MAX_BYTES} bytes")
    signatures = sigfile.parse(signature)
    if keyset is None:
        raise Refused("no-keys", "there is no key set to verify it with")
    keys = signers((p.key for p in keyset.publishers), stamp.STAMP, document, signatures)
    if not keys:
        raise Refused("unknown-key", f"no publisher of key set {keyset.version} has signed it")
    try:
        found = stamp.parse(document)
    except stamp.StampError as error:
        raise Refused("timestamp", str(error)) from error
    who = [publisher for publisher in keyset.publishers if publisher.key in keys]
    if all(found.issued > publisher.limit(stamp.NAME) for publisher in who):
        names = ", ".join(publisher.name for publisher in who)
        raise Refused("not-allowed", f"{names} may sign none, or none of {found.issued}")
    if taken is not None:
        newest, digest = taken
        if found.issued < newest:
            raise Refused("rollback", f"issued at {found.issued}, there is one of {newest}")
        if found.issued == newest and hashlib.sha256(document).digest() != digest:
            raise Refused("rollback", f"another one was issued at {newest}")
    return found


def keyset_check(document: bytes, signature: bytes, present: bytes | None) -> KeySet:
    """The key set in `document`, where one who has the key set `present` takes it.

    Without a present one it is the first, and only its own roots must have signed it.
    """
    if document == present:
        return KeySet.parse(document)
    if len(document) > MAX_BYTES:
        raise Refused("keyset", f"longer than {MAX_BYTES} bytes")
    signatures = sigfile.parse(signature)
    before = None if present is None else KeySet.parse(present)
    if before is not None:
        _threshold_check(document, signatures, before, "of the present key set")
    try:
        keyset = KeySet.parse(document)
    except KeySetError as error:
        raise Refused("keyset", str(error)) from error
    if before is not None and keyset.version != before.version + 1:
        raise Refused("keyset-version", f"{keyset.version} does not follow {before.version}")
    _threshold_check(document, signatures, keyset, "of its own")
    return keyset


def _threshold_check(
    document: bytes, signatures: sigfile.Signatures, keyset: KeySet, whose: str
) -> None:
    signed = len(signers(keyset.roots, ed25519.KEYSET, document, signatures))
    if signed < keyset.threshold:
        raise Refused(
            "too-few",
            f"{signed} of {len(keyset.roots)} roots {whose} have signed, "
            f"{keyset.threshold} have to",
        )
