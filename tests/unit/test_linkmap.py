"""linkmap.py: RAM by section out of a GNU ld map."""

import pytest

from wasmote.build import linkmap
from wasmote.errors import BuildError

MAP = """Archive member included to satisfy reference by file (symbol)

Memory Configuration

Name             Origin             Length             Attributes
FLASH            0x00000000         0x00400000         xr
RAM              0x20000000         0x00040000         xrw
*default*        0x00000000         0xffffffff

Linker script and memory map

.text           0x00000000      0x100
 *(.isr_vector)
 .isr_vector    0x00000000       0xc0 build/startup.o
.stack          0x20000000      0x400
.data           0x20000400       0x10 load address 0x00000100
 .data.x        0x20000400       0x10 build/x.o
.bss            0x20000410       0x30 load address 0x00000110
.a_section_with_a_long_name
                0x20000440        0x8
.debug_info     0x00000000     0x9999
"""


def test_linkmap_ram_is_every_section_in_ram() -> None:
    assert linkmap.ram_sections(MAP) == {
        ".stack": 0x400,
        ".data": 0x10,
        ".bss": 0x30,
        ".a_section_with_a_long_name": 8,
    }


def test_linkmap_regions() -> None:
    regions, _ = linkmap.parse(MAP)
    assert [(r.name, r.length, r.attributes) for r in regions[:2]] == [
        ("FLASH", 0x400000, "xr"),
        ("RAM", 0x40000, "xrw"),
    ]


def test_linkmap_of_something_else() -> None:
    with pytest.raises(BuildError, match="not a map of GNU ld"):
        linkmap.ram_sections("hello")
