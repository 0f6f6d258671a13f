"""Bundles are signed, and their signatures verified."""

from pathlib import Path

from wasmote.agent import check as checker
from wasmote.agent.manifest import FILE_NAME, MAX_BYTES, Manifest
from wasmote.errors import BundleError, UsageError
from wasmote.sign import ed25519, sigfile
from wasmote.sign.keyfolder import Ask, KeyFolder, PublicKey, write
from wasmote.sign.keyset import KeySet
from wasmote.sign.refused import Refused
from wasmote.sign.trust import Node, manifest_check


def sign(
    bundle: Path, keys: list[PublicKey], folder: KeyFolder, known: list[bytes], ask: Ask
) -> tuple[Manifest, list[bytes]]:
    """Signs a bundle that `agent check` finds good; returns its manifest and all who have signed.

    Signatures that are there already stay, but for those of `known` keys that do not hold: of a
    manifest before this one. Nodes would refuse the bundle for them.
    """
    findings = checker.check(bundle)
    wrong = [f for f in findings if f.severity == "error" and f.where != sigfile.FILE_NAME]
    if wrong:
        raise BundleError(f"{bundle}: " + "\n".join(str(finding) for finding in wrong))
    document = (bundle / FILE_NAME).read_bytes()
    manifest = Manifest.parse(document)
    path = bundle / sigfile.FILE_NAME
    try:
        signatures = sigfile.parse(read_signature(bundle)) if path.exists() else {}
    except Refused as refused:
        raise BundleError(f"{path}: {refused.reason}; remove it") from None
    for key in known:
        there = signatures.get(ed25519.key_id(key))
        if there and not ed25519.holds(key, there, ed25519.MANIFEST, document):
            del signatures[ed25519.key_id(key)]
    for public in keys:
        made = folder.sign(public, ed25519.MANIFEST, document, ask)
        signatures[ed25519.key_id(public.key)] = made
    write(path, sigfile.pack(signatures))
    return manifest, sorted(signatures)


def verify(bundle: Path, keyset: KeySet | None, node: Node) -> Manifest:
    """The manifest of a bundle that nodes with this key set take. Raises Refused.

    Its other files are what the manifest says, so they must have the digests that stand there.
    """
    try:
        with (bundle / FILE_NAME).open("rb") as stream:
            document = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{bundle}: no bundle: {FILE_NAME}: {error.strerror}") from None
    manifest = manifest_check(document, read_signature(bundle), keyset, node)
    manifest.read_files(bundle)
    return manifest


def read_signature(bundle: Path) -> bytes:
    """The bytes of manifest.sig, none where it is not there."""
    try:
        with (bundle / sigfile.FILE_NAME).open("rb") as stream:
            return stream.read(sigfile.MAX_BYTES + 1)
    except FileNotFoundError:
        return b""
