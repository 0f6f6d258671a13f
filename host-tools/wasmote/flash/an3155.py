"""The serial protocol of STM32 boot loaders, as ST's AN3155 describes it."""

from collections.abc import Sequence

import serial

from wasmote.errors import DeviceError

CHUNK = 256
ANSWER_TIMEOUT_S = 2.0
# The largest sectors take up to 4 s each (data sheets), a whole chip up to 32 s.
ERASE_TIMEOUT_S = 60.0
SYNC_ATTEMPTS = 3
_ACK, _NACK, _SYNC = 0x79, 0x1F, 0x7F
_GET, _GET_ID, _READ, _GO, _WRITE, _EXTENDED_ERASE = 0x00, 0x02, 0x11, 0x21, 0x31, 0x44
_MASS_ERASE = b"\xff\xff"


def _xor(data: bytes, start: int = 0) -> int:
    for byte in data:
        start ^= byte
    return start


class BootLoader:
    """The commands that flashing takes. Raises DeviceError for refusals and silence, and what
    pyserial raises where the port goes away."""

    def __init__(self, port: serial.Serial) -> None:
        self._port = port

    def sync(self) -> None:
        """Lets it measure our speed. One that has done so refuses, which is an answer, too."""
        for _ in range(SYNC_ATTEMPTS):
            self._port.reset_input_buffer()
            self._port.write(bytes([_SYNC]))
            if self._port.read(1) in (bytes([_ACK]), bytes([_NACK])):
                return
        raise DeviceError(
            "no answer from a boot loader: set BOOT0 high and reset the board; or is it another "
            "device's port?"
        )

    def _expect_ack(self, doing: str, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._port.timeout = timeout_s
        got = self._port.read(1)
        self._port.timeout = ANSWER_TIMEOUT_S
        if got == bytes([_NACK]):
            raise DeviceError(f"the boot loader refuses to {doing}: is the chip read-protected?")
        if got != bytes([_ACK]):
            raise DeviceError(f"the board stopped answering ({doing}: {got.hex() or 'nothing'})")

    def _read(self, size: int) -> bytes:
        got = self._port.read(size)
        if len(got) != size:
            raise DeviceError(f"the board stopped answering ({len(got)} bytes of {size})")
        return bytes(got)

    def _command(self, command: int, doing: str) -> None:
        self._port.write(bytes([command, command ^ 0xFF]))
        self._expect_ack(doing)

    def _send(self, data: bytes, doing: str, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._port.write(data + bytes([_xor(data)]))
        self._expect_ack(doing, timeout_s)

    def chip_id(self) -> int:
        """The product id."""
        self._command(_GET_ID, "say its id")
        size = self._read(1)[0] + 1
        number = int.from_bytes(self._read(size), "big")
        self._expect_ack("say its id")
        return number

    def commands(self) -> bytes:
        """The commands that this boot loader knows."""
        self._command(_GET, "say what it knows")
        size = self._read(1)[0] + 1
        known = self._read(size)
        self._expect_ack("say what it knows")
        return known[1:]

    def erase(self, sectors: Sequence[int]) -> None:
        """Erases sectors by number."""
        if _EXTENDED_ERASE not in self.commands():
            raise DeviceError("this boot loader is too old: it knows no extended erase")
        self._command(_EXTENDED_ERASE, "erase")
        words = [len(sectors) - 1, *sectors]
        data = b"".join(word.to_bytes(2, "big") for word in words)
        self._send(data, "erase", ERASE_TIMEOUT_S)

    def erase_all(self) -> None:
        """Erases the whole flash."""
        self._command(_EXTENDED_ERASE, "erase")
        self._send(_MASS_ERASE, "erase", ERASE_TIMEOUT_S)

    def write(self, address: int, data: bytes) -> None:
        """Writes up to 256 bytes, a multiple of four."""
        self._command(_WRITE, "write")
        self._send(address.to_bytes(4, "big"), f"write at {address:#x}")
        self._send(bytes([len(data) - 1]) + data, f"write at {address:#x}")

    def read(self, address: int, size: int) -> bytes:
        """Reads up to 256 bytes."""
        self._command(_READ, "read")
        self._send(address.to_bytes(4, "big"), f"read at {address:#x}")
        self._port.write(bytes([size - 1, (size - 1) ^ 0xFF]))
        self._expect_ack(f"read at {address:#x}")
        return self._read(size)

    def go(self, address: int) -> None:
        """Starts the program whose vector table is at `address`."""
        self._command(_GO, "start the firmware")
        self._send(address.to_bytes(4, "big"), "start the firmware")
