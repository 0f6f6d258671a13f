"""What a training script leaves in the tree: written, or compared with what is there."""

from pathlib import Path

Files = dict[Path, bytes]


def write(files: Files, folder: Path | None) -> int:
    """Writes the files, into `folder` where there is one; status 0."""
    for path, data in files.items():
        target = folder / path.name if folder else path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        print(f"{target.name}: {len(data)} bytes")
    return 0


def compare(files: Files, also: tuple[str, ...] = ()) -> int:
    """Says which files differ from the tree's, and what else does; status 1 if any."""
    differ = [path.name for path, data in files.items() if _read(path) != data] + list(also)
    print("differs from the tree: " + ", ".join(differ) if differ else "as in the tree")
    return 1 if differ else 0


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
