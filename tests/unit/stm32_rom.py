"""An STM32's serial boot loader on a pty, written from ST's AN3155. Flash is kept in memory."""

from collections.abc import Generator
from pathlib import Path

from pty_device import CablePulledError, PtyDevice

ACK, NACK = b"\x79", b"\x1f"
FLASH_AT = 0x08000000
KIB = 1024
# Product id -> sectors (AN2606, RM0090, RM0410).
CHIPS = {
    0x413: [16 * KIB] * 4 + [64 * KIB] + [128 * KIB] * 7,
    0x451: [32 * KIB] * 4 + [128 * KIB] + [256 * KIB] * 7,
    0x450: [128 * KIB] * 16,
    0x449: [32 * KIB] * 4 + [128 * KIB] + [256 * KIB] * 3,
}
KNOWN = (0x00, 0x01, 0x02, 0x11, 0x21, 0x31, 0x44)
RAM = range(0x20000000, 0x20020000)


class Refused(Exception):
    """Answered with NACK."""


class Stm32Rom(PtyDevice):
    """A chip whose BOOT0 is high. `writes` counts write commands, `pull_after` ends at one."""

    def __init__(self, chip_id: int, port: Path) -> None:
        super().__init__(port)
        self.chip_id = chip_id
        self.sectors = CHIPS[chip_id]
        self.flash = bytearray(b"\x11" * sum(self.sectors))
        self.writes = 0
        self.pull_after: int | None = None
        self.flip: int | None = None
        self.protected = False
        self.mute = False
        self.started: int | None = None
        self.erased: list[int] = []

    def power_on(self) -> None:
        self.writes = 0
        self.pull_after = None
        self._program = self._run_program()
        self._wanted = next(self._program)
        self._have = b""

    def feed(self, data: bytes) -> None:
        if self.mute:
            return
        self._have += data
        while len(self._have) >= self._wanted:
            taken, self._have = self._have[: self._wanted], self._have[self._wanted :]
            self._wanted = self._program.send(taken)

    # Each `yield n` waits for n bytes from the host.

    def _run_program(self) -> Generator[int, bytes, None]:
        while (yield 1) != b"\x7f":
            pass
        self.send(ACK)
        while True:
            try:
                command = yield 1
                check = yield 1
                if command[0] ^ check[0] != 0xFF or command[0] not in KNOWN:
                    raise Refused
                yield from self._one(command[0])
            except Refused:
                self.send(NACK)

    def _one(self, command: int) -> Generator[int, bytes, None]:
        if command in (0x11, 0x21, 0x31, 0x44) and self.protected:
            raise Refused
        self.send(ACK)
        if command == 0x00:
            self.send(bytes([len(KNOWN), 0x31, *KNOWN]) + ACK)
        elif command == 0x01:
            self.send(b"\x31\0\0" + ACK)
        elif command == 0x02:
            self.send(b"\x01" + self.chip_id.to_bytes(2, "big") + ACK)
        elif command == 0x44:
            yield from self._erase()
        else:
            address = int.from_bytes((yield from self._checked(4)), "big")
            if command == 0x21:
                self.started = address  # before the host can ask what became of it
            self.send(ACK)
            if command == 0x11:
                size = yield from self._checked(1, complement=True)
                self.send(ACK + self._read(address, size[0] + 1))
            elif command == 0x31:
                yield from self._write(address)

    def _checked(self, size: int, complement: bool = False) -> Generator[int, bytes, bytes]:
        data = yield size
        check = yield 1
        total = 0xFF if complement else 0
        for byte in data:
            total ^= byte
        if total != check[0]:
            raise Refused
        return data

    def _read(self, address: int, size: int) -> bytes:
        at = address - FLASH_AT
        if 0 <= at <= len(self.flash) - size:
            return bytes(self.flash[at : at + size])
        return bytes(size)

    def _write(self, address: int) -> Generator[int, bytes, None]:
        head = yield 1
        body = yield head[0] + 2
        total = head[0]
        for byte in body:
            total ^= byte
        data, at = body[:-1], address - FLASH_AT
        if total or len(data) % 4:
            raise Refused
        self.writes += 1
        if self.pull_after is not None and self.writes > self.pull_after:
            raise CablePulledError
        if address not in RAM:
            if not 0 <= at <= len(self.flash) - len(data):
                raise Refused
            for offset, byte in enumerate(data):
                self.flash[at + offset] &= byte
            if self.flip is not None and at <= self.flip < at + len(data):
                self.flash[self.flip] ^= 0x04
        self.send(ACK)

    def _erase(self) -> Generator[int, bytes, None]:
        head = yield 2
        count = int.from_bytes(head, "big") + 1
        if count > 0xFFF0:
            yield 1
            numbers = list(range(len(self.sectors)))
        else:
            body = yield 2 * count + 1
            total = head[0] ^ head[1]
            for byte in body:
                total ^= byte
            numbers = [int.from_bytes(body[i : i + 2], "big") for i in range(0, 2 * count, 2)]
            if total or max(numbers) >= len(self.sectors):
                raise Refused
        for number in numbers:
            start = sum(self.sectors[:number])
            self.flash[start : start + self.sectors[number]] = b"\xff" * self.sectors[number]
        self.erased += numbers
        self.send(ACK)
