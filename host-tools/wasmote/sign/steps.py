"""From a change to the next version of a key set: drafted, signed, published."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from wasmote.errors import UsageError
from wasmote.sign import ed25519, sigfile
from wasmote.sign.chain import Chain, Draft, roots
from wasmote.sign.edit import differences
from wasmote.sign.keyfolder import ROOT, Ask, KeyFolder, PublicKey
from wasmote.sign.keyset import KeySet, KeySetError

Change = Callable[[KeySet | None], KeySet]


@dataclass(frozen=True)
class State:
    """How far a version is: `path` is its file, `missing` says whose signatures it still needs."""

    version: int
    path: Path
    changes: list[str]
    signed: list[str]
    missing: list[str]
    published: bool = False


class Workshop:
    """A folder's keys and key sets, while it is locked."""

    def __init__(self, folder: KeyFolder) -> None:
        self.folder = folder
        self.chain = Chain(folder.path)
        self.documents = self.chain.documents()

    @property
    def latest(self) -> bytes | None:
        """The present key set's bytes."""
        return self.documents[-1] if self.documents else None

    @property
    def present(self) -> KeySet | None:
        """The present key set."""
        return KeySet.parse(self.latest) if self.latest else None

    @property
    def names(self) -> dict[bytes, str]:
        """What keys are called here."""
        return {key.key: key.name for key in self.folder.publics()}

    @property
    def draft(self) -> Draft | None:
        """The draft that waits for signatures."""
        draft = self.chain.draft()
        if draft and draft.data == self.latest:
            # Left by whoever was stopped right after publishing it.
            self.chain.drop()
            return None
        if draft and draft.keyset.version != len(self.documents) + 1:
            raise UsageError(
                f"{self.chain.draft_path} is version {draft.keyset.version}, but "
                f"{len(self.documents)} is there: remove it with keys draft --drop"
            )
        return draft

    def change(self, change: Change, ask: Ask | None) -> State:
        """Makes a change to the draft or, without one, to the present key set.

        Signs with the roots that are here, unless `ask` is None, and publishes what is enough.
        """
        before = self.draft
        base = before.keyset if before else self.present
        try:
            made = replace(change(base), version=len(self.documents) + 1)
            draft = Draft(made.to_json(), {})
        except KeySetError as error:
            raise UsageError(f"that would not be a key set:\n{error}") from None
        if not differences(self.present, made, self.names):
            raise UsageError("that changes nothing")
        if ask:
            draft = self.signed(draft, self.present, self.signing_roots(draft, self.present), ask)
        draft.write(self.chain.draft_path)
        return self.settle(draft)

    def settle(self, draft: Draft) -> State:
        """Publishes the folder's draft if it has enough signatures; what is missing otherwise."""
        state = self.state(draft, self.present, self.chain.draft_path)
        if state.missing:
            return state
        return replace(state, path=self.chain.publish(draft, self.latest), published=True)

    def signing_roots(self, draft: Draft, present: KeySet | None) -> list[PublicKey]:
        """The roots with a say whose private keys are here."""
        wanted = roots(draft.keyset, present)
        here = {key.key: key for key in self.folder.publics() if key.role == ROOT}
        return [
            here[key] for key in wanted if key in here and self.folder.has_private(here[key].name)
        ]

    def signed(
        self, draft: Draft, present: KeySet | None, keys: list[PublicKey], ask: Ask
    ) -> Draft:
        """The draft with the signatures of `keys`."""
        made: sigfile.Signatures = {}
        for public in keys:
            signature = self.folder.sign(public, ed25519.KEYSET, draft.data, ask)
            made[ed25519.key_id(public.key)] = signature
        return draft.merged(made, present)

    def state(self, draft: Draft, present: KeySet | None, path: Path) -> State:
        """What a draft changes, who has signed it, and who has to."""
        # What stands in its file is believed only where it holds.
        draft = Draft(draft.data, {}).merged(draft.signatures, present)
        missing = self._lack(draft, present, "of the present key set") if present else []
        missing += self._lack(draft, draft.keyset, "of the new key set")
        keys = roots(draft.keyset, present)
        return State(
            version=draft.keyset.version,
            path=path,
            changes=differences(present, draft.keyset, self.names),
            signed=[self._name(key) for key in keys if ed25519.key_id(key) in draft.signatures],
            missing=missing,
        )

    def _lack(self, draft: Draft, keyset: KeySet, whose: str) -> list[str]:
        waiting = [key for key in keyset.roots if ed25519.key_id(key) not in draft.signatures]
        lacking = keyset.threshold - (len(keyset.roots) - len(waiting))
        if lacking <= 0:
            return []
        return [f"{lacking} of the roots {whose}: {', '.join(map(self._name, waiting))}"]

    def _name(self, key: bytes) -> str:
        return self.names.get(key, ed25519.key_id(key).hex())
