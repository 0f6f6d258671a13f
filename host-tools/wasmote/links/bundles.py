"""Bundles on a device: put there whole or not at all, listed, removed."""

import contextlib
import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wasmote.agent.check import check, has_errors
from wasmote.agent.manifest import FILE_NAME, Manifest
from wasmote.errors import BundleError, DeviceError, UsageError, WasmoteError
from wasmote.links import files, store
from wasmote.links.base import Entry, Link, Progress, no_progress
from wasmote.sign import sigfile

FOLDER = "/agents"
STORE = "/store"
VERSIONS = ("", ".old", ".trial", ".new")  # an agent's owners in the store (SPEC.md, 11.2)


@dataclass(frozen=True)
class Installed:
    """An agent on a device; `problem` says why it cannot be read, where it cannot."""

    name: str
    version: str
    sequence: int
    bundle_bytes: int
    where: str
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """The entry as one flat object."""
        return asdict(self)


def load(bundle: Path) -> tuple[Manifest, dict[str, bytes]]:
    """A bundle's manifest and its files but the builds for other hosts, after `agent check`.

    manifest.sig goes along where it is there. Raises BundleError with the findings.
    """
    manifest = Manifest.read(bundle)
    findings = check(bundle)
    if has_errors(findings):
        raise BundleError(f"{bundle}: " + "\n".join(str(finding) for finding in findings))
    names = [FILE_NAME, *sorted(manifest.files.keys() - manifest.builds.keys())]
    if (bundle / sigfile.FILE_NAME).exists():
        names.append(sigfile.FILE_NAME)
    return manifest, {name: (bundle / name).read_bytes() for name in names}


@dataclass(frozen=True)
class Uploaded:
    """Where a bundle is on the device, and whether keys of the device's have signed it."""

    path: str
    checked: bool = False


def upload(
    link: Link, name: str, data: dict[str, bytes], progress: Progress = no_progress
) -> Uploaded:
    """Puts a bundle into the device's agent store, into /agents/<name> where it has none.

    Until all of it is there the old version stays as it was. A device with a key set checks a
    bundle that has a signature. Raises BundleError where it refuses.
    """
    there = store.present(link, [hashlib.sha256(content).digest() for content in data.values()])
    if there is None:
        _upload_to_folder(link, name, data, progress)
        return Uploaded(f"{FOLDER}/{name}")
    checked = _upload_to_store(link, name, data, there, progress)
    # A folder would come first.
    _remove_folder(link, name)
    return Uploaded(f"{STORE}/{name}", checked)


def _upload_to_store(
    link: Link, name: str, data: dict[str, bytes], there: set[bytes], progress: Progress
) -> bool:
    """Writes what is not `there`; one update of the index then makes it the agent."""
    new = f"{name}.new"
    digests = {file: hashlib.sha256(content).digest() for file, content in data.items()}
    try:
        for file, digest in digests.items():
            if digest in there:
                progress(len(data[file]))
                continue
            # Held, so that it does not make room for what comes next.
            arrived = {key: known for key, known in digests.items() if known in there}
            store.update(link, {new: arrived})
            store.put(link, name, data[file], progress)
            there.add(digest)
        checked = store.replace(link, name, digests)
    except WasmoteError:
        with contextlib.suppress(WasmoteError):
            store.update(link, {new: None})
        raise
    return checked


def _upload_to_folder(link: Link, name: str, data: dict[str, bytes], progress: Progress) -> None:
    """Puts the files into a folder of another name, compares them by SHA-256 on the device, and
    gives that folder the agent's name.
    """
    final, new, old = (f"{FOLDER}/{name}", f"{FOLDER}/.{name}.new", f"{FOLDER}/.{name}.old")
    for left_over in (new, old):
        files.remove(link, left_over)
    files.mkdirs(link, new)
    try:
        for file, content in data.items():
            link.write(f"{new}/{file}", content, progress)
            _compare(link, f"{new}/{file}", content)
    except WasmoteError:
        # Room again; a device that is gone keeps what it has.
        with contextlib.suppress(WasmoteError):
            files.remove(link, new)
        raise
    replaced = [(final, old)] if files.listdir(link, final) is not None else []
    files.move(link, [*replaced, (new, final)])
    files.remove(link, old)


def _compare(link: Link, path: str, content: bytes) -> None:
    wanted, got = hashlib.sha256(content).hexdigest(), files.sha256(link, path)
    if got != wanted:
        raise DeviceError(f"{link.name}: {path}: SHA-256 there is {got}, here {wanted}; try again")


def installed(link: Link) -> list[Installed]:
    """The agents on a device, by name, broken ones too."""
    found = files.listdir(link, FOLDER) or []
    agents = {e.name: _in_folder(link, e.name) for e in found if _is_agent(e)}
    for owner, sizes in (store.owners(link) or {}).items():
        # A folder comes first; the store then holds what was taken in from it.
        if owner not in agents and "." not in owner:
            agents[owner] = _in_store(link, owner, sizes)
    return [agents[name] for name in sorted(agents)]


def _is_agent(entry: Entry) -> bool:
    return entry.is_dir and not entry.name.startswith(".")


def _in_folder(link: Link, name: str) -> Installed:
    folder = f"{FOLDER}/{name}"
    total = sum(entry.size for entry in files.listdir(link, folder) or [])
    try:
        return _describe(name, link.read(f"{folder}/{FILE_NAME}"), total, folder)
    except DeviceError as error:
        return Installed(name, "", 0, total, folder, str(error).splitlines()[0])


def _in_store(link: Link, name: str, sizes: dict[str, int]) -> Installed:
    where, total = f"{STORE}/{name}", sum(sizes.values())
    if FILE_NAME not in sizes:
        problem = f"{FOLDER}/{name}, which it was taken in from, is gone; wasmote agent rm {name}"
        return Installed(name, "", 0, total, where, problem)
    return _describe(name, store.read(link, name, FILE_NAME), total, where)


def _describe(name: str, text: bytes, total: int, where: str) -> Installed:
    try:
        manifest = Manifest.parse(text)
    except BundleError as error:
        return Installed(name, "", 0, total, where, str(error).splitlines()[0])
    return Installed(name, manifest.version, manifest.sequence, total, where)


def remove(link: Link, name: str) -> None:
    """Removes an agent. Raises UsageError where the device has none of that name."""
    there = [entry.name for entry in installed(link)]
    if name not in there:
        raise UsageError(f"{link.name}: no agent {name!r}; there: {', '.join(there) or 'none'}")
    if store.present(link, []) is not None:
        store.update(link, {f"{name}{version}": None for version in VERSIONS})
    _remove_folder(link, name)


def _remove_folder(link: Link, name: str) -> None:
    """The manifest goes first: what is left of a folder without one is no agent."""
    files.remove(link, f"{FOLDER}/{name}/{FILE_NAME}")
    files.remove(link, f"{FOLDER}/{name}")
