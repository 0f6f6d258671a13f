"""The emulator as a program: prints its serial port as QEMU does, and runs until it is stopped."""

import argparse
from pathlib import Path

from wasmote.sim.rp2040.chip import Chip
from wasmote.sim.rp2040.drive import Drive
from wasmote.sim.rp2040.port import Port
from wasmote.sim.rp2040.usb_host import UsbHost


def main() -> None:
    """Runs a board as the arguments say."""
    parser = argparse.ArgumentParser(prog="rp2040", description=__doc__)
    parser.add_argument("--flash", type=Path, required=True, help="what the flash chip holds")
    parser.add_argument("--drive", type=Path, required=True, help="where BOOTSEL's drive appears")
    parser.add_argument("--bootsel", action="store_true", help="hold BOOTSEL while it starts")
    parser.add_argument("--count", action="store_true", help="8 ns an instruction, exactly")
    args = parser.parse_args()

    chip = Chip(args.flash)
    port = Port(always_open=args.count)
    drive = Drive(args.drive)
    host = UsbHost(chip.usb, [port, drive])
    print(f"char device redirected to {port.path}", flush=True)
    chip.run([host], bootsel=args.bootsel, count=args.count)


main()
