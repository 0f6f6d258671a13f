#!/usr/bin/env python3
"""Plays openocd 0.12 with one probe: $OPENOCD_PROBE is a JSON object of `serial`, `words` (address
-> what is read there), `flash` (a file), `flash_at`, `sector`, `log`; `fault` as in played_flash;
`not_for`: a target file, whose id of the debug port is another. Without that file there is no
probe.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import played_flash


class Failed(Exception):
    """Ends openocd, with its words."""


def write(probe: dict[str, Any], path: Path, file: str, at: int) -> None:
    data = Path(file).read_bytes()
    played_flash.erase(path, probe["sector"], at, len(data))
    if not played_flash.write(path, at, data, probe.get("fault")):
        raise Failed("Error: CMSIS-DAP command CMD_DAP_TFER failed.")


def one(probe: dict[str, Any], command: str) -> None:
    """Runs a command behind init."""
    base, flash = probe["flash_at"], Path(probe["flash"])
    if found := re.fullmatch(r"catch \{mdw (0x[0-9a-f]+)\}", command):
        word = probe["words"].get(found[1])
        if word is None:
            print(f"Error: Failed to read memory at {found[1]}", file=sys.stderr)
        else:
            print(f"{int(found[1], 16):#010x}: {word:08x} \n", file=sys.stderr)
    elif found := re.fullmatch(r"flash write_image erase \{(.+)\} (0x[0-9a-f]+) bin", command):
        assert probe["halted"], "openocd writes to halted targets only"
        write(probe, flash, found[1], int(found[2], 16) - base)
    elif found := re.fullmatch(r"flash erase_address (0x[0-9a-f]+) (0x[0-9a-f]+)", command):
        assert probe["halted"]
        played_flash.erase(flash, probe["sector"], int(found[1], 16) - base, int(found[2], 16))
    elif found := re.fullmatch(r"dump_image \{(.+)\} (0x[0-9a-f]+) (\d+)", command):
        at = int(found[2], 16) - base
        Path(found[1]).write_bytes(flash.read_bytes()[at : at + int(found[3])])
    else:
        assert command in ("reset halt", "reset run"), command
        probe["halted"] = command == "reset halt"


def main() -> int:
    options = list(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    assert {option for option, _ in options} == {"-f", "-c"}, options
    files = [value for option, value in options if option == "-f"]
    assert re.fullmatch(r"interface/[\w-]+\.cfg", files[0]), files
    assert re.fullmatch(r"target/\w+\.cfg", files[1]), files
    commands = [value for option, value in options if option == "-c"]
    before, after = commands[: commands.index("init")], commands[commands.index("init") + 1 :]
    serial = next((c.split()[2] for c in before if c.startswith("adapter serial")), None)
    assert after[-1] == "shutdown", commands
    try:
        state = Path(os.environ["OPENOCD_PROBE"])
        if not state.exists():
            raise Failed("Error: unable to find a matching CMSIS-DAP device")
        probe = json.loads(state.read_text()) | {"halted": False}
        if serial not in (None, probe["serial"]):
            raise Failed("Error: unable to find a matching CMSIS-DAP device")
        # Through an ST-LINK openocd insists on it.
        insists = "stlink" in files[0] and "set CPUTAPID 0" not in before
        if insists and probe.get("not_for") == files[1]:
            raise Failed("Error: expected 1 of 1: 0x6ba02477")
        with open(probe["log"], "a") as log:
            print(files[0], files[1], *after[:-1], file=log)
        for command in after[:-1]:
            one(probe, command)
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


sys.exit(main())
