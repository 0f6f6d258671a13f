# The module wasm3: values in and out, globals, and what of pywasm3's manners is kept.
import struct

import devtest
import wasm3
from devtest import equal, raises, true

# A port with single-precision Python floats rounds an f64 where it passes from Wasm to
# Python.
DOUBLE = 1.0 + 2**-40 != 1.0


def load(name):
    env = wasm3.Environment()
    # Less than a page: a board's heap may have none.
    runtime = env.new_runtime(2048, 4096)
    module = env.parse_module(devtest.read(name + ".wasm"))
    runtime.load(module)
    return runtime, module


def functions(*names):
    runtime = load("values")[0]
    return [runtime.find_function(name) for name in names]


def test_version():
    true(wasm3.M3_VERSION in ("0.9.0", "0.5.0"), wasm3.M3_VERSION)


def test_i32():
    same, add, less = functions("i32", "add_i32", "less_u32")
    for value in (0, 1, -1, 2**31 - 1, -(2**31)):
        equal(same(value), value)
    equal(same(2**32 - 1), -1)
    equal(same(2**31), -(2**31))
    equal(same(True), 1)
    equal(add(2**31 - 1, 1), -(2**31))
    equal(less(1, -1), 1)
    for value in (2**32, -(2**31) - 1, 2**70, -(2**70)):
        raises(OverflowError, same, value)


def test_i64():
    same, mul, less = functions("i64", "mul_i64", "less_u64")
    for value in (0, -1, 2**31, -(2**31) - 1, 2**32, 2**63 - 1, -(2**63), 0x0123456789ABCDEF):
        equal(same(value), value)
    equal(same(2**64 - 1), -1)
    equal(same(2**63), -(2**63))
    equal(mul(-(2**40), 2**22), -(2**62))
    equal(mul(3037000500, 3037000500), 9223372037000250000 - 2**64)
    equal(less(1, -1), 1)
    for value in (2**64, -(2**63) - 1, 2**100, -(2**100)):
        raises(OverflowError, same, value)


def test_f32():
    same, bits, div, sqrt = functions("f32", "bits_f32", "div_f32", "sqrt_f32")
    for value in (0.0, 1.5, -0.25, 2.0**127, 2.0**-126):
        equal(same(value), value)
    equal(same(3), 3.0)
    equal(bits(-0.0), -(2**31))
    equal(bits(1.0), 0x3F800000)
    # Rounded to single precision on the way in.
    equal(bits(0.1), 0x3DCCCCCD)
    equal(div(1, 0), float("inf"))
    equal(div(-1, 0), -float("inf"))
    nan = div(0, 0)
    true(nan != nan, nan)
    equal(sqrt(2.25), 1.5)


def test_f64():
    same, bits, div, nearest = functions("f64", "bits_f64", "div_f64", "nearest_f64")
    for value in (0.0, -1.5, 2.0**100, -(2.0**-100)):
        equal(same(value), value)
    equal(bits(1.0), 0x3FF0000000000000)
    equal(bits(-0.0), -(2**63))
    equal(div(1, 3), 1 / 3)
    equal(nearest(2.5), 2.0)
    equal(nearest(-3.5), -4.0)
    nan = div(0, 0)
    true(nan != nan, nan)
    if DOUBLE:
        equal(bits(0.1), 0x3FB999999999999A)
        equal(same(1e300), 1e300)
        equal(same(4.9e-324), 4.9e-324)


# The bits of an f64, as Python's float and back.
def of_bits(bits):
    return struct.unpack("<d", bits.to_bytes(8, "little"))[0]


def bits_of(value):
    return int.from_bytes(struct.pack("<d", value), "little")


def test_nan_keeps_its_bits():
    if not DOUBLE:
        devtest.skip("single-precision floats hold no f64")
    f32, f32_bits, f64, f64_bits = functions("f32", "bits_f32", "f64", "bits_f64")
    # Signalling, negative with a payload, quiet.
    for bits in (0x7FF4000000000000, 0xFFF0000020000000, 0x7FF8000000000000):
        equal(bits_of(f64(of_bits(bits))), bits)
        equal(f64_bits(of_bits(bits)) & 2**64 - 1, bits)
        equal(bits_of(f32(of_bits(bits))), bits)
    equal(f32_bits(of_bits(0x7FF4000000000000)), 0x7FA00000)
    # What an f32 has no room for, but a NaN all the same.
    equal(f32_bits(of_bits(0x7FF0000000000001)), 0x7FC00000)


def test_rounding_makes_nan_quiet():
    if not DOUBLE:
        devtest.skip("single-precision floats hold no f64")
    for round in functions("nearest_f64", "floor_f64", "ceil_f64", "trunc_to_f64", "nearest_f32"):
        bits = bits_of(round(of_bits(0xFFF4000000000000)))
        equal(hex(bits & 0x7FF8000000000000), "0x7ff8000000000000")
        equal(round(-0.5) in (0.0, -1.0), True)


def test_f32_nan_keeps_sign_and_payload():
    neg = functions("neg_f32_bits")[0]
    equal(neg(0x7FC00001), 0xFFC00001 - 2**32)
    equal(neg(0xFFC12345), 0x7FC12345)
    equal(neg(0x3F800000), 0xBF800000 - 2**32)
    equal(neg(0x7F800000), 0xFF800000 - 2**32)


# Names may hold any character.
def test_names():
    runtime, module = load("names")
    names = ("", "a", "a\0", "a\0b", "\u2713")
    equal([runtime.find_function(name)() for name in names], [0, 1, 2, 3, 4])
    raises(wasm3.Error, runtime.find_function, "a\0c")
    equal((module.get_global("g"), module.get_global("g\0")), (5, 6))
    raises(wasm3.Error, module.get_global, "g\0g")


# Whatever the precision of Python's floats, inside it is double. The limits of the
# truncation are what a compiler with single-precision constants would get wrong.
def test_f64_is_double_inside():
    div, trunc = functions("div_f64_bits", "trunc_f64_bits")
    one, three = 0x3FF0000000000000, 0x4008000000000000
    equal(div(one, three), 0x3FD5555555555555)
    equal(trunc(0xC1E0000000100000), -(2**31))  # -2147483648.5
    equal(trunc(0x41DFFFFFFFF00000), 2**31 - 1)  # 2147483647.75
    raises(wasm3.Trap, trunc, 0x41E0000000000000, words=("integer overflow",))


def test_multi_value():
    swap, every, mixed, nothing = functions("swap", "all", "mixed", "nothing")
    equal(swap(-5, 2**40), (2**40, -5))
    equal(every(1, 2, 3.5, -4.5), (-4.5, 3.5, 2, 1))
    equal(mixed(1, 0.5, -2, 4, 8, 16), 27.5)
    equal(nothing(), None)


def test_wrong_types():
    i32, i64, f64 = functions("i32", "i64", "f64")
    for f in (i32, i64):
        for value in (1.0, "1", None, b"1", [1]):
            raises(TypeError, f, value)
    for value in ("1", None, b"1"):
        raises(TypeError, f64, value)


def test_wrong_counts():
    i32, add = functions("i32", "add_i32")
    raises(TypeError, i32, words=("takes 1", "0 given"))
    raises(TypeError, add, 1, words=("takes 2", "1 given"))
    raises(TypeError, add, 1, 2, 3, words=("takes 2", "3 given"))
    raises(TypeError, lambda: add(1, b=2))
    many = load("many")[0].find_function("many")
    raises(ValueError, many, *range(33), words=("32",))


def test_function_attributes():
    every, nothing = functions("all", "nothing")
    equal((every.name, every.num_args, every.num_rets), ("all", 4, 4))
    equal(every.arg_types, (1, 2, 3, 4))
    equal(every.ret_types, (4, 3, 2, 1))
    equal((nothing.num_args, nothing.num_rets, nothing.arg_types), (0, 0, ()))


def test_call_argv():
    every, add = functions("all", "add_i32")
    equal(every.call_argv("-1", "9223372036854775807", "0.5", "-2"), (-2.0, 0.5, 2**63 - 1, -1))
    equal(add.call_argv("40", "2"), 42)
    raises(ValueError, add.call_argv, "forty", "2")
    raises(TypeError, add.call_argv, "1")


def test_globals():
    runtime, module = load("globals")
    equal(module.get_global("i32"), -7)
    equal(module.get_global("i64"), -(2**63))
    equal(module.get_global("f32"), 1.5)
    equal(module.get_global("fixed"), 42)
    module.set_global("i32", 2**32 - 2)
    equal(runtime.find_function("get_i32")(), -2)
    module.set_global("i64", 2**40)
    equal(runtime.find_function("get_i64")(), 2**40)
    module.set_global("f64", 0.5)
    equal(module.get_global("f64"), 0.5)
    runtime.find_function("add_i32")(44)
    equal(module.get_global("i32"), 42)
    raises(OverflowError, module.set_global, "i32", 2**32)
    raises(TypeError, module.set_global, "i32", 1.5)
    raises(wasm3.Error, module.get_global, "hidden", words=("no global", "hidden"))
    raises(wasm3.Error, module.get_global, "get_i32", words=("no global",))
    if wasm3.M3_VERSION != "0.5.0":
        raises(wasm3.Error, module.set_global, "fixed", 1, words=("immutable",))


def test_lookups_that_fail():
    env = wasm3.Environment()
    runtime = env.new_runtime(1024)
    raises(wasm3.Error, runtime.find_function, "f", words=("no module",))
    module = env.parse_module(devtest.read("values.wasm"))
    raises(wasm3.Error, module.get_global, "i32", words=("no global",))
    runtime.load(module)
    raises(wasm3.Error, runtime.find_function, "nobody", words=("nobody",))
    raises(wasm3.Error, runtime.load, module, words=("already",))
    raises(wasm3.Error, env.new_runtime(1024).load, module, words=("loaded already",))
    other = wasm3.Environment().parse_module(devtest.read("values.wasm"))
    raises(wasm3.Error, env.new_runtime(1024).load, other, words=("another environment",))
    raises(TypeError, runtime.load, 5)
    raises(ValueError, env.new_runtime, 100)


# Bytes that may change under wasm3 are copied.
def test_module_from_a_buffer_that_changes():
    data = bytearray(devtest.read("values.wasm"))
    env = wasm3.Environment()
    module = env.parse_module(data)
    for i in range(len(data)):
        data[i] = 0
    runtime = env.new_runtime(1024)
    runtime.load(module)
    equal(runtime.find_function("add_i32")(40, 2), 42)


def test_start_function():
    runtime, module = load("start")
    equal(module.get_global("started"), 1)
    equal(runtime.find_function("get")(), 1)
    equal(module.get_global("started"), 1)


def test_exceptions_are_runtime_errors():
    for kind in (wasm3.LoadError, wasm3.Trap, wasm3.AgentError, wasm3.AgentBusy):
        true(issubclass(kind, wasm3.Error), kind)
    true(issubclass(wasm3.Error, RuntimeError))
    plain = wasm3.Error("of one's own")
    equal((str(plain), plain.args, plain.reason), ("of one's own", ("of one's own",), None))


devtest.run(globals())
