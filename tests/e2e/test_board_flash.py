"""The emulated board's flash: what lasts, and what happens when it is full or damaged."""

import errno
import random
from collections.abc import Iterator

import pytest
from board_console import Console

from wasmote.boards import Board

PLANT = "f = open('/kept.bin', 'wb'); f.write(bytes(range(256)) * 40); f.close()"
LOOK = "print(open('/kept.bin', 'rb').read() == bytes(range(256)) * 40)"


@pytest.fixture
def console(board: Board) -> Iterator[Console]:
    with Console(board, "test-flash") as running:
        yield running


def test_blank_flash_is_formatted(console: Console) -> None:
    fs = console.board.section("filesystem")
    said = console.exec("import os; print(os.listdir('/'), os.statvfs('/')[1:3])")
    assert said == f"['store'] ({fs['block_bytes']}, {fs['bytes'] // fs['block_bytes']})"


@pytest.mark.parametrize(
    ("reset", "cause"),
    [
        ("machine.reset()", "HARD_RESET"),
        ("machine.WDT(timeout=200)\nwhile True: pass", "WDT_RESET"),
        ("machine.mem32[0x50000000]", "FAULT_RESET"),
    ],
    ids=["reset", "watchdog", "fault"],
)
def test_files_survive_a_reset(console: Console, reset: str, cause: str) -> None:
    console.exec(PLANT)
    console.crash(f"import machine\n{reset}")
    assert console.exec(LOOK) == "True"
    said = console.exec(f"import machine; print(machine.reset_cause() == machine.{cause})")
    assert said == "True"


def test_damaged_store_is_said_and_made_anew(console: Console) -> None:
    console.exec("from wasmote import store; store.default().put(1, bytes(32))")
    console.stop()
    offset = int(console.board.section("filesystem")["bytes"])
    with (console.sim.folder / "flash.bin").open("r+b") as image:
        image.seek(offset)
        image.write(random.Random(1).randbytes(2 * 4096))
    console.start()
    said = console.exec("from wasmote import store; print(store.default(), store.problem)")
    assert said.startswith("None the agent store cannot be used: neither record of its index")
    console.exec(said.partition("for an empty store: ")[2])
    console.soft_reset()
    assert console.exec("from wasmote import store; print(store.default().owners())") == "{}"


def test_full_file_system_says_so(console: Console) -> None:
    said = console.exec(
        """
import os
block, n = bytes(4096), 0
f = open('/big.bin', 'wb')
try:
    while True:
        f.write(block)
        n += 1
except OSError as e:
    print(e.errno)
try:
    f.close()
except OSError as e:
    pass
try:
    os.mkdir('/more')
    print('made')
except OSError as e:
    print(e.errno)
os.remove('/big.bin')
f = open('/after.bin', 'wb')
f.write(block)
f.close()
print(n > 900, os.stat('/after.bin')[6])
""",
        timeout_s=60,
    ).splitlines()
    assert said[0] == str(errno.ENOSPC)
    assert said[1] in (str(errno.ENOSPC), "made")
    assert said[2] == "True 4096"


def test_damaged_file_system_is_reported_and_left_alone(console: Console) -> None:
    console.exec(PLANT)
    console.stop()
    noise = random.Random(1).randbytes(2 * 4096)
    flash = console.sim.folder / "flash.bin"
    with flash.open("r+b") as image:
        image.write(noise)
    console.start()
    assert "the file system is damaged" in console.soft_reset()  # _boot.py speaks again
    assert flash.read_bytes()[: len(noise)] == noise
    said = console.exec(
        """
import vfs, emulated, os
vfs.VfsLfs2.mkfs(emulated.Flash())
vfs.mount(vfs.VfsLfs2(emulated.Flash()), '/')
print(os.listdir('/'))
"""
    )
    assert said == "['store']"


@pytest.mark.parametrize(
    "call",
    [
        "readblocks(1024, b)",
        "readblocks(-1, b)",
        "writeblocks(0, b, -1)",
        "readblocks(1023, bytearray(4097))",
        "ioctl(6, 1024)",
    ],
)
def test_block_device_refuses_what_is_outside(console: Console, call: str) -> None:
    said = console.exec(
        f"""
import emulated
b = bytearray(32)
try:
    emulated.Flash().{call}
except OSError as e:
    print(e.errno)
"""
    )
    assert said == str(errno.EINVAL)


def test_block_device_is_nor(console: Console) -> None:
    said = console.exec(
        """
import emulated
flash, b = emulated.Flash(), bytearray(32)
flash.ioctl(6, 1000)
flash.writeblocks(1000, b'\\xf0' * 32, 64)
flash.writeblocks(1000, b'\\x3c' * 32, 64)
flash.readblocks(1000, b, 64)
print(b == b'\\x30' * 32)
flash.writeblocks(1000, b'\\xff' * 4096)
flash.readblocks(1000, b, 64)
print(b == b'\\xff' * 32)
"""
    )
    assert said == "True\nTrue"
