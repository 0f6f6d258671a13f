"""Function names of an agent, kept beside its bundle: its module carries none."""

import json
from pathlib import Path


def path_of(bundle: Path) -> Path:
    """Where the build keeps the names for the bundle in the folder `bundle`."""
    return bundle.with_name(bundle.name + ".symbols.json")


def read(bundle: Path) -> dict[int, str]:
    """Names by function index, as far as they are known; messages of nodes have the index."""
    try:
        names = json.loads(path_of(bundle).read_text())
    except OSError:
        return {}
    return {int(index): str(name) for index, name in names.items()}


def write(bundle: Path, names: dict[int, str]) -> None:
    """Keeps `names`, as the linker gave them, in readable form."""
    readable = {str(index): demangled(name) for index, name in sorted(names.items())}
    path_of(bundle).write_text(json.dumps(readable, indent=1) + "\n")


def demangled(name: str) -> str:
    """A Rust symbol (`_ZN4core3fmt...17h<hash>E`) as people write it; other names as they are."""
    if not name.startswith("_ZN"):
        return name
    parts, rest = [], name[3:]
    while rest[:1].isdigit():
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        rest = rest[len(digits) :]
        parts.append(rest[: int(digits)])
        rest = rest[int(digits) :]
    if parts and len(parts[-1]) == 17 and parts[-1].startswith("h"):
        parts.pop()
    return "::".join(parts) or name
