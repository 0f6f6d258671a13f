"""All versions of a key set in a folder, one signed after the other, and the draft of the next."""

import re
from dataclasses import dataclass
from pathlib import Path

from wasmote.errors import WasmoteError
from wasmote.sign import ed25519, sigfile
from wasmote.sign.keyfolder import write
from wasmote.sign.keyset import MAX_BYTES, KeySet
from wasmote.sign.refused import Refused
from wasmote.sign.trust import keyset_check

DRAFT = "draft.json"
_VERSION = re.compile(r"keyset\.([1-9][0-9]{0,9})\.json")


@dataclass(frozen=True)
class Draft:
    """A key set and the signatures that it has so far."""

    data: bytes
    signatures: sigfile.Signatures

    @property
    def keyset(self) -> KeySet:
        """What `data` says."""
        return KeySet.parse(self.data)

    def finished(self, present: bytes | None) -> bytes:
        """The signature file, where one who has `present` takes the key set; else Refused."""
        packed = sigfile.pack(self.signatures) if self.signatures else b""
        if not packed:
            raise Refused("too-few", "nobody has signed yet")
        keyset_check(self.data, packed, present)
        return packed

    def merged(self, more: sigfile.Signatures, present: KeySet | None) -> "Draft":
        """With the signatures `more`, each of which must hold and be of a root."""
        keys = {ed25519.key_id(key): key for key in roots(self.keyset, present)}
        for key_id, signature in more.items():
            key = keys.get(key_id)
            if key is None:
                raise Refused("unknown-key", f"{key_id.hex()} is none of the roots")
            if not ed25519.holds(key, signature, ed25519.KEYSET, self.data):
                raise Refused("bad-signature", f"of {key_id.hex()}: it is of another key set")
        return Draft(self.data, {**self.signatures, **more})

    @staticmethod
    def read(path: Path) -> "Draft":
        """The draft in the file `path`, and its signatures in the one beside it."""
        data, signature = _read(path), path.with_suffix(".sig")
        KeySet.parse(data)
        return Draft(data, sigfile.parse(_read(signature)) if signature.exists() else {})

    def write(self, path: Path) -> None:
        """Writes both files. Signatures of another draft never lie beside this one."""
        signature = path.with_suffix(".sig")
        if not path.exists() or path.read_bytes() != self.data:
            signature.unlink(missing_ok=True)
            write(path, self.data)
        if self.signatures:
            write(signature, sigfile.pack(self.signatures))


def roots(keyset: KeySet, present: KeySet | None) -> list[bytes]:
    """The roots who have a say: those of the present key set, then the new ones."""
    return list(dict.fromkeys([*(present.roots if present else ()), *keyset.roots]))


class Chain:
    """`keyset.<version>.json` and `.sig` in a folder, from version 1 on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.draft_path = folder / DRAFT

    def json_path(self, version: int) -> Path:
        """The key set of that version; its signatures lie beside it."""
        return self.folder / f"keyset.{version}.json"

    def documents(self) -> list[bytes]:
        """All versions, each verified by the one before; empty without a key set."""
        found = sorted(
            int(match[1])
            for path in (self.folder.iterdir() if self.folder.is_dir() else ())
            if (match := _VERSION.fullmatch(path.name))
        )
        documents: list[bytes] = []
        for number, version in enumerate(found, 1):
            if version != number:
                raise WasmoteError(
                    f"{self.json_path(number)} is missing: nodes take every version, one after the "
                    "other"
                )
            documents.append(self._verified(version, documents[-1] if documents else None))
        return documents

    def _verified(self, version: int, present: bytes | None) -> bytes:
        path = self.json_path(version)
        data = _read(path)
        try:
            keyset = keyset_check(data, _read(path.with_suffix(".sig")), present)
        except Refused as refused:
            raise Refused(refused.code, f"{path}: {refused.reason}") from None
        if keyset.version != version:
            raise Refused("keyset-version", f"{path}: holds version {keyset.version}")
        return data

    def draft(self) -> Draft | None:
        """The draft of the next version, where there is one."""
        return Draft.read(self.draft_path) if self.draft_path.exists() else None

    def drop(self) -> None:
        """Removes the draft."""
        self.draft_path.unlink(missing_ok=True)
        self.draft_path.with_suffix(".sig").unlink(missing_ok=True)

    def publish(self, draft: Draft, present: bytes | None) -> Path:
        """Makes a draft with enough signatures the next version; the draft's files go."""
        signature = draft.finished(present)
        path = self.json_path(draft.keyset.version)
        # The signatures first: a version counts from its .json on.
        write(path.with_suffix(".sig"), signature)
        write(path, draft.data)
        self.drop()
        return path


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)
