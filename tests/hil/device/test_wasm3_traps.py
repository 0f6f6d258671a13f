# The module wasm3: traps, modules that are not whole, loops that do not end.
import gc
import os
import sys
import time

import devtest
import wasm3
from devtest import equal, raises, true


def load(name):
    env = wasm3.Environment()
    runtime = env.new_runtime(2048, 4096)
    runtime.load(env.parse_module(devtest.read(name + ".wasm")))
    return runtime


def test_words_and_functions():
    find = load("traps").find_function
    for name, args, words in (
        ("unreachable", (), ("unreachable executed", "function 0 (unreachable)")),
        ("divide", (1, 0), ("integer divide by zero", "function 2 (divide)")),
        ("divide", (-(2**31), -1), ("integer overflow", "function 2 (divide)")),
        ("remainder", (1, 0), ("integer divide by zero", "function 3 (remainder)")),
        ("truncate", (1e30,), ("integer overflow", "function 4")),
        ("truncate", (float("nan"),), ("invalid conversion to integer", "function 4")),
        ("load", (4093,), ("out of bounds memory access", "function 5")),
        ("store", (-1,), ("out of bounds memory access", "function 6")),
        ("indirect", (0,), ("indirect call type mismatch", "function 7")),
        ("indirect", (99,), ("undefined element", "function 7")),
        ("recurse", (0,), ("stack overflow", "function 8 (recurse)")),
        ("outer", (), ("unreachable executed", "function 0 (unreachable)")),
        ("after", (), ("unreachable executed", "function 11 (after)")),
    ):
        error = raises(wasm3.Trap, find(name), *args, words=words)
        equal((error.reason, error.code), ("trap", None))
        true(str(error).startswith("trap: "), str(error))
    # Spec tests call on after a trap, and so may anybody.
    equal(find("divide")(-42, 6), -7)


def test_a_page_beyond_the_limit():
    raises(wasm3.Trap, load("traps").find_function("load"), 4096)


def test_recursion_ends():
    raises(wasm3.Trap, load("endless").find_function("ping"), words=("stack overflow",))


# A value stack that is no limit, as a call takes a few bytes of it: the C stack is.
def test_recursion_ends_before_the_c_stack():
    env = wasm3.Environment()
    runtime = env.new_runtime(24000)
    runtime.load(env.parse_module(devtest.read("endless.wasm")))
    raises(wasm3.Trap, runtime.find_function("ping"), words=("stack overflow",))
    equal(runtime.find_function("finite")(10), 55)


def test_long_loops_end():
    finite = load("endless").find_function("finite")
    equal(finite(100000), 100000 * 100001 // 2 - 2**32)


def leb(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


# One function of blocks within blocks, which the compiler follows by recursion.
def nested(depth):
    body = b"\0" + b"\x02\x40" * depth + b"\x0b" * (depth + 1)
    code = b"\x01" + leb(len(body)) + body
    head = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x05\x01\x01f\0\0"
    return head + b"\x0a" + leb(len(code)) + code


def test_nested_blocks():
    env = wasm3.Environment()
    for depth in (1, 20, 40, 60, 80, 100, 120, 140, 400):
        gc.collect()
        runtime = env.new_runtime(512)
        module = env.parse_module(nested(depth))
        try:
            runtime.load(module)
            runtime.find_function("f")()
            deepest = depth
        except wasm3.LoadError as e:
            true("overran" in str(e), e)
    true(40 <= deepest < 400, deepest)


# Wherever Python has gone to, there is an error instead of a C stack that is overrun.
def test_little_c_stack_left():
    find = load("endless").find_function
    ping, finite = find("ping"), find("finite")
    module = devtest.read("endless.wasm")
    seen = set()

    def deeper():
        try:
            deeper()
        except RuntimeError as e:
            if type(e) is not RuntimeError:
                raise
        for f in (ping, lambda: finite(3), lambda: load_here(module)):
            try:
                f()
                seen.add("ok")
            except (RuntimeError, MemoryError) as e:
                seen.add(type(e).__name__)

    deeper()
    true({"ok", "Trap", "LoadError"} <= seen, seen)


def load_here(module):
    env = wasm3.Environment()
    runtime = env.new_runtime(512, 64)
    runtime.load(env.parse_module(module))


def test_ctrl_c():
    if sys.platform != "linux":
        devtest.skip("a board cannot press Ctrl-C itself: tests/e2e does it over the serial port")
    runtime = load("endless")
    for name, args in (("bare", ()), ("fork", (100,))):
        f = runtime.find_function(name)
        os.system("(sleep 0.2; kill -INT $PPID) &")
        start = time.ticks_ms()
        raises(KeyboardInterrupt, f, *args)
        took = time.ticks_diff(time.ticks_ms(), start)
        true(took < 3000, took)
    equal(runtime.find_function("finite")(10), 55)


def test_broken_modules():
    env = wasm3.Environment()
    whole = devtest.read("traps.wasm")
    for data, words in (
        (b"", ("not a WebAssembly module",)),
        (b"\0asm", ("not a WebAssembly module",)),
        (b"print('hello')", ("not a WebAssembly module",)),
        (whole[:-1], ("ends too early",)),
        (whole[:100], ("ends too early",)),
        (whole + b"\0", ("ends too early",)),
        (whole[:8] + b"\x01\xff\xff\xff\xff\x0f", ("ends too early",)),
    ):
        error = raises(wasm3.LoadError, env.parse_module, data, words=words)
        equal(error.reason, "malformed")
        true(str(error).startswith("malformed: "), str(error))
    raises(TypeError, env.parse_module, 5)
    raises(TypeError, env.parse_module, None)


# Every one of them gives an error or a runtime; the board is there afterwards.
def test_mutated_modules():
    whole = devtest.read("traps.wasm")
    seed = 1
    errors = 0
    for round in range(200):
        data = bytearray(whole)
        seed = (seed * 1103515245 + 12345) & 0x3FFFFFFF
        data[(seed >> 8) % len(data)] = seed & 0xFF
        try:
            env = wasm3.Environment()
            runtime = env.new_runtime(512, 256)
            runtime.load(env.parse_module(bytes(data)))
        except wasm3.Error:
            errors += 1
        if round % 20 == 0:
            gc.collect()
    true(20 < errors < 200, errors)


def test_wrong_code_is_refused_at_load():
    if wasm3.M3_VERSION == "0.5.0":
        devtest.skip("wasm3 0.5.0 does not validate")
    whole = bytearray(devtest.read("traps.wasm"))
    # i32.div_s becomes i64.div_s: of the wrong type, in a function that nobody calls.
    at = whole.find(b"\x20\x00\x20\x01\x6d")
    true(at > 0, "no i32.div_s")
    whole[at + 4] = 0x7F
    env = wasm3.Environment()
    module = env.parse_module(whole)
    raises(wasm3.LoadError, env.new_runtime(1024, 4096).load, module, words=("function 2 (divide)",))


devtest.run(globals())
