"""Writes the .jsonl files, here or into the folder of its argument, out of SPEC.md 10 and without
the code that they test. README.md says the fields."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from keysets import chain_rows, first_rows, next_rows, signature_rows
from manifests import manifest_rows
from parts import Row
from timestamps import stamp_rows

FILES: dict[str, Callable[[], list[Row]]] = {
    "signatures.jsonl": signature_rows,
    "keysets.jsonl": lambda: first_rows() + next_rows(),
    "chains.jsonl": chain_rows,
    "manifests.jsonl": manifest_rows,
    "timestamps.jsonl": stamp_rows,
}


def main() -> None:
    folder = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parent
    for name, rows in FILES.items():
        lines = [json.dumps(row, separators=(",", ":")) for row in rows()]
        (folder / name).write_text("\n".join(lines) + "\n")


main()
