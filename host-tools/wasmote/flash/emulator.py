"""Emulated boards: their firmware is a file that the emulator boots next."""

from wasmote import paths
from wasmote.errors import UsageError
from wasmote.flash.base import Advance, Candidate, Job, VerifyError
from wasmote.sim import simulator


class EmulatorFlasher:
    """Puts firmware where `wasmote sim` boots it."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._name = job.options.name or job.board.name
        self._image = simulator.folder_of(self._name) / simulator.IMAGE

    def candidates(self) -> list[Candidate]:
        """There is one of each name."""
        return []

    def find(self) -> str:
        """The folder of the emulated board."""
        if self._job.options.port or self._job.options.drive:
            raise UsageError(
                f"{self._job.board.name} is emulated and has no port: leave --port away"
            )
        return paths.shown(self._image)

    def identify(self) -> str:
        """Nobody to ask: the folder says whose it is when it is written."""
        return ""

    def erase(self) -> None:
        """Forgets the board's files."""
        simulator.owner_check(self._job.board, self._image.parent)
        simulator.erase_flash(self._image.parent)

    def write(self, advance: Advance) -> None:
        """Copies the image, so that a running emulator keeps its own."""
        simulator.install(self._job.board, self._name)
        advance(len(self._job.parts[0].data))

    def verify(self) -> str:
        """Reads the copy."""
        if self._image.read_bytes() != self._job.parts[0].data:
            raise VerifyError(f"{paths.shown(self._image)} is not what was written")
        return "read back"

    def reset(self) -> str:
        """Nothing to do: the next `wasmote sim` boots it."""
        return ""

    def close(self) -> None:
        """Nothing is open."""
