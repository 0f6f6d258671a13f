# The module `flash`: the partition of the agent store on this board.
import sys
from errno import EINVAL

from devtest import equal, raises, run, skip, true
from flash import Partition

FILE = "flash.tmp"
EBUSY = 16
HOSTED = sys.platform == "linux"


# Once: a file's locks last as long as the process.
flash = Partition(FILE, 1 << 20) if HOSTED else Partition()


def refused(f, *args):
    equal(raises(OSError, f, *args).args[0], EINVAL)


# The last block: the store uses it last.
LAST = flash.size - flash.erase_size


def test_geometry():
    true(flash.size >= 1 << 20, flash.size)
    equal(flash.size % flash.erase_size, 0)
    equal(flash.erase_size % flash.write_size, 0)
    true(flash.erase_size % 16 == 0)


def test_it_is_nor():
    at, unit = LAST, flash.write_size
    flash.erase(at)
    equal(bytes(flash.view(at, flash.erase_size)), b"\xff" * flash.erase_size)
    flash.write(at + unit, b"\xf0" * unit)
    equal(bytes(flash.view(at, 3 * unit)), b"\xff" * unit + b"\xf0" * unit + b"\xff" * unit)
    flash.write(at + unit, b"\x3c" * unit)
    equal(bytes(flash.view(at + unit, unit)), b"\x30" * unit)
    flash.erase(at)
    flash.sync()


# A view shows what is written after it was made: it is no copy.
def test_views_are_in_place_and_read_only():
    at, unit = LAST, flash.write_size
    flash.erase(at)
    view = flash.view(at, unit)
    flash.write(at, b"\x12" * unit)
    equal(bytes(view), b"\x12" * unit)
    raises(TypeError, _overwrite, view)
    equal(len(flash.view(flash.size, 0)), 0)
    flash.erase(at)


def _overwrite(view):
    view[0] = 0


def test_what_lies_outside_is_refused():
    block = bytes(flash.erase_size)
    for offset in (-1, 1, flash.size, flash.size + flash.erase_size, -flash.erase_size):
        refused(flash.erase, offset)
    for offset in (-flash.erase_size, flash.size, flash.size - flash.erase_size + flash.write_size):
        refused(flash.write, offset, block)
    for offset, size in ((-1, 1), (0, -1), (0, flash.size + 1), (flash.size, 1), (1, flash.size)):
        refused(flash.view, offset, size)
    if flash.write_size > 1:
        refused(flash.write, 1, bytes(flash.write_size))
        refused(flash.write, 0, b"x")


def test_arguments_are_the_boards():
    if not HOSTED:
        raises(TypeError, Partition, FILE, 1 << 20)
        return
    raises(TypeError, Partition)
    for size in (0, -4096, 4097):
        refused(Partition, FILE, size)
    raises(OSError, Partition, "no/such/folder", 4096)


# A process never sees the store change under its views: who writes is alone.
def test_file_is_written_by_one_at_a_time():
    if not HOSTED:
        skip("no other process can use this board's flash")
    one = Partition("shared.tmp", 4096)
    one.erase(0)
    equal(raises(OSError, Partition, "shared.tmp", 4096).args[0], EBUSY)
    one.sync()
    two = Partition("shared.tmp", 4096)
    equal(bytes(two.view(0, 4096)), b"\xff" * 4096)
    for writer in (one, two):
        equal(raises(OSError, writer.erase, 0).args[0], EBUSY)
        equal(raises(OSError, writer.write, 0, bytes(256)).args[0], EBUSY)


run(globals())
