# The module wasm3: Python callables as imports, and what becomes of their exceptions.
import gc

import devtest
import wasm3
from devtest import equal, raises, true

NAMES = ("i32", "i64", "f32", "f64", "note", "pair")


# Less than the page that the module declares, which a board's heap may not have.
LIMIT = 4096


class Imports:
    def __init__(self, limit=LIMIT, **given):
        env = wasm3.Environment()
        self.runtime = env.new_runtime(2048, limit)
        self.module = env.parse_module(devtest.read("imports.wasm"))
        self.runtime.load(self.module)
        self.link(**given)

    def link(self, **given):
        for name in NAMES:
            self.module.link_function("host", name, given.get(name, lambda *a: a[0]))

    def __getitem__(self, name):
        return self.runtime.find_function(name)


def test_values():
    seen = []

    def same(value):
        seen.append(value)
        return value

    host = Imports(i32=same, i64=same, f32=same, f64=same)
    for name, values in (
        ("i32", (0, -1, 2**31 - 1, -(2**31))),
        ("i64", (-1, 2**63 - 1, -(2**63))),
        ("f32", (0.5, -(2.0**100))),
        ("f64", (0.25, -(2.0**100))),
    ):
        f = host[name]
        for value in values:
            equal(f(value), value)
            equal(seen.pop(), value)


def test_results_are_checked():
    for result in ("no", None, 1.5):
        raises(TypeError, Imports(i32=lambda v: result)["i32"], 1)
    raises(OverflowError, Imports(i32=lambda v: 2**32)["i32"], 1)
    equal(Imports(i32=lambda v: 2**32 - 1)["i32"](1), -1)


def test_multi_value():
    host = Imports(pair=lambda a, b: (b + 1, a + 1))
    equal(host["pair"](1, 2**40), (2**40 + 1, 2))
    raises(ValueError, Imports(pair=lambda a, b: (1, 2, 3))["pair"], 1, 2)
    raises(TypeError, Imports(pair=lambda a, b: 1)["pair"], 1, 2)


def test_called_in_order():
    notes = []
    Imports(note=notes.append)["count"](5)
    equal(notes, [0, 1, 2, 3, 4])


# The very object that was raised, out of the call that caused it; the runtime goes on.
def test_exception():
    error = ValueError("of the import")

    def fail(value):
        raise error

    host = Imports(note=fail)
    for name in ("count", "deep"):
        try:
            host[name](5)
            raised = None
        except ValueError as e:
            raised = e
        true(raised is error, repr(raised))
    equal(host["i32"](7), 7)


def test_exceptions_of_other_kinds():
    for kind in (KeyboardInterrupt, SystemExit, wasm3.Error, MemoryError, GeneratorExit):

        def fail(value):
            raise kind("why")

        raised = None
        try:
            Imports(note=fail)["deep"](3)
        except BaseException as e:
            raised = e
        true(type(raised) is kind, repr(raised))


# From Wasm to Python to Wasm and back, with an exception on the way that is caught there.
def test_calls_back():
    depths = []

    def note(value):
        depths.append(value)
        if len(depths) < 5:
            host["deep"](2)
        else:
            raise ValueError("the deepest")

    host = Imports(note=note)
    raises(ValueError, host["deep"], 1, words=("the deepest",))
    equal(depths, [99] * 5)
    host["store"](64, 1234)

    def caught(value):
        raises(wasm3.Trap, host["load"], -1)

    host.link(note=caught)
    equal(host["note_load"](1, 64), 1234)


# As often as one likes, also after the code that calls it has been compiled.
def test_linking_again():
    host = Imports(i32=lambda v: v + 1)
    f = host["i32"]
    equal(f(1), 2)
    host.module.link_function("host", "i32", lambda v: v + 10)
    equal(f(1), 11)
    host.module.link_function("host", "i32", "i(i)", lambda v: v + 100)
    equal((f(1), host["i32"](1)), (101, 101))


def test_grows_while_called():
    if gc.mem_free() < 5 * 65536:
        devtest.skip("no heap for pages here")
    host = Imports(0, note=lambda v: host["grow"](1))
    host["store"](64, 4321)
    equal(host["note_load"](1, 64), 4321)
    equal(len(host.runtime.get_memory()), 2 * 65536)


# Nothing but the function is held on to; the callables must live as long as it does.
def test_callables_stay_alive():
    def function():
        total = [0]

        def note(value):
            total[0] += value
            gc.collect()

        return Imports(note=note)["count"], total

    count, total = function()
    for i in range(3):
        gc.collect()
        [bytearray(100) for _ in range(50)]
        count(4)
    equal(total[0], 18)


def test_linking():
    host = Imports()
    module = host.module
    raises(TypeError, module.link_function, "host", "i32", 5)
    raises(TypeError, module.link_function, 1, "i32", len)
    module.link_function("host", "i32", "i(i)", lambda v: v + 1)
    raises(wasm3.LoadError, module.link_function, "host", "i32", "I(i)", len, words=("i32",))
    # As in pywasm3: what the module does not import is no error.
    module.link_function("host", "unknown", "i(i)", len)
    module.link_function("guest", "i32", "i(i)", len)


# Links may come before the load, and then the start function runs at once.
def test_start_function_with_imports():
    notes = []
    env = wasm3.Environment()
    runtime = env.new_runtime(1024)
    module = env.parse_module(devtest.read("start_import.wasm"))
    module.link_function("host", "note", notes.append)
    runtime.load(module)
    equal(notes, [1])
    equal(runtime.find_function("get")(), 2)
    equal(notes, [1])
    # Linked after the load: it runs when the first function is looked for.
    runtime = env.new_runtime(1024)
    module = env.parse_module(devtest.read("start_import.wasm"))
    runtime.load(module)
    module.link_function("host", "note", notes.append)
    equal(notes, [1])
    runtime.find_function("get")
    equal(notes, [1, 1])


def test_import_that_is_not_linked():
    env = wasm3.Environment()
    runtime = env.new_runtime(1024, LIMIT)
    runtime.load(env.parse_module(devtest.read("imports.wasm")))
    if wasm3.M3_VERSION == "0.5.0":
        raises(wasm3.LoadError, runtime.find_function, "load", words=("import",))
        return
    equal(runtime.find_function("load")(0), 0)
    raises(wasm3.Trap, runtime.find_function("i32"), 1, words=("missing imported function",))


devtest.run(globals())
