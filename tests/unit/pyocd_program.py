#!/usr/bin/env python3
"""Plays pyocd 0.46 with the probes of $PYOCD_PROBES, a JSON list of objects: `unique_id`, `info`,
`words` (address -> what is read there), `flash` (a file), `flash_at`, `sector`, `log` (a file in
which its commands are noted); `fault` as in played_flash, or `locked`, `unknown` (of the target).
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import played_flash

FLAGS = {"-W", "--no-config", "--no-reset"}
TAKES = {"-u", "-t", "-O", "-c", "-e", "--format", "-a", "-s"}


def options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """As pyocd's own parser takes them."""
    found: dict[str, str] = {}
    rest: list[str] = []
    left = iter(words)
    for word in left:
        if word in FLAGS:
            found[word] = ""
        elif word in TAKES:
            found[word] = next(left)
        else:
            assert not word.startswith("-"), words
            rest.append(word)
    return found, rest


def fail(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code


def commander(probe: dict[str, Any], command: str) -> int:
    if found := re.fullmatch(r"read32 (0x[0-9a-f]+)", command):
        word = probe["words"].get(found[1])
        if word is None:
            print("Error: memory transfer failed")
            return 2
        print(f"{int(found[1], 16):08x}:  {word:08x}    |....|")
        return 0
    found = re.fullmatch(r'savemem (0x[0-9a-f]+) (\d+) "(.+)"', command)
    assert found, command
    at = int(found[1], 16) - probe["flash_at"]
    Path(found[3]).write_bytes(Path(probe["flash"]).read_bytes()[at : at + int(found[2])])
    return 0


def flash(probe: dict[str, Any], given: dict[str, str], file: str) -> int:
    assert given["-e"] == "sector" and given["--format"] == "bin" and "--no-reset" in given
    path, at = Path(probe["flash"]), int(given["-a"], 16) - probe["flash_at"]
    data = Path(file).read_bytes()
    played_flash.erase(path, probe["sector"], at, len(data))
    if not played_flash.write(path, at, data, probe.get("fault")):
        return fail("0001234 C Error: USB probe disconnected [__main__]", 1)
    return 0


def erase(probe: dict[str, Any], given: dict[str, str]) -> int:
    start, size = (int(number, 16) for number in given["-s"].split("+"))
    at = start - probe["flash_at"]
    played_flash.erase(Path(probe["flash"]), probe["sector"], at, size)
    return 0


def main() -> int:
    verb, *words = sys.argv[1:]
    given, rest = options([word for word in words if word != "--probes"])
    there = json.loads(Path(os.environ["PYOCD_PROBES"]).read_text())
    if verb == "json":
        boards = [{"unique_id": p["unique_id"], "info": p["info"]} for p in there]
        print(json.dumps({"pyocd_version": "0.46.0", "status": 0, "boards": boards}, indent=4))
        return 0
    assert given["-O"] == "auto_unlock=false" and "-W" in given, words
    probe = next((p for p in there if p["unique_id"] == given["-u"]), None)
    if probe is None:
        return fail(f"No connected debug probe matches unique ID '{given['-u']}'", 3)
    with open(probe["log"], "a") as log:
        print(verb, given["-t"], given.get("-c", given.get("-s", given.get("-a", ""))), file=log)
    if probe.get("fault") == "locked":
        return fail("0000815 E Error while initing target: device is locked [commander]", 4)
    if probe.get("fault") == "unknown" and given["-t"] != "cortex_m":
        target = given["-t"]
        return fail(f"0000330 C Target type {target} not recognized. Use ... [__main__]", 1)
    verbs = {
        "cmd": lambda: commander(probe, given["-c"]),
        "flash": lambda: flash(probe, given, rest[0]),
        "erase": lambda: erase(probe, given),
        "reset": lambda: 0,
    }
    return verbs[verb]()


sys.exit(main())
