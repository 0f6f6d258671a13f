"""`make deps`: third_party/ laid out from pinned sources, each checked before it is unpacked."""

import hashlib
import os
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from wasmote.build import fetch
from wasmote.build.process import run
from wasmote.errors import BuildError, UsageError

Say = Callable[[str], None]


@dataclass(frozen=True)
class Source:
    """One entry of deps.toml's `source` table; its comments there say what each key means."""

    name: str
    kind: str
    package: str
    version: str
    archive: str
    sha256: str
    suite: str = ""
    take: str = ""
    only: list[str] = field(default_factory=list)
    override: str = ""
    licence: str = ""
    notices: list[str] = field(default_factory=list)

    def pin(self) -> str:
        """What has to be written in the stamp for the folder to be current."""
        return f"{self.archive} {self.sha256} {self.take} {' '.join(self.only)}\n"


def parse(text: str) -> list[Source]:
    """The sources of deps.toml. Raises UsageError on a missing or unknown key or kind."""
    sources = []
    for name, entry in tomllib.loads(text).get("source", {}).items():
        kind = entry.pop("from", "")
        if kind not in FETCHERS:
            raise UsageError(f"deps.toml: source.{name}.from: {kind!r} is not in {list(FETCHERS)}")
        try:
            sources.append(Source(name=name, kind=kind, **entry))
        except TypeError as error:
            raise UsageError(f"deps.toml: source.{name}: {error}") from None
    return sources


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def archive_check(path: Path, sha256: str) -> None:
    """Raises BuildError when the file is not the pinned one, and removes it."""
    got = sha256_of(path)
    if got != sha256:
        path.unlink()
        raise BuildError(f"{path.name}: SHA-256 is {got}, deps.toml says {sha256}; removed it")


def _unpack(archive: Path, folder: Path) -> Path:
    """Unpacks a tar archive and returns its one top folder (or `folder`, without one).

    Of a Debian package, the folder into which its files went.
    """
    folder.mkdir(parents=True)
    if archive.suffix == ".deb":
        run(["dpkg-deb", "-x", archive, folder])
        return folder
    run(["tar", "-xf", archive, "-C", folder, "--no-same-owner"])
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def _from_debian(source: Source, cache: Path) -> Path:
    return fetch.debian_source(source.package, source.suite, source.archive, cache)


def _from_debian_package(source: Source, cache: Path) -> Path:
    return fetch.debian_package(source.package, source.suite, source.archive, cache)


def _from_crate(source: Source, cache: Path) -> Path:
    return fetch.crate(source.package, source.version, source.archive, cache)


def _from_sdist(source: Source, cache: Path) -> Path:
    return fetch.python_sdist(source.package, source.version, source.sha256, cache)


FETCHERS: dict[str, Callable[[Source, Path], Path]] = {
    "debian-source": _from_debian,
    "debian-package": _from_debian_package,
    "crate": _from_crate,
    "python-sdist": _from_sdist,
}


def _bring(source: Source, cache: Path) -> Path:
    """The source's checked archive (kept, so that a second time needs no network) or folder."""
    kept = cache / "archives" / source.archive
    if not kept.exists():
        got = FETCHERS[source.kind](source, cache)
        if got.is_dir():
            return got
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(got, kept)
    archive_check(kept, source.sha256)
    return kept


def lay_out(source: Source, third_party: Path) -> None:
    """Makes third_party/<name> anew. The folder appears whole or not at all."""
    cache = third_party / ".cache"
    scratch = cache / "unpack" / source.name
    shutil.rmtree(scratch, ignore_errors=True)
    got = _bring(source, cache)
    top = (got if got.is_dir() else _unpack(got, scratch)) / source.take
    if not top.is_dir():
        raise BuildError(f"{source.archive} holds no folder {source.take}")
    ready = cache / "ready" / source.name
    shutil.rmtree(ready, ignore_errors=True)
    ready.mkdir(parents=True)
    for entry in source.only or sorted(path.name for path in top.iterdir()):
        shutil.move(top / entry, ready / entry)
    shutil.rmtree(third_party / source.name, ignore_errors=True)
    ready.rename(third_party / source.name)
    shutil.rmtree(scratch, ignore_errors=True)


def stamp_path(source: Source, third_party: Path) -> Path:
    """Where the pin of what lies in third_party/<name> is kept."""
    return third_party / ".cache" / "stamps" / source.name


def is_current(source: Source, third_party: Path) -> bool:
    """Whether third_party/<name> was made from exactly this pin."""
    stamp = stamp_path(source, third_party)
    if not (third_party / source.name).is_dir() or not stamp.exists():
        return False
    return stamp.read_text() == source.pin()


def ensure(sources: list[Source], third_party: Path, say: Say) -> list[str]:
    """Brings what is missing or was pinned anew; returns the names of what it brought."""
    third_party = third_party.resolve()  # the clients run in folders of their own
    brought = []
    for source in sources:
        instead = os.environ.get(source.override, "") if source.override else ""
        if instead:
            if not Path(instead).is_dir():
                raise UsageError(f"{source.override}={instead}: no such folder")
            say(f"deps: {source.name}: {source.override}={instead}")
        elif not is_current(source, third_party):
            say(f"deps: {source.name} {source.version}: {source.kind} {source.package}")
            lay_out(source, third_party)
            stamp = stamp_path(source, third_party)
            stamp.parent.mkdir(parents=True, exist_ok=True)
            stamp.write_text(source.pin())
            brought.append(source.name)
    return brought
