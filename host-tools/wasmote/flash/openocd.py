"""Chips on a debug probe, through the program openocd: for probes that pyocd does not know."""

import re
from pathlib import Path

from wasmote.errors import DeviceError, UsageError
from wasmote.flash import probe
from wasmote.flash.base import Candidate, Job

PROGRAM = "openocd"
INSTALL = "sudo apt-get install openocd"
INTERFACE = "cmsis-dap"
# Those that speak more than one: the others' files name their own.
_SWD = ("cmsis-dap", "jlink")
# The chip's own id says what it is; an ST-LINK's driver would end at another debug port's already.
_ANY_PORT = "set CPUTAPID 0"
_PORTS = ("gdb_port disabled", "telnet_port disabled", "tcl_port disabled")
_ERROR = re.compile(r"^(?:Error: |.*: Error: )(.*)$", re.MULTILINE)


class OpenocdFlasher(probe.ProbeFlasher):
    """The steps in openocd's words. It lists no probes: it takes the first that it finds."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self._interface = str(job.board.section("flash").get("interface", INTERFACE))
        for what, word in (("flash.interface", self._interface), ("--port", self._probe)):
            # They become words of Tcl.
            if not re.fullmatch(r"[A-Za-z0-9._:/-]*", word):
                raise UsageError(f"{what}: {word!r} is no name")

    def candidates(self) -> list[Candidate]:
        """Not to be had."""
        return []

    def find(self) -> str:
        """The serial number given with --port, or whichever probe is there."""
        self._sectors_check()
        return f"probe {self._probe or f'on {self._interface}'}"

    def _word(self, address: int) -> int | None:
        said = self._do("ask", [f"catch {{mdw {address:#x}}}"], probe.ASK_TIMEOUT_S)
        found = re.search(rf"^{address:#010x}: ([0-9a-f]{{8}})\b", said, re.MULTILINE)
        return int(found.group(1), 16) if found else None

    def _erase(self, start: int, size: int) -> None:
        self._do("erase", ["reset halt", f"flash erase_address {start:#x} {size:#x}"])

    def _write(self, file: Path, address: int) -> None:
        write = f"flash write_image erase {{{file}}} {address:#x} bin"
        self._do(f"write {address:#x}", ["reset halt", write])

    def _read(self, file: Path, address: int, size: int) -> None:
        self._do(f"read {address:#x}", [f"dump_image {{{file}}} {address:#x} {size}"])

    def _restart(self) -> None:
        self._do("reset", ["reset run"])

    def _do(
        self, doing: str, commands: list[str], timeout_s: float = probe.TRANSFER_TIMEOUT_S
    ) -> str:
        words = [PROGRAM, "-f", f"interface/{self._interface}.cfg"]
        before = [_ANY_PORT]
        before += ["transport select swd"] if self._interface in _SWD else []
        before += [f"adapter serial {self._probe}"] if self._probe else []
        words += [word for command in before for word in ("-c", command)]
        words += ["-f", f"target/{self._target.openocd}.cfg"]
        for command in (*_PORTS, "init", *commands, "shutdown"):
            words += ["-c", command]
        got = probe.run(words, INSTALL, timeout_s)
        if got.returncode != 0:
            errors = _ERROR.findall(got.stdout) or ["no reason given"]
            raise DeviceError(
                f"probe {self._probe or self._interface}: {doing}: {'; '.join(errors[-2:])}: "
                f"{probe.AGAIN}"
            )
        return got.stdout
