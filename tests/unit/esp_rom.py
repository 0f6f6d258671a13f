"""An ESP32's ROM boot loader on a pty, written from Espressif's description of its serial protocol.

Flash is kept in memory and behaves as NOR flash does. The stub that esptool loads into RAM is not
run: once it is started, the commands are answered as that program answers them.
"""

import hashlib
import struct
import termios
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pty_device import CablePulledError, PtyDevice

SECTOR = 4096
END, ESC, ESC_END, ESC_ESC = 0xC0, 0xDB, 0xDC, 0xDD
SYNC = b"\x07\x07\x12\x20" + b"\x55" * 32
# Error codes of the ROM.
INVALID_MESSAGE, FAILED, BAD_CHECKSUM, BAD_DEFLATE = 0x05, 0x06, 0x07, 0x0B
SPEEDS = {getattr(termios, f"B{n}"): n for n in (9600, 57600, 115200, 230400, 460800, 921600)}
RDID, READ_SFDP = 0x9F, 0x5A
SPI_START = 1 << 18


@dataclass(frozen=True)
class Chip:
    """What tells chips apart: id (None: only the magic register), where the SPI registers are
    (base; offsets of USR2 and W0), and registers that do not read as zero."""

    name: str
    chip_id: int | None
    magic: int
    spi: tuple[int, int, int]
    registers: tuple[tuple[int, int], ...] = ()


# From these two the ESP32's crystal of 40 MHz is computed: its ROM believes that it measured it.
CRYSTAL = ((0x3FF5F06C, 512 << 7), (0x3FF5A010, 200))
CHIPS = {
    chip.name: chip
    for chip in (
        Chip("ESP32", None, 0x00F01D83, (0x3FF42000, 0x24, 0x80), CRYSTAL),
        Chip("ESP32-S3", 9, 0x00000009, (0x60002000, 0x20, 0x58)),
        Chip("ESP32-C3", 5, 0x1B31506F, (0x60002000, 0x20, 0x58)),
        Chip("ESP32-C6", 13, 0x2CE0806F, (0x60003000, 0x20, 0x58)),
    )
}


class EspRom(PtyDevice):
    """A chip with its cable plugged in."""

    def __init__(self, chip: str, port: Path, flash_bytes: int = 4 << 20) -> None:
        super().__init__(port)
        self.chip = CHIPS[chip]
        self.flash = bytearray(b"\xff" * flash_bytes)
        # Bytes of the wire from the first FLASH_BEGIN on, after which the cable is pulled.
        self.pull_after: int | None = None
        # Called with (address, data) before data is written: faults of the flash.
        self.fault: Callable[[int, bytes], bytes] = lambda address, data: data
        self.mute = False
        self.wire_bytes = 0
        self.commands: list[int] = []
        self.speeds: list[int] = []
        self.stub = False

    # ---- The cable

    def power_on(self) -> None:
        """The ROM runs, RAM is forgotten."""
        self.stub = False
        self.wire_bytes = 0
        self.pull_after = None
        self._counting = False
        self._baud = 0
        self._registers = {
            self._address(0): 0,
            0x40001000: self.chip.magic,
            **dict(self.chip.registers),
        }
        self._inflate = zlib.decompressobj()
        self._at = self._start = 0
        self._received, self._inside, self._escaped = bytearray(), False, False

    def feed(self, data: bytes) -> None:
        for byte in data:
            self._count()
            if byte == END:
                if self._inside and self._received:
                    self._packet(bytes(self._received))
                    self._inside = False
                else:
                    self._inside = True
                self._received.clear()
                self._escaped = False
            elif self._escaped:
                self._received.append(END if byte == ESC_END else ESC)
                self._escaped = False
            elif byte == ESC:
                self._escaped = True
            elif self._inside:
                self._received.append(byte)

    def _count(self) -> None:
        if self._counting:
            self.wire_bytes += 1
            if self.pull_after is not None and self.wire_bytes > self.pull_after:
                raise CablePulledError

    def _speed(self) -> int:
        return SPEEDS.get(termios.tcgetattr(self.master)[4], -1)

    # ---- Packets

    def _packet(self, packet: bytes) -> None:
        if self.mute or len(packet) < 8 or packet[0] != 0:
            return
        command, size, check = struct.unpack_from("<xBHI", packet)
        data = packet[8:]
        if command == 0x08 and data == SYNC:
            self._baud = self._speed()  # measured from the pattern, as the chip does
            for _ in range(8):
                self._answer(command, value=0 if self.stub else 0x20120707)
            return
        if self._baud != self._speed() or len(data) != size:
            return  # noise, at the wrong speed
        self.commands.append(command)
        handler = HANDLERS.get(command) or (STUB_HANDLERS.get(command) if self.stub else None)
        if handler is None or (command == 0x14 and self.chip.chip_id is None):
            self._answer(0 if not self.stub else command, error=INVALID_MESSAGE)
            return
        handler(self, command, data, check)

    def _answer(self, command: int, value: int = 0, data: bytes = b"", error: int = 0) -> None:
        status = bytes([1 if error else 0, error]) + (b"" if self.stub else b"\0\0")
        body = data + status
        packet = struct.pack("<BBHI", 1, command, len(body), value) + body
        escaped = packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
        self.send(b"\xc0" + escaped + b"\xc0")

    def _checked(self, data: bytes, check: int) -> bytes | None:
        """The payload of a data packet; None where size or checksum are wrong."""
        (size,) = struct.unpack_from("<I", data)
        payload = data[16:]
        total = 0xEF
        for byte in payload:
            total ^= byte
        return payload if size == len(payload) and total == check else None

    # ---- Registers, and through them the flash chip's identity

    def _address(self, offset: int) -> int:
        return self.chip.spi[0] + offset

    def _read_reg(self, command: int, data: bytes, _check: int) -> None:
        (address,) = struct.unpack("<I", data)
        self._answer(command, value=self._registers.get(address, 0))

    def _write_reg(self, command: int, data: bytes, _check: int) -> None:
        for start in range(0, len(data), 16):
            address, value, mask, _delay = struct.unpack_from("<IIII", data, start)
            old = self._registers.get(address, 0)
            self._registers[address] = old & ~mask | value & mask
        if self._registers[self._address(0)] & SPI_START:
            self._registers[self._address(0)] = 0
            self._spi()
        self._answer(command)

    def _spi(self) -> None:
        _, usr2, w0 = self.chip.spi
        operation = self._registers.get(self._address(usr2), 0) & 0xFF
        size_id = len(self.flash).bit_length() - 1
        answer = {RDID: 0xEF | 0x40 << 8 | size_id << 16, READ_SFDP: 0x50444653}.get(operation, 0)
        self._registers[self._address(w0)] = answer

    def _security_info(self, command: int, _data: bytes, _check: int) -> None:
        self._answer(command, data=struct.pack("<IB7sII", 0, 0, bytes(7), self.chip.chip_id, 0))

    # ---- Flash

    def _erase(self, start: int, size: int) -> None:
        start -= start % SECTOR
        end = -(-(start + size) // SECTOR) * SECTOR
        self.flash[start:end] = b"\xff" * (end - start)

    def _program(self, data: bytes) -> bool:
        if self._at + len(data) > len(self.flash):
            return False
        if self.stub and data:
            # It erases as it goes; each sector once.
            first = -(-self._at // SECTOR) * SECTOR if self._at > self._start else self._at
            if first < self._at + len(data):
                self._erase(first, self._at + len(data) - first)
        for at, byte in enumerate(self.fault(self._at, data), self._at):
            self.flash[at] &= byte
        self._at += len(data)
        return True

    def _begin(self, command: int, data: bytes, _check: int) -> None:
        size, _blocks, _block, address = struct.unpack_from("<IIII", data)
        self._counting = True
        if (address % SECTOR and not self.stub) or address + size > len(self.flash):
            self._answer(command, error=FAILED)
            return
        self._at = self._start = address
        self._inflate = zlib.decompressobj()
        if not self.stub:
            self._erase(address, size)
        self._answer(command)

    def _data(self, command: int, data: bytes, check: int) -> None:
        payload = self._checked(data, check)
        if payload is None:
            self._answer(command, error=BAD_CHECKSUM)
            return
        if command == 0x11:
            try:
                payload = self._inflate.decompress(payload)
            except zlib.error:
                self._answer(command, error=BAD_DEFLATE)
                return
        # The last block of a plain write is filled up.
        self._answer(command, error=0 if self._program(payload) else FAILED)

    def _md5(self, command: int, data: bytes, _check: int) -> None:
        address, size = struct.unpack_from("<II", data)
        digest = hashlib.md5(self.flash[address : address + size])
        self._answer(command, data=digest.digest() if self.stub else digest.hexdigest().encode())

    def _read_slow(self, command: int, data: bytes, _check: int) -> None:
        address, size = struct.unpack("<II", data)
        self._answer(command, data=bytes(self.flash[address : address + size]).ljust(64, b"\0"))

    def _erase_all(self, command: int, _data: bytes, _check: int) -> None:
        self._erase(0, len(self.flash))
        self._answer(command)

    def _erase_region(self, command: int, data: bytes, _check: int) -> None:
        self._erase(*struct.unpack("<II", data))
        self._answer(command)

    # ---- The rest

    def _accept(self, command: int, _data: bytes, _check: int) -> None:
        self._answer(command)

    def _mem_data(self, command: int, data: bytes, check: int) -> None:
        good = self._checked(data, check) is not None
        self._answer(command, error=0 if good else BAD_CHECKSUM)

    def _mem_end(self, command: int, data: bytes, _check: int) -> None:
        self._answer(command)
        stay, _entry = struct.unpack("<II", data)
        if not stay:
            self.stub = True
            self.send(b"\xc0OHAI\xc0")

    def _change_baud(self, command: int, data: bytes, _check: int) -> None:
        new, _old = struct.unpack("<II", data)
        self._answer(command)
        self._baud = new
        self.speeds.append(new)


Handler = Callable[[EspRom, int, bytes, int], None]
HANDLERS: dict[int, Handler] = {
    0x02: EspRom._begin,
    0x03: EspRom._data,
    0x04: EspRom._accept,
    0x05: EspRom._accept,
    0x06: EspRom._mem_end,
    0x07: EspRom._mem_data,
    0x09: EspRom._write_reg,
    0x0A: EspRom._read_reg,
    0x0B: EspRom._accept,
    0x0D: EspRom._accept,
    0x0E: EspRom._read_slow,
    0x0F: EspRom._change_baud,
    0x10: EspRom._begin,
    0x11: EspRom._data,
    0x12: EspRom._accept,
    0x13: EspRom._md5,
    0x14: EspRom._security_info,
}
STUB_HANDLERS: dict[int, Handler] = {0xD0: EspRom._erase_all, 0xD1: EspRom._erase_region}
