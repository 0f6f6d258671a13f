"""STM32s that can be flashed: ids from ST's AN2606, sectors from RM0090, RM0410 and RM0433."""

from dataclasses import dataclass

from wasmote.errors import UsageError
from wasmote.flash import parts
from wasmote.flash.base import Job

FLASH_AT = 0x08000000
_KIB = 1024


@dataclass(frozen=True)
class Chip:
    """A line of chips: its flash's sectors in bytes, and where that is on the bus."""

    name: str
    sectors: tuple[int, ...]
    flash_at: int = FLASH_AT

    def touched(self, start: int, end: int) -> list[int]:
        """The numbers of the sectors in which bytes from `start` to before `end` lie."""
        bounds = map(self.bounds, range(len(self.sectors)))
        return [n for n, (first, last) in enumerate(bounds) if first < end and start < last]

    def bounds(self, number: int) -> tuple[int, int]:
        """Where a sector starts and ends, in bytes of the flash."""
        start = sum(self.sectors[:number])
        return start, start + self.sectors[number]


CHIPS = {
    0x413: Chip("STM32F40x", (16 * _KIB,) * 4 + (64 * _KIB,) + (128 * _KIB,) * 7),
    0x450: Chip("STM32H74x", (128 * _KIB,) * 16),
    0x451: Chip("STM32F76x", (32 * _KIB,) * 4 + (128 * _KIB,) + (256 * _KIB,) * 7),
}


def wanted_by(job: Job) -> Chip:
    """The chip that board.toml names."""
    for chip in CHIPS.values():
        if chip.name == job.wanted_chip:
            return chip
    known = ", ".join(chip.name for chip in CHIPS.values())
    raise UsageError(f"board.toml: flash.chip: {job.wanted_chip!r} is none of {known}")


def sectors_of(job: Job, chip: Chip) -> list[int]:
    """The sectors that the firmware lies in, of which none may hold what has to stay."""
    ranges = [
        (part.name, start := part.address - chip.flash_at, start + len(part.data))
        for part in job.parts
    ]
    parts.ranges_check(job.board, ranges, job.options.erase)
    numbers = {number for _, start, end in ranges for number in chip.touched(start, end)}
    erased = [(f"sector {number}", *chip.bounds(number)) for number in sorted(numbers)]
    parts.ranges_check(job.board, erased, job.options.erase)
    return sorted(numbers)
