"""What a running device prints, line by line, without disturbing it."""

import os
import time
from collections.abc import Iterator

import serial

from wasmote import child
from wasmote.errors import DeviceError
from wasmote.links import names
from wasmote.links.process import UnixLink, environment, program
from wasmote.links.serial import serial_port

POLL_S = 0.1
RESTART_TIMEOUT_S = 15.0


class SerialLines:
    """Reads a serial port; the board is not interrupted, as a prompt would do."""

    def __init__(self, port: str) -> None:
        if port.startswith("/") and not os.path.exists(port):
            raise DeviceError(f"{port}: no such port; unplugged, or the emulator has ended?")
        try:
            self._serial = serial.serial_for_url(port, 115200, timeout=POLL_S, exclusive=True)
        except (serial.SerialException, OSError) as error:
            raise DeviceError(f"{port}: cannot be opened, or is busy ({error})") from None
        self._port = port
        self._rest = b""

    def poll(self) -> Iterator[str]:
        """The lines that ended since the last call; waits for them for a moment."""
        try:
            self._rest += self._serial.read(max(1, self._serial.in_waiting))
        except (serial.SerialException, OSError) as error:
            raise DeviceError(f"{self._port}: the port went away ({error})") from None
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            yield line.decode(errors="replace").rstrip("\r")

    def write(self, data: bytes) -> None:
        """Sends bytes to the board, such as Ctrl-C."""
        self._serial.write(data)

    def restart(self) -> None:
        """Stops what runs and soft-resets the board, missing nothing that it prints then."""
        # Ctrl-C twice, for a loop that eats one; Ctrl-B out of a raw prompt; Ctrl-D.
        self.write(b"\r\x03\x03\x02")
        self.wait('Type "help()"', RESTART_TIMEOUT_S)
        self.write(b"\x04")
        self.wait("soft reboot", RESTART_TIMEOUT_S)

    def wait(self, word: str, timeout_s: float) -> list[str]:
        """The lines up to the one that holds `word`. Raises DeviceError when it does not come."""
        seen: list[str] = []
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            for line in self.poll():
                seen.append(line)
                if word in line:
                    return seen
        tail = "\n".join([*seen, self._rest.decode(errors="replace")][-15:])
        raise DeviceError(f"{self._port}: no line with {word!r} in {timeout_s:.0f} s:\n{tail}")

    def close(self) -> None:
        """Lets the port go."""
        self._serial.close()


class ProcessLines:
    """Starts the unix port on its folder's main.py and reads what it prints."""

    def __init__(self, folder: str) -> None:
        link = UnixLink(folder)
        self._name = link.name
        self._path = link.folder / "main.log"
        with self._path.open("wb") as log:
            command = [*program(), "main.py"]
            self._process = child.start(command, log, cwd=link.folder, env=environment())
        self._read = self._path.open("rb")
        self._rest = b""

    def poll(self) -> Iterator[str]:
        """The lines that ended since the last call; DeviceError once the process is gone."""
        ended = self._process.poll() is not None
        self._rest += self._read.read()
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            yield line.decode(errors="replace")
        if ended:
            raise DeviceError(f"{self._name}: main.py ended with exit {self._process.returncode}")
        time.sleep(POLL_S if not lines else 0)

    def close(self) -> None:
        """Stops the process."""
        child.stop(self._process)
        self._read.close()


Lines = SerialLines | ProcessLines


def follow(name: str) -> Lines:
    """The lines of the device called `name`."""
    parsed = names.parse(name)
    if parsed.kind == "unix":
        return ProcessLines(parsed.value)
    return SerialLines(serial_port(parsed))
