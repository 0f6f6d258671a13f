"""An emulated board at its serial port, for tests that need more than a link: resets, crashes."""

import time
from typing import Self

from mpremote.transport_serial import SerialTransport

from wasmote.boards import Board
from wasmote.running import Running
from wasmote.sim import Simulator, simulator

PROMPT = b">>> "


class Console(Running):
    """A freshly installed board; `name` keeps apart what runs at the same time."""

    def __init__(self, board: Board, name: str) -> None:
        self.board = board
        self.name = name
        simulator.install(board, name, erase=True)

    def start(self) -> Self:
        """Starts the emulator with the flash as it is; `boot` is what the board then says."""
        self.sim = Simulator(self.board, self.name).start()
        self.boot = self.open()
        return self

    def open(self) -> str:
        """Opens the serial port; what the board says until its prompt is there."""
        self.transport = SerialTransport(self.sim.port)
        self.transport.serial.write(b"\r")
        return self.until(PROMPT)

    def until(self, ending: bytes, timeout_s: float = 15, after: bytes = b"") -> str:
        """What the board says up to `ending`, behind `after`; both must come."""
        said = bytearray()
        end = time.monotonic() + timeout_s
        while not (said.endswith(ending) and after in said):
            assert time.monotonic() < end, f"no {after + ending!r} in {bytes(said[-2000:])!r}"
            waiting = self.transport.serial.inWaiting()
            said += self.transport.serial.read(waiting)
            if not waiting:
                time.sleep(0.005)
        return said.decode(errors="replace")

    def soft_reset(self) -> str:
        """Ctrl-D; what the board says until its prompt is back."""
        self.transport.serial.write(b"\x04")
        return self.until(PROMPT, after=b"soft reboot")

    def exec(self, code: str, timeout_s: float = 20) -> str:
        """What `code` prints; an exception of it fails the test."""
        self.transport.enter_raw_repl(soft_reset=False)
        out, err = self.transport.exec_raw(code, timeout=timeout_s)
        self.transport.exit_raw_repl()
        self.until(PROMPT)
        assert not err, bytes(err).decode(errors="replace")
        return bytes(out).decode().replace("\r\n", "\n").strip()

    def begin(self, code: str) -> None:
        """Starts `code`, which does not come back to the prompt by itself."""
        self.transport.enter_raw_repl(soft_reset=False)
        self.transport.exec_raw_no_follow(code)
        self.transport.in_raw_repl = False

    def crash(self, code: str) -> str:
        """Runs `code`, which resets the board; what the board says until it is back."""
        self.begin(code)
        return self.until(b"\r\n" + PROMPT)

    def stop(self) -> None:
        """Stops the emulator; start() goes on with the same flash."""
        self.transport.serial.close()
        self.sim.stop()

    def kill(self) -> None:
        """Takes the power away."""
        self.sim.kill()
        self.stop()
