"""Bundles on a device: put there whole or not at all, listed, removed."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wasmote.agent.check import check, has_errors
from wasmote.agent.manifest import FILE_NAME, Manifest
from wasmote.errors import BundleError, DeviceError, UsageError, WasmoteError
from wasmote.links import files
from wasmote.links.base import Entry, Link, Progress, no_progress

FOLDER = "/agents"


@dataclass(frozen=True)
class Installed:
    """An agent on a device; `problem` says why it cannot be read, where it cannot."""

    name: str
    version: str
    sequence: int
    bundle_bytes: int
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """The entry as one flat object."""
        return asdict(self)


def load(bundle: Path) -> tuple[Manifest, dict[str, bytes]]:
    """A bundle's manifest and files, after `agent check`. Raises BundleError with the findings."""
    manifest = Manifest.read(bundle)
    findings = check(bundle)
    if has_errors(findings):
        raise BundleError(f"{bundle}: " + "\n".join(str(finding) for finding in findings))
    names = [FILE_NAME, *sorted(manifest.files)]
    return manifest, {name: (bundle / name).read_bytes() for name in names}


def upload(link: Link, name: str, data: dict[str, bytes], progress: Progress = no_progress) -> None:
    """Puts a bundle into /agents/<name>.

    The files go into a folder of another name and are compared by SHA-256 on the device; only
    then does that folder take the agent's name. Until then the old version stays as it was.
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
        _try_to_remove(link, new)
        raise
    replaced = [(final, old)] if files.listdir(link, final) is not None else []
    files.move(link, [*replaced, (new, final)])
    files.remove(link, old)


def _compare(link: Link, path: str, content: bytes) -> None:
    wanted, got = hashlib.sha256(content).hexdigest(), files.sha256(link, path)
    if got != wanted:
        raise DeviceError(f"{link.name}: {path}: SHA-256 there is {got}, here {wanted}; try again")


def _try_to_remove(link: Link, path: str) -> None:
    """Makes room again after a failure; a device that is gone keeps what it has."""
    try:
        files.remove(link, path)
    except WasmoteError:
        return


def installed(link: Link) -> list[Installed]:
    """The agents on a device, by name, broken ones too."""
    found = files.listdir(link, FOLDER) or []
    return [_describe(link, entry.name) for entry in found if _is_agent(entry)]


def _is_agent(entry: Entry) -> bool:
    return entry.is_dir and not entry.name.startswith(".")


def _describe(link: Link, name: str) -> Installed:
    folder = f"{FOLDER}/{name}"
    total = sum(entry.size for entry in files.listdir(link, folder) or [])
    try:
        manifest = Manifest.parse(link.read(f"{folder}/{FILE_NAME}"))
    except (BundleError, DeviceError) as error:
        return Installed(name, "", 0, total, str(error).splitlines()[0])
    return Installed(name, manifest.version, manifest.sequence, total)


def remove(link: Link, name: str) -> None:
    """Removes an agent. Raises UsageError where the device has none of that name."""
    if not name or "/" in name or name.startswith(".") or not _has(link, name):
        there = ", ".join(entry.name for entry in installed(link)) or "none"
        raise UsageError(f"{link.name}: no agent {name!r}; there: {there}")
    files.remove(link, f"{FOLDER}/{name}")


def _has(link: Link, name: str) -> bool:
    return files.listdir(link, f"{FOLDER}/{name}") is not None
