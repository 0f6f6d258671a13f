"""The test suite's .wast files as commands and modules, by wabt's wast2json."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NAN = re.compile(rb'\(assert_return_(canonical|arithmetic)_nan (\(invoke "([^"]*)".*\))\)')
# In WebAssembly 1.0 the name before an offset is the table's, today the segment's.
_TABLE = re.compile(rb"\(elem \$t \(")


@dataclass(frozen=True)
class Script:
    """One .wast file: wast2json's commands, and the modules that they name."""

    name: str
    commands: list[dict[str, Any]]
    folder: Path

    def module(self, command: dict[str, Any]) -> bytes:
        """The binary that a command is about."""
        return (self.folder / str(command["filename"])).read_bytes()


def modern(name: str, text: bytes) -> bytes:
    """The forms that only WebAssembly 1.0 had, as today's tools read them; lines stay."""

    def nan(match: re.Match[bytes]) -> bytes:
        kind, action, function = match.groups()
        # The old form does not say the type; wast2json compares what is said with the function's.
        wide = b"64" if name == "f64" or function.startswith(b"f64") else b"32"
        return b"(assert_return %s (f%s.const nan:%s))" % (action, wide, kind)

    return _NAN.sub(nan, _TABLE.sub(b"(elem (", text))


def convert(wast: Path, folder: Path) -> Script:
    """Converts one file into `folder`, which is its own."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = folder / wast.name
    source.write_bytes(modern(wast.stem, wast.read_bytes()))
    output = folder / f"{wast.stem}.json"
    program = Path(sys.executable).parent / "wast2json"
    done = subprocess.run(
        [program, source, "-o", output], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ValueError(f"{wast.name}: wast2json refuses it: {done.stderr[:400]}")
    return Script(wast.stem, json.loads(output.read_text())["commands"], folder)


def suite(wasts: Path, folder: Path) -> Iterator[Script]:
    """All files of the suite, converted, in order."""
    for wast in sorted(wasts.glob("*.wast")):
        yield convert(wast, folder / wast.stem)
