# The C stack is bounded while modules are compiled and while they run: a clean error, and what
# lies at the stack's very end stays as it was.
import gc
import sys

import devtest
import machine
import wasm3
from devtest import equal, raises, true

# The last bytes of the stack, by machine. Below lies what no access is allowed to, or, on the
# RP2040, the second core's stack.
BOTTOMS = {
    "MPS2_AN385": 0x20000000,
    "MPS2_AN386": 0x20000000,
    "MPS2_AN500": 0x20000000,
    "MPS2_AN505": 0x38000000,
    "MPS3_AN547": 0x30000000,
    "QEMU_RV32": 0x81000000,
    "RP2040": 0x2003E000,
}
WORDS = 16
PATTERN = 0x3C5A1E07


def bottom():
    for name, address in BOTTOMS.items():
        if name in sys.implementation._machine:
            return address
    devtest.skip("the stack's end is not known here")


def leb(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


# A module of one function () -> (), called "f": `opener` so often, `inner`, as many ends. Made in
# one piece, which a board's heap has room for.
def module(opener, depth, inner=b""):
    size = len(opener) * depth + len(inner) + depth + 2
    length = leb(size)
    head = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x05\x01\x01f\0\0"
    head += b"\x0a" + leb(1 + len(length) + size) + b"\x01" + length + b"\0"
    made = bytearray(len(head) + size - 1)
    made[: len(head)] = head
    at = len(head)
    for _ in range(depth):
        made[at : at + len(opener)] = opener
        at += len(opener)
    made[at : at + len(inner)] = inner
    for i in range(at + len(inner), len(made)):
        made[i] = 0x0B
    return made


def function(wasm, stack_bytes=512):
    env = wasm3.Environment()
    runtime = env.new_runtime(stack_bytes)
    runtime.load(env.parse_module(wasm))
    return runtime.find_function("f")


# Calls f with the end of the stack painted, which must stay.
def guarded(f):
    at = bottom()
    mem32 = machine.mem32
    for i in range(WORDS):
        mem32[at + 4 * i] = PATTERN
    f()
    for i in range(WORDS):
        equal(mem32[at + 4 * i], PATTERN)


def compile_deep():
    for opener in (b"\x02\x40", b"\x03\x40", b"\x41\x01\x04\x40"):
        for depth in (150, 1000, 3000):
            gc.collect()
            raises(wasm3.LoadError, function, module(opener, depth))


# As deep in Python as it goes, and then each on what is left.
def from_everywhere(f):
    def deeper():
        try:
            deeper()
        except RuntimeError:
            pass
        try:
            f()
        except (RuntimeError, MemoryError):
            pass

    try:
        deeper()
    except RuntimeError:
        pass


def test_nested_too_deep():
    compile_deep()


def test_nested_too_deep_leaves_the_guard():
    guarded(compile_deep)


def test_compiling_from_everywhere_leaves_the_guard():
    wasm = module(b"\x02\x40", 100)
    guarded(lambda: from_everywhere(lambda: function(wasm)))


def test_recursion_leaves_the_guard():
    for loops in (0, 1, 20):
        f = function(module(b"\x03\x40", loops, b"\x10\0"), 24000)
        guarded(lambda: raises(wasm3.Trap, f, words=("stack overflow",)))
        guarded(lambda: from_everywhere(f))


def test_loops_within_loops_leave_the_guard():
    f = function(module(b"\x03\x40", 30))
    f()
    guarded(lambda: from_everywhere(f))


# Where operations called each other, each would take stack until the function ends.
def test_a_straight_block_takes_no_stack():
    f = function(module(b"", 0, b"\x41\x01\x41\x02\x6a\x1a" * 500))
    guarded(f)


devtest.run(globals())
