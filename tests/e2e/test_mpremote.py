"""The real mpremote on the emulated board's serial port."""

import hashlib
import os
import pty
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import wasmtime
from commands import Run

from wasmote.sim import Simulator

# It never comes back, and calls nothing on the way.
ENDLESS = """(module (func (export "spin") (loop $again (br $again))))"""


def test_mpremote_copies_100_kb_with_equal_hash(
    running: Simulator, mpremote: Run, tmp_path: Path
) -> None:
    data = random.Random(1).randbytes(100_000)
    (tmp_path / "big.bin").write_bytes(data)
    sent = mpremote(running.port, "fs", "cp", str(tmp_path / "big.bin"), ":/big.bin")
    assert sent.returncode == 0, sent.stdout + sent.stderr
    digest = mpremote(running.port, "fs", "sha256sum", ":/big.bin")
    assert hashlib.sha256(data).hexdigest() in digest.stdout
    back = mpremote(running.port, "fs", "cp", ":/big.bin", str(tmp_path / "back.bin"))
    assert back.returncode == 0, back.stdout + back.stderr
    assert (tmp_path / "back.bin").read_bytes() == data


def test_mpremote_ls_and_rm(running: Simulator, mpremote: Run) -> None:
    assert mpremote(running.port, "fs", "touch", ":/one").returncode == 0
    assert mpremote(running.port, "fs", "mkdir", ":/folder").returncode == 0
    listed = mpremote(running.port, "fs", "ls", ":/").stdout
    assert "one" in listed
    assert "folder/" in listed
    gone = mpremote(running.port, "fs", "rm", ":/one", "+", "fs", "rmdir", ":/folder")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    listed = mpremote(running.port, "fs", "ls", ":/").stdout
    assert "one" not in listed
    assert "folder" not in listed


def test_mpremote_exec(running: Simulator, mpremote: Run) -> None:
    got = mpremote(running.port, "exec", "print(6 * 7)")
    assert got.stdout.strip() == "42"
    bad = mpremote(running.port, "exec", "1 / 0")
    assert bad.returncode != 0
    assert "ZeroDivisionError" in bad.stdout + bad.stderr


class Terminal:
    """mpremote's REPL in a terminal of its own, as a person has it."""

    def __init__(self, port: str) -> None:
        self.master, slave = pty.openpty()
        command = [sys.executable, "-m", "mpremote", "connect", port, "repl"]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        os.set_blocking(self.master, False)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def wait_for(self, word: str, timeout_s: float = 15) -> str:
        """What came up to and with `word`."""
        end = time.monotonic() + timeout_s
        while word not in self.seen:
            assert time.monotonic() < end, (
                f"no {word!r} in {timeout_s} s after {self.seen[-500:]!r}"
            )
            try:
                self.seen += os.read(self.master, 4096).decode(errors="replace")
            except BlockingIOError:
                time.sleep(0.02)
        before, _, self.seen = self.seen.partition(word)
        return before

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        os.close(self.master)


@pytest.fixture
def endless(running: Simulator, mpremote: Run, tmp_path: Path) -> str:
    """The path on the board of a module whose `spin` never returns."""
    (tmp_path / "endless.wasm").write_bytes(bytes(wasmtime.wat2wasm(ENDLESS)))
    sent = mpremote(running.port, "fs", "cp", str(tmp_path / "endless.wasm"), ":/endless.wasm")
    assert sent.returncode == 0, sent.stdout + sent.stderr
    return "/endless.wasm"


def test_mpremote_ctrl_c_stops_a_bare_loop_and_the_board_answers(
    running: Simulator, mpremote: Run, endless: str
) -> None:
    terminal = Terminal(running.port)
    try:
        terminal.wait_for("to exit this shell")
        terminal.type("\r")
        terminal.wait_for(">>> ")
        for line in (
            "import wasm3",
            "e = wasm3.Environment()",
            "r = e.new_runtime(2048)",
            f"r.load(e.parse_module(open({endless!r}, 'rb').read()))",
            "f = r.find_function('spin')",
        ):
            terminal.type(line + "\r")
            said = terminal.wait_for(">>> ")
            assert "Traceback" not in said, said
        terminal.type("f()\r")
        time.sleep(0.5)
        terminal.type("\x03")
        said = terminal.wait_for(">>> ", timeout_s=5)
        assert "KeyboardInterrupt" in said or "interrupted" in said, said
        terminal.type("print(40 + 2)\r")
        assert "\r\n42\r\n" in terminal.wait_for("\r\n>>> ") + "\r\n"
    finally:
        terminal.close()
    assert mpremote(running.port, "exec", "print('alive')").stdout.strip() == "alive"
