"""Where device scripts run: a process of the unix port, or a bench's board over its serial port.

Both get the same files: devtest.py and other helpers of this folder, and devdata/ with every
module of tests/vectors/modules as Wasm and every bundle of build/agents. Boards get Python as
mpy-cross compiles it: the smallest have no heap for the compiler beside what scripts need.
"""

import functools
import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import signature_support
import wasmtime

from wasmote import paths
from wasmote.agent import variants
from wasmote.errors import WasmoteError
from wasmote.hil import Device, Place
from wasmote.links import files
from wasmote.links.process import environment, program
from wasmote.links.serial import SerialLink

HERE = Path(__file__).parent
# Read once: tests of the build put another folder in its place, while scripts run beside them.
MPY_CROSS = paths.BUILD / "mpy-cross/mpy-cross"
SCRIPT_TIMEOUT_S = 180
OUTPUT_TAIL = 6000
# Emulators so many times slower than boards are
PACE = {"rp2040py": 13}
SLOW_SCRIPT_TIMEOUT_S = 600
# Of a table, for boards that are slow and small; fewer where each row is some signatures
TABLE_BYTES = 65536
SIGNED_TABLE_BYTES = 8192
_LINE = re.compile(r"^(ok|skip|FAIL) (test_\w+)(?:: (.*))?$")


def pace(place: Place) -> int:
    """How many times slower than others the board is."""
    kind = place.board.section("sim").get("kind") if place.is_emulated else ""
    return PACE.get(kind, 1)


def timeout_s(place: Place) -> int:
    """The longest silence of a script there."""
    return SLOW_SCRIPT_TIMEOUT_S if pace(place) > 1 else SCRIPT_TIMEOUT_S


@dataclass(frozen=True)
class Verdicts:
    """What a script said of each of its tests, and all that it printed."""

    by_name: dict[str, tuple[str, str]]
    output: str


def parse(output: str) -> Verdicts:
    """The verdicts in what devtest.py printed."""
    found = {}
    for line in output.splitlines():
        match = _LINE.match(line.rstrip("\r"))
        if match:
            found[match.group(2)] = (match.group(1), match.group(3) or "")
    return Verdicts(found, output[-OUTPUT_TAIL:])


def helpers() -> list[Path]:
    """The modules that scripts import."""
    return [
        path
        for path in sorted(HERE.glob("*.py"))
        if not path.name.startswith("test_") and path.name not in ("conftest.py", "harness.py")
    ]


def compiled(path: Path) -> bytes:
    """A module as a .mpy file."""
    command = [str(MPY_CROSS), "-s", path.name, "-o", "-", str(path)]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def device_data(place: Place) -> Iterator[tuple[str, bytes]]:
    """(path, content) of what else scripts need, relative to a folder on sys.path."""
    yield "devdata/board", f"{place.board.name} {place.board.values['class']}".encode()
    for path in sorted((paths.TOP / "tests/vectors/modules").glob("*.wat")):
        yield f"devdata/{path.stem}.wasm", bytes(wasmtime.wat2wasm(path.read_text()))
    for path in sorted((paths.TOP / "tests/vectors/sensors").glob("*.txt")):
        yield f"devdata/sensors/{path.name}", path.read_bytes()
    for path in sorted((paths.BUILD / "agents").glob("*/*")):
        if path.name in (variants.PORTABLE_FILE, variants.SIMD_FILE):
            continue  # for gateways
        yield f"devdata/agents/{path.parent.name}/{path.name}", path.read_bytes()


@functools.cache
def tables() -> dict[str, bytes]:
    """Larger files of devdata/, for the scripts that name them."""
    vectors = paths.TOP / "tests/vectors"
    return {
        "abi.jsonl": _abi_table(vectors / "abi"),
        "bridge-frames.jsonl": _lines(vectors / "bridge/frames.json"),
        "bridge-streams.jsonl": _lines(vectors / "bridge/streams.json"),
        "manifests.jsonl": _lines(vectors / "manifest/manifests.json"),
        "sign-cases.jsonl": _signatures(
            *signature_support.rfc8032(), *signature_support.by_host(), *signature_support.forged()
        ),
        "sign-wycheproof.jsonl": _signatures(*signature_support.wycheproof()),
        "store.jsonl": _lines(vectors / "store/records.json"),
        **{f"trust-{path.name}": path.read_bytes() for path in (vectors / "trust").glob("*.jsonl")},
    }


def _lines(path: Path) -> bytes:
    return _table(json.loads(path.read_text()))


def _table(rows: Iterable[object]) -> bytes:
    """A table of vectors, a case a line: small enough for a board's heap."""
    return "\n".join(json.dumps(row) for row in rows).encode()


def _signatures(*cases: signature_support.Case) -> bytes:
    return _table(case.as_json() for case in cases)


def _abi_table(folder: Path) -> bytes:
    """The ABI table, a case a line, with the module in it: small enough for a board's heap."""
    lines = []
    for row in json.loads((folder / "agents.json").read_text()):
        wasm = wasmtime.wat2wasm((folder / row["wat"]).read_text())
        lines.append(json.dumps({**row, "wasm": bytes(wasm).hex()}))
    return "\n".join(lines).encode()


class ProcessRunner:
    """Runs scripts in a process; a new one each."""

    def __init__(self, place: Place) -> None:
        self.folder = paths.BUILD / "test" / place.name
        shutil.rmtree(self.folder, ignore_errors=True)
        devdata = [(f"devdata/{name}", content) for name, content in tables().items()]
        modules = [(path.name, path.read_bytes()) for path in helpers()]
        for name, content in [*modules, *device_data(place), *devdata, ("devdata/pace", b"1")]:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(content)

    def run(self, script: Path) -> str:
        """What the script printed; a script that ends badly has that said at the end."""
        shutil.copy(script, self.folder / script.name)
        command = [*program(), script.name]
        try:
            got = subprocess.run(
                command,
                cwd=self.folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=SCRIPT_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            return f"{_text(error.stdout)}\n(no end after {SCRIPT_TIMEOUT_S} s)"
        ending = f"\n(exit {got.returncode})" if got.returncode else ""
        return _text(got.stdout) + ending

    def close(self) -> None:
        """Nothing runs any more."""


def _text(output: bytes | None) -> str:
    return (output or b"").decode(errors="replace")


class SerialRunner:
    """Runs scripts on a board: started once, files uploaded once, reset before each."""

    def __init__(self, place: Place) -> None:
        self.closed = False
        self.device = Device(place, "test-device").start()
        self.link = SerialLink(self.device.port)
        made: set[str] = set()
        modules = [(f"{path.stem}.mpy", compiled(path)) for path in helpers()]
        for name, content in [*modules, *device_data(place), ("devdata/pace", b"%d" % pace(place))]:
            folder = name.rpartition("/")[0]
            if folder and folder not in made:
                files.mkdirs(self.link, "/" + folder)
                made.add(folder)
            self.link.write("/" + name, content)
        self.kept = self._names()

    def _names(self) -> set[str]:
        return {entry.name for entry in files.listdir(self.link, "/") or []}

    def run(self, script: Path) -> str:
        """What the script printed; where the board went silent, that and no more."""
        try:
            self.link.soft_reset()
            self.link.write(f"/{script.stem}.mpy", compiled(script))
            text = script.read_text()
            named = [name for name in tables() if name in text]
            for name in named:
                self.link.write(f"/devdata/{name}", self._table(name))
            said = self.link.exec(f"import {script.stem}", timeout_s(self.device.place))
            # The smallest file systems have no room for what all scripts together leave.
            for name in [*(self._names() - self.kept), *(f"devdata/{name}" for name in named)]:
                files.remove(self.link, f"/{name}")
            return said
        except WasmoteError as error:
            self._recover()
            return str(error)

    def _table(self, name: str) -> bytes:
        """All of a table, or on a slow board as many of its rows as are not too much."""
        data = tables()[name]
        limit = SIGNED_TABLE_BYTES if name.startswith("trust-") else TABLE_BYTES
        if pace(self.device.place) == 1 or len(data) <= limit:
            return data
        return b"\n".join(data.splitlines()[:: -(-len(data) // limit)])

    def _recover(self) -> None:
        """A board that does not answer would fail all scripts after this one."""
        self.link.close()
        if self.closed:
            return
        self.device.recover()
        self.link = SerialLink(self.device.port)

    def close(self) -> None:
        """Stops the board."""
        self.closed = True
        self.link.close()
        self.device.stop()


Runner = ProcessRunner | SerialRunner
_runners = pytest.StashKey[dict[str, Runner]]()


def runner(config: pytest.Config, place: Place) -> Runner:
    """The board's runner, started when it is first asked for and stopped with the session."""
    running = config.stash.setdefault(_runners, {})
    if place.name not in running:
        board = place.board
        if place.is_emulated and not board.firmware.exists():
            pytest.fail(f"{board.name} is not built: make firmware BOARD={board.name}")
        is_process = board.section("sim").get("kind") == "process"
        running[place.name] = ProcessRunner(place) if is_process else SerialRunner(place)
        config.add_cleanup(running[place.name].close)
    return running[place.name]
