"""Writes what the C tests read: every module of tests/vectors as Wasm, the ABI table as words,
and signatures.

Usage: prepare.py FOLDER
"""

import json
import sys
from pathlib import Path
from typing import Any

from signature_support import by_host, forged, rfc8032, wycheproof
from wasmtime import wat2wasm

VECTORS = Path(__file__).parents[1] / "vectors"
SIGNATURE_BYTES = 64
CASE = ("inputs_bytes", "outputs_bytes", "memory_bytes", "vm_stack_bytes", "deadline_ms")


def word(value: Any) -> str:
    """A word that fscanf reads: nothing is a dash."""
    return "-" if value is None or value == "" else str(value)


def case_lines(row: dict[str, Any]) -> list[str]:
    """One case of agents.json, then its calls."""
    wasm = "abi/" + row["wat"].replace(".wat", ".wasm")
    words = [row["name"], wasm, *(row[key] for key in CASE), ",".join(row["imports"])]
    words += [row["model"], row["load"], row["load_code"], len(row["calls"])]
    lines = ["case " + " ".join(map(word, words))]
    for call in row["calls"]:
        words = [call["input"], call["output"], call["error"], call["code"]]
        lines.append("call " + " ".join(map(word, words)))
    return lines


def main(folder: Path) -> None:
    for kind in ("abi", "modules"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for wat in sorted((VECTORS / kind).glob("*.wat")):
            wasm = bytes(wat2wasm(wat.read_text()))
            (folder / kind / f"{wat.stem}.wasm").write_bytes(wasm)
    rows = json.loads((VECTORS / "abi" / "agents.json").read_text())
    lines = [line for row in rows for line in case_lines(row)]
    (folder / "abi.txt").write_text("\n".join(lines) + "\n")
    cases = [*rfc8032(), *by_host(), *forged(), *wycheproof()]
    whole = [case.as_bytes() for case in cases if len(case.signature) == SIGNATURE_BYTES]
    (folder / "signatures.bin").write_bytes(b"".join(whole))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
