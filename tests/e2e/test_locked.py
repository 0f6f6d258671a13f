"""A locked board, from its key set to its erasure: no prompt, and nothing unsigned runs.

Rerun one: .venv/bin/pytest tests/e2e/test_locked.py -k "<name>"
"""

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Run
from test_bridge import golden_samples

from wasmote import boards, paths
from wasmote.boards import Board
from wasmote.links import bundles, connected, files
from wasmote.links.lines import SerialLines
from wasmote.sim import Simulator, simulator

pytestmark = pytest.mark.timeout(280)

NAME = "test-locked"
AGENT = "digits"
BUNDLE = paths.BUILD / "agents" / AGENT
OUT = f"agent/{AGENT}/out "
START_S = 40
SLOW_S = 400  # for emulators that need a minute for what takes a board a second
# Shows itself on the console, and stays.
RAN = "print('{0} was run'); open('/{0}.ran', 'w').close()\n"
PROMPTS = (">>>", "raw REPL", "MicroPython v", "Type ", "was run", "OK")
KEYS = {
    "Ctrl-C": b"\x03" * 20,
    "Ctrl-D": b"\x04" * 5,
    "Ctrl-A": b"\r\x03\x03\x01",
    "raw paste": b"\x01\x05A\x01",
    "Ctrl-B": b"\x02\x03\x02",
    "code": b"\x03\x03import os; print('OK')\r\n\x04",
    "escapes": b"\x1b[A\r\x1b\x1bc\x05print('OK')\x04",
    "noise": bytes(range(256)) * 4,
}


class Locked:
    """A board with signed digits, locked; its console."""

    def __init__(
        self, board: Board, folder: Path, wasmote: Run, start_s: float = START_S
    ) -> None:
        self.board = board
        self.start_s = start_s
        self.name = f"{NAME}-{board.name}"
        self.folder = folder
        self.wasmote = wasmote
        self.bundle = folder / AGENT
        self.unsigned = folder / "unsigned" / AGENT
        simulator.install(board, self.name, erase=True)
        self.sim = Simulator(board, self.name, fresh=True)
        self.lines: SerialLines | None = None

    def run(self, *words: str, exit_code: int = 0) -> str:
        """What a verb says."""
        got = self.wasmote(*words)
        said = got.stdout + got.stderr
        assert got.returncode == exit_code, f"{words}: {said}"
        return said

    def make(self) -> None:
        """Keys, a signed bundle, and one without a signature."""
        keys = ("--keys", str(self.folder / "keys"))
        shutil.copytree(BUNDLE, self.unsigned)
        shutil.copytree(BUNDLE, self.bundle)
        self.run("keys", "new", "ann", "--root", *keys)
        self.run("keys", "new", "ci", "--publisher", *keys)
        self.run("keys", "init", *keys)
        self.run("keys", "allow", "ci", AGENT, *keys)
        self.run("agent", "sign", str(self.bundle), "--key", "ci", *keys)

    def provision(self) -> None:
        """Everything onto the board, and an agent `x` in a folder that nobody has signed."""
        sensor = {"kind": "replay", "path": "/samples/d.bin", "period_ms": 200, "loop": True}
        agent = {"name": AGENT, "sensor": sensor}
        config = self.folder / "config.json"
        config.write_text(json.dumps({"agents": [agent]}))
        place = ("--site", "lab", "--node", "n1", "--network", "none", "--config", str(config))
        port = ("-d", self.sim.start().port)
        with connected(self.sim.port) as link:
            files.mkdirs(link, "/samples")
            link.write("/samples/d.bin", golden_samples())
            for name in ("boot", "main"):
                link.write(f"/{name}.py", RAN.format(name).encode())
        self.run("keys", "provision", *port, "--keys", str(self.folder / "keys"))
        self.run("agent", "upload", str(self.unsigned), *port)
        # What nobody has signed would not run any more.
        assert "signature-format" in self.run("provision", *port, *place, "--lock", exit_code=4)
        said = self.run("agent", "upload", str(self.bundle), *port)
        assert "its signature too" in said
        self.run("provision", *port, *place, "--lock")
        self._add_unsigned(agent)

    def _add_unsigned(self, agent: dict[str, Any]) -> None:
        """As somebody could who was at the prompt before the node was locked."""
        with connected(self.sim.port) as link:
            data = {path.name: path.read_bytes() for path in BUNDLE.iterdir()}
            data["manifest.json"] = data["manifest.json"].replace(b'"digits"', b'"x"')
            files.mkdirs(link, "/agents/x")
            for name in ("manifest.json", "agent.wasm", "golden.bin"):
                link.write(f"/agents/x/{name}", data[name])
            config = json.loads(link.read("/wasmote.json"))
            config["agents"].append(agent | {"name": "x"})
            link.write("/wasmote.json", json.dumps(config).encode())

    def listen(self) -> SerialLines:
        self.close()
        self.lines = SerialLines(self.sim.port)
        return self.lines

    def close(self) -> None:
        if self.lines:
            self.lines.close()
        self.lines = None

    def power_cycle(self) -> list[str]:
        """What it says from the start to its second result."""
        self.close()
        self.sim.kill()
        self.sim.stop()
        self.sim.fresh = False
        self.sim.start()
        lines = self.listen()
        said = lines.wait(OUT, self.start_s)
        return said + lines.wait(OUT, self.start_s)

    def follow(self, seconds: float) -> list[str]:
        """The lines of that time."""
        assert self.lines
        end = time.monotonic() + seconds
        said: list[str] = []
        while time.monotonic() < end:
            said += self.lines.poll()
        return said


def results(said: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line.split(OUT, 1)[1]) for line in said if OUT in line]


def check_no_prompt(said: list[str]) -> None:
    for line in said:
        assert not any(word in line for word in PROMPTS), line


@pytest.fixture(scope="module")
def locked(
    board: Board, wasmote: Run, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Locked]:
    found = Locked(board, tmp_path_factory.mktemp("locked"), wasmote)
    try:
        found.make()
        found.provision()
        yield found
    finally:
        found.close()
        found.sim.stop()


def test_locked_board_runs_what_is_signed_and_nothing_else(locked: Locked) -> None:
    said = locked.power_cycle()
    check_no_prompt(said)
    assert any(line.endswith("wasmote: locked") for line in said)
    assert any("error: agent x" in line for line in said)
    assert not any("agent/x/out" in line for line in said + locked.follow(2))


def test_keys_reach_no_prompt(locked: Locked) -> None:
    """And the node does not stumble over them."""
    locked.power_cycle()
    assert locked.lines
    said: list[str] = []
    for name, keys in KEYS.items():
        locked.lines.write(keys)
        more = locked.follow(1.5)
        assert results(more), f"{name}: {more}"
        said += more
    locked.lines._serial.send_break(0.3)
    said += locked.follow(1.5)
    check_no_prompt(said)
    numbers = [result["seq"] for result in results(said)]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert len({result["boot"] for result in results(said)}) == 1


def test_tools_are_turned_away(locked: Locked) -> None:
    locked.power_cycle()
    locked.close()
    # It waits for a prompt for as long as the board says anything.
    words = ("connect", locked.sim.port, "exec", "print('was run')")
    with subprocess.Popen(
        [sys.executable, "-m", "mpremote", *words], stdout=subprocess.PIPE, text=True
    ) as mpremote:
        time.sleep(15)
        mpremote.kill()
        assert "was run" not in mpremote.communicate()[0]
    said = locked.run("agent", "ls", "-d", locked.sim.port, exit_code=4)
    assert "prompt" in said
    words = ("agent", "upload", str(locked.bundle), "-d", locked.sim.port, "--restart")
    locked.run(*words, exit_code=4)
    locked.listen()
    check_no_prompt(locked.follow(1))


def test_upload_needs_a_signature(locked: Locked) -> None:
    locked.power_cycle()
    locked.close()
    words = ("agent", "upload", str(locked.unsigned), "-d", locked.sim.port)
    # It is another manifest's: the same one would be there already.
    path = locked.unsigned / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"sequence":', b'"x-by": "us", "sequence":'))
    said = locked.run(*words, exit_code=5)
    assert "signature-format" in said
    assert "agent sign" in said
    locked.listen()
    assert results(locked.follow(2))


def test_it_stays_locked_whenever_the_power_goes(locked: Locked) -> None:
    for after_s in (0.05, 0.2, 0.5, 1, 1.5, 2.5):
        locked.close()
        locked.sim.kill()
        locked.sim.stop()
        locked.sim.start()
        lines = locked.listen()
        # Somebody leans on the keyboard from the first moment on.
        end = time.monotonic() + after_s
        said: list[str] = []
        while time.monotonic() < end:
            lines.write(b"\x03\x04\r")
            said += lines.poll()
        check_no_prompt(said)
    said = locked.power_cycle()
    check_no_prompt(said)
    assert any(line.endswith("wasmote: locked") for line in said)


def test_power_that_goes_during_an_upload(locked: Locked) -> None:
    locked.power_cycle()
    for after_s in (0.3, 1.5, 3):
        locked.close()
        words = ("agent", "upload", str(locked.unsigned), "-d", locked.sim.port)
        uploading = threading.Thread(target=locked.wasmote, args=words)
        uploading.start()
        time.sleep(after_s)
        check_no_prompt(locked.power_cycle())
        uploading.join()


def test_erasing_the_flash_unlocks_and_loses_everything(locked: Locked) -> None:
    locked.close()
    locked.sim.kill()
    locked.sim.stop()
    locked.run("flash", locked.board.name, "--name", locked.name, "--erase")
    locked.sim.start()
    with connected(locked.sim.port) as link:
        code = "from wasmote import trust; t = trust.default(); print(t.locked, t.keyset_version)"
        assert link.exec(code).split() == ["False", "0"]
        assert bundles.installed(link) == []
        assert files.listdir(link, "/wasmote.json") is None
        names = [entry.name for entry in files.listdir(link, "/") or []]
        assert "wasmote.json" not in names
        assert "boot.py" not in names



# Whose console is a USB device that MicroPython brings up only behind boot.py.
USB = [b for b in boards.listing() if b.section("sim").get("kind") == "rp2040py"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("usb", USB, ids=lambda board: board.name)
def test_usb_console_of_a_locked_board(usb: Board, wasmote: Run, tmp_path: Path) -> None:
    locked = Locked(usb, tmp_path, wasmote, SLOW_S)
    try:
        locked.make()
        locked.provision()
        said = locked.power_cycle()
        assert locked.lines
        locked.lines.write(b"".join(KEYS.values()))
        said += locked.lines.wait(OUT, SLOW_S) + locked.lines.wait(OUT, SLOW_S)
        check_no_prompt(said)
        assert len({result["boot"] for result in results(said)}) == 1
        locked.close()
        words = ("agent", "upload", str(locked.unsigned), "-d", locked.sim.port)
        path = locked.unsigned / "manifest.json"
        path.write_bytes(path.read_bytes().replace(b'"sequence":', b'"x-by": "us", "sequence":'))
        assert "signature-format" in locked.run(*words, exit_code=5)
    finally:
        locked.close()
        locked.sim.stop()
