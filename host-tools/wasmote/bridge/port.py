"""One board of the bridge: its serial port, its connection to the broker, its prompt."""

import os
from collections.abc import Callable

import serial

from wasmote.bridge.broker import Address, Connection
from wasmote.bridge.frames import Frame, Splitter, encode
from wasmote.bridge.relay import Relay
from wasmote.bridge.terminal import Terminal
from wasmote.errors import DeviceError, WasmoteError

BAUD = 115200
READ_BYTES = 4096
CTRL_C = b"\x03"
LEAVE_S = 1.5  # a node that was interrupted takes leave of the broker within
PROMPT_S = 0.2  # and after so long a silence the prompt is there
BROKEN_FRAME_S = 1.0
RETRY_S = 1.0
LINE_MAX = 400
# Frames of installs (SPEC.md, 9.3), which whoever has the pty open sends and gets.
INSTALLS_DOWN, INSTALLS_UP = (b"i", b"p"), (b"Q", b"S")

# (for reading, for writing, what to call then: readable, writable, now)
Watched = tuple[bool, bool, Callable[[bool, bool, float], None]]


def open_serial(name: str) -> serial.SerialBase:
    """Opens a port for reading and writing that do not block. Raises DeviceError."""
    if name.startswith("/") and not os.path.exists(name):
        raise DeviceError(f"{name}: no such port; unplugged, or the emulator has ended?")
    if name.startswith("/") and not os.access(name, os.R_OK | os.W_OK):
        raise DeviceError(
            f"{name}: no permission; as root: usermod -aG dialout USER, then log in again"
        )
    try:
        port = serial.serial_for_url(name, BAUD, timeout=0, exclusive=True)
        os.set_blocking(port.fileno(), False)
    except (serial.SerialException, OSError, ValueError) as error:
        raise DeviceError(f"{name}: cannot be opened, or is busy ({error})") from None
    return port


class Port:
    """Opened when it is made, and opened again for ever when it goes away."""

    def __init__(
        self, name: str, broker: Address, tell: Callable[[str, str, str], None], now: float
    ) -> None:
        """`tell(port, kind, text)`: kind is "bridge" for changes, "text" for lines of the board.

        Raises DeviceError where the port cannot be had now.
        """
        self.name = name
        self._tell = tell
        self._serial: serial.SerialBase | None = open_serial(name)
        self._splitter = Splitter()
        self._typed_splitter = Splitter()
        self._relay = Relay(broker.dial, self._send, self._say, broker.text)
        self._out = bytearray()  # what the port has not taken yet
        self._line = bytearray()  # text of the board without its end
        self._typed = bytearray()  # held back until the node has left
        self._holds = False  # a node is leaving, and what is typed waits
        self._leave_until = 0.0
        self._last_in = now
        self._retry_at = 0.0
        self.terminal = Terminal()

    def _say(self, text: str) -> None:
        self._tell(self.name, "bridge", text)

    # ---- What to watch ----

    def descriptors(self) -> dict[int, Watched]:
        """By descriptor."""
        result: dict[int, Watched] = {}
        if self._serial:
            result[self._serial.fileno()] = True, bool(self._out), self._serial_ready
            if self.terminal.is_open and not self._holds:
                result[self.terminal.fileno()] = True, False, self._typed_ready
        upstream = self._relay.upstream
        if isinstance(upstream, Connection):
            wants = self._relay.wants()
            if any(wants):
                result[upstream.fileno()] = *wants, self._relay.ready
        return result

    # ---- The serial port ----

    def _serial_ready(self, readable: bool, writable: bool, now: float) -> None:
        if readable:
            self._read(now)
        if writable:
            self._flush()

    def _read(self, now: float) -> None:
        assert self._serial
        try:
            data = os.read(self._serial.fileno(), READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(error.strerror or str(error))
            return
        if not data:
            self._lost("no device")
            return
        self._last_in = now
        for piece in self._splitter.feed(data):
            if isinstance(piece, Frame) and piece.kind in INSTALLS_UP:
                self.terminal.write(encode(piece))
            elif isinstance(piece, Frame):
                self._relay.take(piece, now)
            else:
                self._text(piece)

    def _send(self, frame: Frame) -> None:
        self._write(encode(frame))

    def _write(self, data: bytes) -> None:
        self._out += data
        self._flush()

    def _flush(self) -> None:
        if not self._serial or not self._out:
            return
        try:
            del self._out[: os.write(self._serial.fileno(), self._out)]
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(error.strerror or str(error))

    def _lost(self, why: str) -> None:
        """The cable was pulled, or the emulator ended."""
        if self._serial:
            self._say(f"the port went away ({why.lower()}); waiting for it")
            self._serial.close()
            self._serial = None
        self._out.clear()
        self._typed.clear()
        self._splitter = Splitter()
        self._relay.drop("the port went away")
        self._relay.quiet = self._holds = False

    # ---- Text ----

    def _text(self, data: bytes) -> None:
        """Shows it where somebody looks at the port, and here otherwise."""
        if self.terminal.is_open:
            self.terminal.write(data)
            return
        self._line += data
        *lines, rest = self._line.split(b"\n")
        self._line = bytearray(rest)
        if len(self._line) > LINE_MAX:
            lines.append(self._line)
            self._line = bytearray()
        for line in lines:
            self._tell(self.name, "text", line.decode(errors="replace").rstrip("\r"))

    def _typed_ready(self, readable: bool, writable: bool, now: float) -> None:
        """Hands on what was typed. Of a node that runs, only Ctrl-C is of interest,
        and frames of installs.

        The node reads the port until it has taken leave, and would swallow what is meant for the
        prompt: what follows Ctrl-C waits for that.
        """
        data = self.terminal.read()
        runs = self._relay.is_open and not self._relay.quiet
        for piece in self._typed_splitter.feed(data):
            if isinstance(piece, Frame) and piece.kind in INSTALLS_DOWN and runs:
                self._send(piece)
        if not runs:
            self._relay.forget()
            self._write(data)
            return
        _, key, after = data.partition(CTRL_C)
        if key:
            self._typed += after
            self._relay.quiet = self._holds = True
            self._leave_until = now + LEAVE_S
            self._write(key)

    def _release(self) -> None:
        """The node has left, died of Ctrl-C, or does not mind it."""
        self._relay.forget()
        self._relay.heard_since = self._holds = False
        # Once more: an answer that the node did not wait for may stand at the prompt.
        typed, self._typed = CTRL_C + bytes(self._typed), bytearray()
        self._write(typed)

    # ---- Time ----

    def tick(self, now: float) -> None:
        """What time brings about; to be called several times a second."""
        if not self._serial:
            self._try_again(now)
            return
        if self._splitter.waits and now - self._last_in > BROKEN_FRAME_S:
            self._text(self._splitter.abandon())
        # Not earlier: Ctrl-C would strike the node's tidying up.
        has_left = not self._relay.is_open and now - self._last_in > PROMPT_S
        if self._holds and (has_left or now > self._leave_until):
            self._release()
        if self._relay.quiet and not self._holds:
            # A node that died without a word is not spoken to: there is a prompt now.
            self._relay.quiet = self._relay.is_open and not self._relay.heard_since
        self._relay.tick(now)

    def _try_again(self, now: float) -> None:
        if now < self._retry_at:
            return
        self._retry_at = now + RETRY_S
        try:
            self._serial = open_serial(self.name)
        except WasmoteError:
            return
        self._out.clear()
        self._say("the port is back")

    def close(self) -> None:
        """Lets everything go."""
        self._relay.drop("the bridge ends")
        if self._line:
            self._tell(self.name, "text", self._line.decode(errors="replace"))
        if self._serial:
            self._serial.close()
        self.terminal.close()
