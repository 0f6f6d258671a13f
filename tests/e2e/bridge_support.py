"""`wasmote bridge` as people run it, and a cable between it and a board that can go bad."""

import contextlib
import json
import os
import queue
import random
import select
import signal
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import serial

from wasmote.bridge.frames import END, START
from wasmote.links.process import environment, program
from wasmote.running import Running


class Bridge(Running):
    """The command on one or more ports; its lines are read as they come."""

    def __init__(self, broker_port: int, *ports: str, options: Sequence[str] = ()) -> None:
        self.command = [
            *(sys.executable, "-m", "wasmote.cli.main", "bridge"),
            *ports,
            *("--broker", f"127.0.0.1:{broker_port}"),
            *options,
        ]
        self.ports = ports
        self.lines: list[str] = []
        self.prompts: list[str] = []

    def start(self) -> Self:
        """Starts it and waits for its prompts; `prompts` are the ptys."""
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._new: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        self.prompts = [self.wait_for("its prompt: ").split()[-1] for _ in self.ports]
        return self

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        for line in process.stdout:
            self._new.put(line.rstrip("\n"))
        self._new.put(None)

    def wait_for(self, words: str, timeout_s: float = 30) -> str:
        """The next line that holds `words`."""
        end = time.monotonic() + timeout_s
        while True:
            line = None
            with contextlib.suppress(queue.Empty):
                line = self._new.get(timeout=max(0.01, end - time.monotonic()))
            assert line is not None, f"no line with {words!r} in:\n" + "\n".join(self.lines)
            self.lines.append(line)
            if words in line:
                return line

    def stop(self) -> None:
        """Ctrl-C; may be called twice."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)

    def kill(self) -> None:
        """Ends it without notice."""
        self.process.kill()
        self.process.wait()


Bad = Callable[[bytes], bytes]


class Cable(Running):
    """Between a board's port (a descriptor, or a name) and a new one, `name`.

    `to_board` and `to_host` see the bytes of each direction and say what arrives instead.
    """

    def __init__(self, board: int | str, to_board: Bad = bytes, to_host: Bad = bytes) -> None:
        self._board = board
        self.to_board, self.to_host = to_board, to_host

    def start(self) -> Self:
        """Plugs it in."""
        self._serial = None
        if isinstance(self._board, str):
            self._serial = serial.Serial(self._board, 115200, timeout=0)
            self._near = self._serial.fileno()
        else:
            self._near = self._board
        self._far, slave = os.openpty()
        tty.setraw(slave)
        self.name = os.ttyname(slave)
        self._slave = slave  # kept, so that the far end lasts while nobody has it open
        self._end, self._ended = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def _run(self) -> None:
        ends = {self._near: (self._far, "to_host"), self._far: (self._near, "to_board")}
        while True:
            ready = select.select([*ends, self._end], [], [], 1)[0]
            if self._end in ready:
                return
            for source in ready:
                sink, way = ends[source]
                try:
                    data = os.read(source, 4096)
                    changed = getattr(self, way)(data)
                    while changed:
                        select.select([], [sink], [], 1)
                        changed = changed[os.write(sink, changed) :]
                except BlockingIOError:
                    continue
                except OSError:
                    return

    def stop(self) -> None:
        """Pulls it out; may be called twice."""
        if self._thread.is_alive():
            os.write(self._ended, b"x")
        self._thread.join(5)
        for descriptor in (self._far, self._slave, self._end, self._ended):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._far = self._slave = self._end = self._ended = -1
        if self._serial:
            self._serial.close()


class UnixNode(Running):
    """A node as a process whose console is a pty, `name`; in a folder that holds all it needs."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.folder = folder
        (folder / "wasmote.json").write_text(json.dumps(settings))
        (folder / "main.py").write_text("import wasmote\nwasmote.run()\n")
        # Its end, and the name of the other, which a bridge opens.
        self._end, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.name = os.ttyname(self._slave)

    def start(self) -> Self:
        """Starts it."""
        self.process = subprocess.Popen(
            [*program(), "main.py"],
            cwd=self.folder,
            env=environment(),
            stdin=self._end,
            stdout=self._end,
        )
        return self

    def stop(self) -> None:
        """Ends it as a power cut would."""
        self.process.kill()
        self.process.wait()
        os.close(self._end)
        os.close(self._slave)


class Noise:
    """Flips, drops and inserts bytes, some of every hundred; frames' own marks among them."""

    def __init__(self, seed: int, percent: float) -> None:
        self._random = random.Random(seed)
        self._percent = percent
        self.hits = 0

    def __call__(self, data: bytes) -> bytes:
        result = bytearray()
        for byte in data:
            if self._random.random() * 100 >= self._percent:
                result.append(byte)
                continue
            self.hits += 1
            kind = self._random.randrange(4)
            if kind == 0:  # flipped, but never into Ctrl-C
                flipped = byte ^ 1 << self._random.randrange(8)
                result.append(flipped if flipped != 3 else byte)
            elif kind == 1:  # inserted
                result += bytes([byte, self._random.choice((START, END, 0x55, 0xFF))])
            elif kind == 2:  # doubled
                result += bytes([byte, byte])
        return bytes(result)


def config(agent: str, samples: str, count: int, **mqtt: Any) -> dict[str, Any]:
    """A node on a serial port that publishes `count` results."""
    return {
        "site": "e2e",
        "node": "serial",
        "network": {"kind": "serial"},
        "mqtt": {"timeout_s": 5, **mqtt},
        "agents": [
            {
                "name": agent,
                "sensor": {"kind": "replay", "path": samples, "count": count, "period_ms": 0},
            }
        ],
    }
