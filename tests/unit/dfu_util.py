#!/usr/bin/env python3
"""Plays dfu-util with one STM32F405 plugged in, whose flash is a file. Options as 0.11 has them.

$DFU_FLASH is that file, $DFU_LIST what -l prints, $DFU_FAULT a fault of played_flash.
"""

import os
import sys
from pathlib import Path

import played_flash

FLASH_AT = 0x08000000
SECTORS = [16 << 10] * 4 + [64 << 10] + [128 << 10] * 7


def bounds() -> list[tuple[int, int]]:
    ends = [sum(SECTORS[: n + 1]) for n in range(len(SECTORS))]
    return list(zip([0, *ends], ends, strict=False))


def main() -> int:
    words = sys.argv[1:]
    print("dfu-util 0.11\n")
    if words == ["-l"]:
        print(Path(os.environ["DFU_LIST"]).read_text(), end="")
        return 0
    options = dict(zip(words[::2], words[1::2], strict=True))
    assert options.keys() <= {"-d", "-p", "-a", "-s", "-D", "-U"}, words
    assert (options["-p"], options["-a"]) == ("1-2", "0"), words
    address, *modifiers = options["-s"].split(":")
    at = int(address, 16) - FLASH_AT
    file = Path(os.environ["DFU_FLASH"])
    if "-U" in options:
        with open(options["-U"], "xb") as out:
            out.write(file.read_bytes()[at : at + int(modifiers[0])])
        return 0
    data = Path(options["-D"]).read_bytes()
    if modifiers == ["mass-erase", "force"]:
        played_flash.erase(file, sum(SECTORS), 0, 1)
    else:
        assert not modifiers, words
    for start, end in bounds():
        if start < at + len(data) and at < end:
            played_flash.erase(file, end - start, start, 1)
    if not played_flash.write(file, at, data, os.environ.get("DFU_FAULT")):
        print("dfu-util: Error during download get_status", file=sys.stderr)
        return 74
    return 0


sys.exit(main())
