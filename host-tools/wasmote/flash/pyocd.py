"""Chips on a debug probe (CMSIS-DAP, ST-LINK, J-Link), through the program pyocd."""

import json
import re
from pathlib import Path

from wasmote.errors import DeviceError, MissingError
from wasmote.flash import probe, program
from wasmote.flash.base import Candidate

PROGRAM = "pyocd"
INSTALL = "pipx install pyocd"
UPGRADE = "pipx upgrade pyocd"
# To ask: nothing that pyocd knows of one chip alone, such as unlocking it, which erases it.
ANY_CHIP = "cortex_m"
_WORD = re.compile(r"^[0-9a-f]{8}:\s+([0-9a-f]{8})\b", re.MULTILINE)
_LOGGED = re.compile(r"^\d+ [A-Z] (.*?)(?: \[\w+\])?$")


class PyocdFlasher(probe.ProbeFlasher):
    """The steps in pyocd's words."""

    def candidates(self) -> list[Candidate]:
        """The probes that are plugged in, by their ids."""
        return [] if self._probe else self._probes()

    def _probes(self) -> list[Candidate]:
        words = [PROGRAM, "json", "--probes", "--no-config"]
        said = probe.run(words, INSTALL, probe.ASK_TIMEOUT_S).stdout
        try:
            listed = json.loads(said)
            found = [Candidate(str(b["unique_id"]), str(b["info"])) for b in listed["boards"]]
        except (ValueError, KeyError, TypeError):
            raise DeviceError(f"{PROGRAM}: no list of probes: {program.last_line(said)}") from None
        if listed.get("error"):
            raise DeviceError(f"{PROGRAM}: {program.last_line(str(listed['error']))}")
        return sorted(found, key=lambda candidate: candidate.port)

    def find(self) -> str:
        """The probe given with --port, or the only one that is plugged in."""
        self._sectors_check()
        found = [c.port for c in self._probes() if self._probe in ("", c.port)]
        if not found:
            which = f"with the id {self._probe}" if self._probe else "is plugged in"
            raise DeviceError(
                f"no debug probe {which}: pyocd list shows them; on Linux each needs a udev rule, "
                "or sudo"
            )
        if len(found) > 1:
            raise DeviceError(f"choose one probe with --port: {' '.join(found)}")
        self._probe = found[0]
        return f"probe {self._probe}"

    def _word(self, address: int) -> int | None:
        words = ["cmd", *self._select(ANY_CHIP), "-c", f"read32 {address:#x}"]
        got = probe.run([PROGRAM, *words], INSTALL, probe.ASK_TIMEOUT_S)
        found = _WORD.search(got.stdout)
        if found:
            return int(found.group(1), 16)
        if "memory transfer failed" in got.stdout:
            return None
        raise self._failure("ask", got.stdout)

    def _erase(self, start: int, size: int) -> None:
        self._do("erase", ["erase", *self._select(), "-s", f"{start:#x}+{size:#x}"])

    def _write(self, file: Path, address: int) -> None:
        words = ["-e", "sector", "--no-reset", "--format", "bin", "-a", f"{address:#x}", str(file)]
        self._do(f"write {address:#x}", ["flash", *self._select(), *words])

    def _read(self, file: Path, address: int, size: int) -> None:
        save = f'savemem {address:#x} {size} "{file}"'
        self._do(f"read {address:#x}", ["cmd", *self._select(), "-c", save])

    def _restart(self) -> None:
        self._do("reset", ["reset", *self._select()])

    def _select(self, target: str = "") -> list[str]:
        # Without auto_unlock=false, a locked chip would be erased to get in.
        which = ["-u", self._probe, "-t", target or self._target.pyocd]
        return ["--no-config", "-W", "-O", "auto_unlock=false", *which]

    def _do(self, doing: str, words: list[str]) -> None:
        got = probe.run([PROGRAM, *words], INSTALL)
        if got.returncode != 0:
            raise self._failure(doing, got.stdout)

    def _failure(self, doing: str, said: str) -> DeviceError | MissingError:
        logged = _LOGGED.match(last := program.last_line(said))
        text = logged.group(1) if logged else last
        if "not recognized" in said:
            name = self._target.pyocd
            helps = f"pyocd pack install {name}" if self._target.in_pack else UPGRADE
            return MissingError(
                f"pyocd does not know {name}: {helps}; openocd does: flash.tool in board.toml"
            )
        return DeviceError(f"probe {self._probe}: {doing}: {text}: {probe.AGAIN}")
