"""Devices on a serial port (or a pty, or a socket): mpremote's transport as a library."""

import base64
import contextlib
import os
import time
from collections.abc import Callable, Iterator

import serial
from mpremote import transport_serial
from mpremote.transport import TransportError, TransportExecError
from serial.tools import list_ports

from wasmote.errors import DeviceError
from wasmote.links.base import Progress, no_progress
from wasmote.links.names import DeviceName

# pyserial's reads end after this long, so that no call waits for ever on a silent port.
READ_TIMEOUT_S = 2.0
REPL_TIMEOUT_S = 8.0
CHUNK = 768

# It prints what it makes no sense of, which the errors say. sys.stdout, that all threads share,
# stays as it is.
transport_serial.print = lambda *_, **__: None
_DECODE = "\nfrom binascii import a2b_base64 as _d\n_w = _f.write\n"


def find_auto() -> str:
    """The first USB serial port, as mpremote's `auto` takes it."""
    for port in sorted(list_ports.comports()):
        if port.vid is not None:
            return str(port.device)
    raise DeviceError("auto: no USB serial port found; name the device, or start one: wasmote sim")


def find_by_id(serial_number: str) -> str:
    """The port of the USB device with that serial number."""
    for port in list_ports.comports():
        if port.serial_number == serial_number:
            return str(port.device)
    raise DeviceError(f"id:{serial_number}: no serial port has that serial number")


def serial_port(name: DeviceName) -> str:
    """The port that a name of kind auto, id or serial means."""
    if name.kind == "auto":
        return find_auto()
    return find_by_id(name.value) if name.kind == "id" else name.value


class _Transport(transport_serial.SerialTransport):  # type: ignore[misc]
    """mpremote's, which would wait for ever for the prompt of a board that never stops talking."""

    def read_until(
        self,
        min_num_bytes: int,
        ending: bytes,
        timeout: float | None = 10,
        data_consumer: Callable[[bytes], None] | None = None,
        timeout_overall: float | None = None,
    ) -> bytes:
        """What comes up to `ending`, or up to one of the times."""
        data = b""
        began = last = time.monotonic()
        while not data.endswith(ending):
            new = self.serial.read(1) if self.is_pty or self.serial.in_waiting else b""
            now = time.monotonic()
            if new:
                last = now
                data = new if data_consumer else data + new
                if data_consumer:
                    data_consumer(new)
            elif timeout is not None and now > last + timeout:
                break
            else:
                time.sleep(0.01)
            if timeout_overall is not None and now > began + timeout_overall:
                break
        return data


class SerialLink:
    """A MicroPython board on a serial port, reached through its raw REPL."""

    def __init__(self, port: str) -> None:
        """Opens the port; the board goes on with what it does until it is first asked."""
        self.name = port
        self.root = ""
        if port.startswith("/") and not os.path.exists(port):
            raise DeviceError(f"{port}: no such port; unplugged, or the emulator has ended?")
        with self._clear_errors("open"):
            self._transport = _Transport(port, timeout=READ_TIMEOUT_S)

    @contextlib.contextmanager
    def _clear_errors(self, doing: str) -> Iterator[None]:
        """Turns what mpremote and pyserial raise into DeviceError."""
        try:
            yield
        except TransportExecError as error:
            last = error.error_output.strip().splitlines()[-1:] or ["no message"]
            raise DeviceError(f"{self.name}: {doing}: the device raised {last[0]}") from None
        except TransportError as error:
            raise DeviceError(f"{self.name}: {doing}: {_advice(str(error))}") from None
        except (serial.SerialException, OSError) as error:
            raise DeviceError(f"{self.name}: {doing}: the port went away ({error})") from None

    def _need_repl(self) -> None:
        if self._transport.in_raw_repl:
            return
        try:
            self._transport.enter_raw_repl(soft_reset=False, timeout_overall=REPL_TIMEOUT_S)
        except TransportError:
            # A loop that catches KeyboardInterrupt eats the first Ctrl-C.
            self._transport.enter_raw_repl(soft_reset=False, timeout_overall=REPL_TIMEOUT_S)

    def exec(self, code: str, timeout_s: float = 10) -> str:
        """Runs `code`; `timeout_s` is the longest silence while it runs."""
        with self._clear_errors("exec"):
            self._need_repl()
            out = self._run(code, timeout_s)
        return out.decode(errors="replace").replace("\r\n", "\n")

    def _run(self, code: str, timeout_s: float) -> bytes:
        out, err = self._transport.exec_raw(code, timeout=timeout_s)
        if err:
            raise TransportExecError(1, err.decode(errors="replace"))
        return bytes(out)

    def write(self, path: str, data: bytes, progress: Progress = no_progress) -> None:
        """Writes a file."""
        self.feed(f"write {path}", f"_f = open({path!r}, 'wb')", data, progress)

    def feed(
        self,
        what: str,
        code: str,
        data: bytes,
        progress: Progress = no_progress,
        timeout_s: float = 10,
    ) -> None:
        """In small pieces, in Base64: repr() of binary data is twice as long."""
        with self._clear_errors(what):
            self._need_repl()
            self._run(code + _DECODE, timeout_s)
            try:
                for start in range(0, len(data), CHUNK):
                    piece = data[start : start + CHUNK]
                    self._run(f"_w(_d({base64.b64encode(piece)!r}))", timeout_s)
                    progress(len(piece))
            except BaseException:
                # What is there stays unfinished; the first error is the one that counts.
                with contextlib.suppress(TransportError, serial.SerialException, OSError):
                    self._run("_f.close()", timeout_s)
                raise
            self._run("_f.close()", timeout_s)

    def read(self, path: str) -> bytes:
        """A file's bytes."""
        with self._clear_errors(f"read {path}"):
            self._need_repl()
            return bytes(self._transport.fs_readfile(path, chunk_size=CHUNK))

    def soft_reset(self) -> None:
        """A soft reset that stays at the raw prompt: a fresh interpreter, main.py does not run."""
        with self._clear_errors("soft reset"):
            self._transport.enter_raw_repl(soft_reset=True, timeout_overall=REPL_TIMEOUT_S)

    def restart(self) -> None:
        """A soft reset as Ctrl-D at the prompt does it: main.py runs."""
        with self._clear_errors("restart"):
            self._need_repl()
            self._transport.exit_raw_repl()
            self._transport.read_until(4, b">>> ", timeout_overall=REPL_TIMEOUT_S)
            self._transport.serial.write(b"\x04")
            self._transport.read_until(1, b"soft reboot\r\n", timeout_overall=REPL_TIMEOUT_S)
        self.close()

    def close(self) -> None:
        """Leaves the friendly prompt behind and lets the port go."""
        with contextlib.suppress(Exception):
            if self._transport.in_raw_repl:
                self._transport.exit_raw_repl()
        with contextlib.suppress(Exception):
            self._transport.close()


def _advice(text: str) -> str:
    if text.startswith("failed to access"):
        return "the port is busy: another program (mpremote, wasmote monitor) has it open"
    if "raw repl" in text:
        return "no answer from a MicroPython prompt: reset the board; or is it locked, or no board?"
    return text
