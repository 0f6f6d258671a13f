"""`wasmote keys`: what changes a key set. Each change is the next version."""

from pathlib import Path
from typing import Annotated, Any

import typer

from wasmote.cli.key_options import (
    FOLDER,
    Folder,
    PassphraseEnv,
    agent_limits,
    asking,
    new_passphrase,
    signed_limits,
)
from wasmote.cli.output import JsonOption, Output
from wasmote.errors import UsageError
from wasmote.sign import ed25519, edit, sigfile
from wasmote.sign.chain import Draft
from wasmote.sign.keyfolder import PUBLIC, PUBLISHER, ROOT, KeyFolder
from wasmote.sign.keyset import MAX_NUMBER, KeySet
from wasmote.sign.steps import Change, State, Workshop

DraftOnly = Annotated[
    bool, typer.Option("--draft", help="Sign nothing yet: more changes go into the same version.")
]
Roots = Annotated[
    list[str] | None, typer.Option("--root", help="Its name here, or its .pub file; repeat it.")
]
Threshold = Annotated[int | None, typer.Option(min=1, help="How many roots must sign a key set.")]
Publisher = Annotated[str, typer.Argument(help="Its name here, or its .pub file.")]
Name = Annotated[str, typer.Argument(help="Its name in the key set.")]


def init(
    root: Roots = None,
    threshold: Threshold = None,
    draft: DraftOnly = False,
    passphrase_env: PassphraseEnv = "",
    keys: Folder = FOLDER,
    json: JsonOption = False,
) -> None:
    """Make the first key set: who the roots are (all that are here) and how many must sign (most).

    With roots on several machines it is a draft until enough of them have signed it: see sign-set.
    """
    folder = KeyFolder(keys)

    def first(present: KeySet | None) -> KeySet:
        if present is not None:
            raise UsageError(f"{folder.path} has a key set or a draft: see keys roots, keys draft")
        if root:
            found = [folder.take_in(text, ROOT) for text in root]
        else:
            found = [key for key in folder.publics() if key.role == ROOT]
        if not found:
            raise UsageError("no root: make one with wasmote keys new NAME --root")
        most = len(found) // 2 + 1
        return KeySet(1, threshold or most, tuple(key.key for key in found))

    _change(folder, first, draft, passphrase_env, json)


def allow(
    publisher: Publisher,
    agents: Annotated[
        list[str], typer.Argument(metavar="AGENT[=MAX_SEQUENCE]...", help="'*' is any other agent.")
    ],
    draft: DraftOnly = False,
    passphrase_env: PassphraseEnv = "",
    keys: Folder = FOLDER,
    json: JsonOption = False,
) -> None:
    """Let a publisher sign agents, up to a highest sequence each; 0 forbids what it was allowed."""
    folder = KeyFolder(keys)
    wanted = agent_limits(agents, MAX_NUMBER)

    def change(keyset: KeySet) -> KeySet:
        entry = keyset.publisher(publisher)
        if entry and not (folder.path / f"{publisher}{PUBLIC}").exists():
            return edit.allow(keyset, publisher, entry.key, wanted)
        public = folder.take_in(publisher, PUBLISHER)
        return edit.allow(keyset, public.name, public.key, wanted)

    _change(folder, _existing(change), draft, passphrase_env, json)


def rotate(
    publisher: Name,
    signed: Annotated[
        list[str],
        typer.Argument(
            metavar="AGENT=SEQUENCE|BUNDLE...", help="The highest that the old key has signed."
        ),
    ],
    to: Annotated[
        str, typer.Option(metavar="KEY", help="The new key, by name or .pub file; else made here.")
    ] = "",
    passphrase: Annotated[
        bool, typer.Option("--passphrase", help="Ask for one that protects the new key.")
    ] = False,
    draft: DraftOnly = False,
    passphrase_env: PassphraseEnv = "",
    keys: Folder = FOLDER,
    json: JsonOption = False,
) -> None:
    """Retire a publisher's key for a new one, NAME-2: what the old one has signed stays good."""
    folder = KeyFolder(keys)
    highest = signed_limits(signed)
    successor = to or _successor(publisher)
    # One that is there was made by a rotation that did not get to its end.
    is_made = bool(to) or (folder.path / f"{successor}{PUBLIC}").exists()
    secret = new_passphrase(successor, passphrase_env) if passphrase and not is_made else None

    def change(keyset: KeySet) -> KeySet:
        agents = edit.named(keyset, publisher).agents
        retired = edit.retire(keyset, publisher, highest)
        if is_made:
            public = folder.take_in(successor, PUBLISHER)
        else:
            public = folder.create(successor, PUBLISHER, secret)
        return edit.allow(retired, public.name, public.key, agents)

    _change(folder, _existing(change), draft, passphrase_env, json)


def revoke(
    publisher: Name,
    draft: DraftOnly = False,
    passphrase_env: PassphraseEnv = "",
    keys: Folder = FOLDER,
    json: JsonOption = False,
) -> None:
    """Take a publisher out: nodes stop agents that no other key has signed."""
    change = _existing(lambda keyset: edit.revoke(keyset, publisher))
    _change(KeyFolder(keys), change, draft, passphrase_env, json)


def floor(
    agents: Annotated[list[str], typer.Argument(metavar="AGENT=SEQUENCE...")],
    draft: DraftOnly = False,
    passphrase_env: PassphraseEnv = "",
    keys: Folder = FOLDER,
    json: JsonOption = False,
) -> None:
    """Set the lowest sequence of agents that nodes take, whoever has signed it; 0 for any."""
    change = _existing(lambda keyset: edit.raise_floors(keyset, agent_limits(agents)))
    _change(KeyFolder(keys), change, draft, passphrase_env, json)


def roots(
    add: Annotated[
        list[str] | None, typer.Option(help="A new root: name or .pub file; repeat it.")
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option(help="A root that goes: name, .pub file or id; repeat it.")
    ] = None,
    threshold: Threshold = None,
    draft: DraftOnly = False,
    passphrase_env: PassphraseEnv = "",
    keys: Folder = FOLDER,
    json: JsonOption = False,
) -> None:
    """Change the roots, or how many must sign: enough of the old and of the new ones sign that."""
    folder = KeyFolder(keys)

    def change(keyset: KeySet) -> KeySet:
        more = [folder.take_in(text, ROOT).key for text in add or []]
        ids = {ed25519.key_id(key).hex(): key for key in keyset.roots}
        gone = [ids.get(text) or folder.public(text, ROOT).key for text in remove or []]
        return edit.change_roots(keyset, more, gone, threshold)

    _change(folder, _existing(change), draft, passphrase_env, json)


def draft(
    file: Annotated[Path | None, typer.Argument(help="A draft; left out: the one here.")] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Remove the one here.")] = False,
    keys: Folder = FOLDER,
    json: JsonOption = False,
) -> None:
    """Show what a draft changes, who has signed it, and who has to."""
    out = Output(json)
    folder = KeyFolder(keys)
    with folder.locked():
        workshop = Workshop(folder)
        if drop:
            workshop.chain.drop()
            out.say("no draft any more")
            out.data({"dropped": True})
            return
        found, present = _open(workshop, file)
        state = workshop.state(found, present, file or workshop.chain.draft_path)
    _report(out, state)


def sign_set(
    file: Annotated[Path | None, typer.Argument(help="A draft; left out: the one here.")] = None,
    key: Annotated[
        list[str] | None, typer.Option(help="The root that signs; left out: all that are here.")
    ] = None,
    passphrase_env: PassphraseEnv = "",
    keys: Folder = FOLDER,
    json: JsonOption = False,
) -> None:
    """Sign a draft with the roots that are here; the signatures go into the .sig file beside it.

    A draft of another machine: copy its keyset.* files here, draft.json and draft.sig anywhere.
    When they are signed take the .sig back, and give it to `keys finish` there.
    """
    out = Output(json)
    folder = KeyFolder(keys)
    with folder.locked():
        workshop = Workshop(folder)
        found, present = _open(workshop, file)
        path = file or workshop.chain.draft_path
        is_ours = path.resolve() == workshop.chain.draft_path.resolve()
        for line in workshop.state(found, present, path).changes:
            out.say(line)
        if key:
            who = [folder.public(text, ROOT) for text in key]
        else:
            who = workshop.signing_roots(found, present)
        if not who:
            raise UsageError("none of the roots that it needs has its private key here")
        found = workshop.signed(found, present, who, asking(passphrase_env))
        found.write(path)
        state = workshop.settle(found) if is_ours else workshop.state(found, present, path)
    _report(out, state, with_changes=False)


def finish(
    signatures: Annotated[
        list[Path] | None, typer.Argument(help="Signatures of other machines: .sig files.")
    ] = None,
    keys: Folder = FOLDER,
    json: JsonOption = False,
) -> None:
    """Take signatures into the draft here; with enough of them it is the next key set."""
    out = Output(json)
    folder = KeyFolder(keys)
    with folder.locked():
        workshop = Workshop(folder)
        found, present = _open(workshop, None)
        for path in signatures or []:
            with path.open("rb") as stream:
                more = sigfile.parse(stream.read(sigfile.MAX_BYTES + 1))
            found = found.merged(more, present)
        found.write(workshop.chain.draft_path)
        state = workshop.settle(found)
    _report(out, state)


def _successor(name: str) -> str:
    stem, dash, number = name.rpartition("-")
    if dash and number.isdigit():
        return f"{stem}-{int(number) + 1}"
    return f"{name}-2"


def _existing(change: Any) -> Change:
    def checked(keyset: KeySet | None) -> KeySet:
        if keyset is None:
            raise UsageError("no key set yet: wasmote keys init makes the first")
        made: KeySet = change(keyset)
        return made

    return checked


def _change(
    folder: KeyFolder, change: Change, draft: bool, passphrase_env: str, json: bool
) -> None:
    with folder.locked():
        state = Workshop(folder).change(change, None if draft else asking(passphrase_env))
    _report(Output(json), state)


def _open(workshop: Workshop, file: Path | None) -> tuple[Draft, KeySet | None]:
    """A draft, and the key set that it follows."""
    if file is None:
        draft = workshop.draft
        if draft is None:
            raise UsageError(f"{workshop.folder.path}: no draft")
        return draft, workshop.present
    if not file.exists():
        raise UsageError(f"{file}: no such draft")
    draft = Draft.read(file)
    before = draft.keyset.version - 1
    if before == 0:
        return draft, None
    if before > len(workshop.documents):
        folder = workshop.folder.path
        raise UsageError(
            f"{file}: follows key set {before}: copy that and those before, each .json and .sig, "
            f"to {folder}"
        )
    return draft, KeySet.parse(workshop.documents[before - 1])


def _report(out: Output, state: State, with_changes: bool = True) -> None:
    for line in state.changes if with_changes else ():
        out.say(line)
    if state.published:
        out.say(f"key set {state.version}, signed by {', '.join(state.signed)}: {state.path}")
    elif state.missing:
        out.say(f"draft of key set {state.version}: {state.path}; still to sign:")
        for line in state.missing:
            out.say(f"  {line}")
    else:
        out.say(f"draft of key set {state.version}: {state.path}; signed: now wasmote keys finish")
    out.data(
        {
            "version": state.version,
            "published": state.published,
            "path": str(state.path),
            "changes": state.changes,
            "signed": state.signed,
            "missing": state.missing,
        }
    )
