"""NOTICE: whose work is in the firmware besides ours, with the licences' texts.

deps.toml says of each source under which licence it is (`licence`; those without are in no
firmware) and where the words stand (`notices`: whole files, of C sources the comment on top), and
which Debian packages' libraries compilers link in.
"""

import os
import re
import subprocess
import tarfile
import tomllib
from pathlib import Path

from wasmote import paths
from wasmote.build import deps
from wasmote.build.deps import Source
from wasmote.errors import BuildError, MissingError

DEBIAN_DOCS = Path("/usr/share/doc")
_RULE = "-" * 78
_C_SOURCES = (".c", ".h")


def text() -> str:
    """The whole file."""
    toml = (paths.TOP / "deps.toml").read_text()
    pieces = [
        "This firmware is wasmote (LICENSE) and holds work of others. Each board has some of it;\n"
        "their names, versions and licences, and what their authors want to be passed on:\n"
    ]
    for source in deps.parse(toml):
        if source.licence:
            title = f"{source.name} ({source.package} {source.version}): {source.licence}"
            words = [read(source, name, paths.THIRD_PARTY) for name in source.notices]
            pieces.append(_piece(title, words or ["(its archive has no text of the licence)"]))
    for package in linked_packages(toml):
        pieces.append(_piece(f"libraries of Debian's package {package}", [_debian(package)]))
    return "\n".join(pieces)


def _piece(title: str, words: list[str]) -> str:
    return f"{_RULE}\n{title}\n{_RULE}\n\n" + "\n\n".join(word.strip("\n") for word in words) + "\n"


def linked_packages(toml: str) -> list[str]:
    """The packages whose libraries end up in firmware."""
    return [name for entry in tomllib.loads(toml).get("apt", []) for name in entry.get("linked", [])]


def _debian(package: str) -> str:
    try:
        return (DEBIAN_DOCS / package / "copyright").read_text(errors="replace")
    except OSError:
        raise MissingError(f"{package} is not installed: run make venv") from None


def folder_of(source: Source, third_party: Path) -> Path:
    """Where a source lies: a checkout that the environment names comes first."""
    instead = os.environ.get(source.override, "") if source.override else ""
    return Path(instead) if instead else third_party / source.name


def read(source: Source, name: str, third_party: Path) -> str:
    """A file's words: of what was laid out, else of the archive that it came in."""
    path = folder_of(source, third_party) / name
    if path.is_file():
        words = path.read_text(errors="replace")
    else:
        words = _from_archive(third_party / ".cache/archives" / source.archive, name)
    return _top_comment(words) if path.suffix in _C_SOURCES else words


def _from_archive(archive: Path, name: str) -> str:
    if not archive.is_file():
        raise MissingError(f"{archive.name} is not there: make deps")
    if archive.suffix == ".deb":
        command = ["dpkg-deb", "--fsys-tarfile", str(archive)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as unpacking:
            with tarfile.open(fileobj=unpacking.stdout, mode="r|") as tar:
                return _member(tar, archive, f"./{name}")
    with tarfile.open(archive) as tar:
        return _member(tar, archive, name)


def _member(tar: tarfile.TarFile, archive: Path, name: str) -> str:
    """`name` counts from the archive's top folder, in a .deb from its root."""
    for member in tar:
        inside = member.name if name.startswith("./") else member.name.partition("/")[2]
        file = tar.extractfile(member) if inside == name else None
        if file:
            return file.read().decode(errors="replace")
    raise BuildError(f"deps.toml: notices: {archive.name} holds no {name}")


def _top_comment(words: str) -> str:
    """What stands before the first line of code."""
    return re.split(r"^#", words, maxsplit=1, flags=re.MULTILINE)[0].rstrip()


def _defined(name: str, file: str, keys: tuple[str, ...], prefix: str) -> str:
    """A version out of the #defines of a header."""
    sources = deps.parse((paths.TOP / "deps.toml").read_text())
    (source,) = [source for source in sources if source.name == name]
    path = folder_of(source, paths.THIRD_PARTY) / file
    try:
        words = path.read_text(errors="replace")
    except OSError:
        raise MissingError(f"{paths.shown(path)} is not there: make deps") from None
    found = [re.search(rf"^#define {prefix}{key}\s+(\d+)", words, re.MULTILINE) for key in keys]
    if not all(found):
        raise BuildError(f"{paths.shown(path)}: no version")
    return ".".join(match.group(1) for match in found if match)


def micropython_version() -> str:
    """The version of the sources that firmware is built from."""
    return _defined(
        "micropython", "py/mpconfig.h", ("MAJOR", "MINOR", "MICRO"), "MICROPY_VERSION_"
    )


def wasm3_version() -> str:
    """The version of the sources that firmware is built from."""
    return _defined("wasm3", "wasm3.h", ("MAJOR", "MINOR", "REV"), "M3_VERSION_")
