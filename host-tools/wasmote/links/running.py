"""Installs into a node that runs, over its console (SPEC.md, 9.3): no prompt, no reset."""

import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import serial

from wasmote.agent.manifest import FILE_NAME
from wasmote.bridge.frames import Frame, Splitter, encode
from wasmote.errors import BundleError, DeviceError, TimedOutError, WasmoteError
from wasmote.links import pieces
from wasmote.sign import sigfile

INSTALL, PIECE, ASK, STATE = b"i", b"p", b"Q", b"S"
FROM_HOST, FROM_NODE = (INSTALL, PIECE), (ASK, STATE)

LONGEST = 128  # payload of a frame that a node takes
BAUD = 115200
POLL_S = 0.005
CTRL_C = b"\x03"
PROBES_S = (0.0, 0.7, 1.4)
PROBE_S = 2.5  # a node that has not answered by then is none
REPEAT_S = 1.0
SILENCE_S = 60.0
ECHO_MIN = 16
FINAL = ("confirmed", "refused", "failed", "rolled-back")
# What another attempt may cure.
_DEVICE_ERRORS = ("download", "memory")


@dataclass(frozen=True)
class State:
    """How an install stands, as `reported` says it (SPEC.md, 11.3)."""

    state: str
    done: int = 0
    error: str = ""
    message: str = ""

    @staticmethod
    def parse(payload: bytes) -> "State | None":
        """None where it is none."""
        try:
            said = json.loads(payload)
            fields = {key: said.get(key, "") for key in ("state", "error", "message")}
            done = said.get("done", 0)
        except (ValueError, AttributeError):
            return None
        if not all(isinstance(value, str) for value in fields.values()) or type(done) is not int:
            return None
        return State(done=done, **fields)


Tell = Callable[[State], None]


@contextmanager
def _open(port: str) -> Iterator[serial.Serial]:
    try:
        with serial.serial_for_url(port, BAUD, timeout=POLL_S, exclusive=True) as opened:
            yield opened
    except (serial.SerialException, OSError) as error:
        raise DeviceError(f"{port}: the port cannot be used, or is busy ({error})") from None


def install(port: str, name: str, data: Mapping[str, bytes], tell: Tell) -> State | None:
    """Hands a bundle to the node and waits for its trial's end; None: no node answers there.

    `tell` hears of every change. Raises DeviceError, TimedOutError.
    """
    with _open(port) as opened:
        return _Install(opened, port, name, data, tell).run()


class _Install:
    def __init__(
        self,
        opened: serial.Serial,
        port: str,
        name: str,
        data: Mapping[str, bytes],
        tell: Tell,
    ) -> None:
        self._serial = opened
        self._port = port
        self._files = pieces.shelf(data)
        self._tell = tell
        self._number = random.getrandbits(16)
        digest = hashlib.sha256(data[FILE_NAME]).digest()
        self._request = encode(Frame(INSTALL, self._number, 0, digest + name.encode()))
        # What a prompt would show of it.
        self._echo = bytes(byte for byte in self._request if byte >= 0x20)[:ECHO_MIN]
        self._splitter = Splitter()
        self._text = bytearray()
        self._state: State | None = None

    def run(self) -> State | None:
        if not self._probe():
            return None
        sent = heard = time.monotonic()
        while self._state is None or self._state.state not in FINAL:
            now = time.monotonic()
            if self._take():
                heard = now
            if now - heard > SILENCE_S:
                raise TimedOutError(f"{self._port}: nothing from the node for {SILENCE_S:.0f} s")
            if now - sent > REPEAT_S:
                self._serial.write(self._request)
                sent = now
        return self._state

    def _probe(self) -> bool:
        """Whether a node answers."""
        began = time.monotonic()
        for start, end in zip(PROBES_S, (*PROBES_S[1:], PROBE_S), strict=True):
            time.sleep(max(0, began + start - time.monotonic()))
            self._serial.write(self._request)
            while time.monotonic() < began + end:
                if self._take():
                    return True
                if self._echo in self._text:
                    # Nothing of it stays on the prompt's line.
                    self._serial.write(CTRL_C)
                    return False
        return False

    def _take(self) -> bool:
        """Takes what came; whether a frame of this install was among it."""
        heard = False
        for piece in self._splitter.feed(self._serial.read(max(1, self._serial.in_waiting))):
            if not isinstance(piece, Frame):
                self._text = (self._text + piece)[-4096:]
            elif piece.connection == self._number and piece.kind in FROM_NODE:
                heard = True
                self._answer(piece)
        return heard

    def _answer(self, frame: Frame) -> None:
        if frame.kind == ASK:
            answer = pieces.answer(frame.payload, self._files, LONGEST)
            if answer:
                self._serial.write(encode(Frame(PIECE, self._number, 0, answer)))
            return
        state = State.parse(frame.payload)
        if state and state != self._state:
            self._state = state
            self._tell(state)


def problem(port: str, name: str, data: Mapping[str, bytes], state: State) -> WasmoteError | None:
    """What to raise for an install that has come to an end; None: it is confirmed."""
    if state.state == "confirmed":
        return None
    what = f"{port}: {name}: {state.state}: {state.error}: {state.message}"
    if state.error == "busy":
        return DeviceError(f"{port}: the node is busy with another update; try again later")
    if state.error == "signature-format" and sigfile.FILE_NAME not in data:
        return BundleError(f"{what}; wasmote agent sign signs the bundle")
    if state.state == "rolled-back":
        return WasmoteError(f"{what}; the version before it runs again")
    if state.error in _DEVICE_ERRORS:
        return DeviceError(what)
    return BundleError(what)
