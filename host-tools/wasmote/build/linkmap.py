"""RAM of a firmware out of its GNU ld map: sections by memory region."""

import re
from dataclasses import dataclass
from pathlib import Path

from wasmote.errors import BuildError

_REGION = re.compile(r"^(\w+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)(?:\s+([a-z!]+))?$", re.MULTILINE)
_SECTION = re.compile(
    r"^(\.[\w.]+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)(?: load address 0x[0-9a-f]+)?$", re.MULTILINE
)


@dataclass(frozen=True)
class Section:
    """An output section and where it lies when the firmware runs."""

    name: str
    address: int
    size: int


@dataclass(frozen=True)
class Region:
    """A line of the linker script's MEMORY; `attributes` such as xr or xrw."""

    name: str
    origin: int
    length: int
    attributes: str

    def holds(self, address: int) -> bool:
        """Whether the address lies in it."""
        return self.origin <= address < self.origin + self.length


def parse(text: str) -> tuple[list[Region], list[Section]]:
    """The regions and the output sections of a map. Raises BuildError where it is none."""
    head, found, rest = text.partition("Linker script and memory map")
    if not found:
        raise BuildError("not a map of GNU ld: no 'Linker script and memory map'")
    regions = [
        Region(name, int(origin, 16), int(length, 16), attributes)
        for name, origin, length, attributes in _REGION.findall(head)
    ]
    # ld breaks the line after a long name.
    joined = re.sub(r"^(\.[\w.]+)\n\s+(0x)", r"\1 \2", rest, flags=re.MULTILINE)
    sections = [
        Section(name, int(address, 16), int(size, 16))
        for name, address, size in _SECTION.findall(joined)
    ]
    return regions, sections


def ram_sections(text: str) -> dict[str, int]:
    """Bytes of each output section in regions that can be written: static data, heap, stack,
    pool. Sections of another region that are only loaded there (.data's image) do not count.
    """
    regions, sections = parse(text)
    writable = [region for region in regions if "w" in region.attributes]
    return {
        section.name: section.size
        for section in sections
        if section.size and any(region.holds(section.address) for region in writable)
    }


def read(path: Path) -> dict[str, int]:
    """The RAM sections of the firmware whose map that is."""
    try:
        return ram_sections(path.read_text(errors="replace"))
    except OSError as error:
        raise BuildError(f"{path}: {error.strerror}: build the firmware first") from None
