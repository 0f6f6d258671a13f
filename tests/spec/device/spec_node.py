# Performs a plan of spec_plan.py, which lies in the flash, and prints a line of JSON for each
# step that went otherwise than it should: [step, verdict, words], at last ["end", steps].
#
#   wrong    another answer
#   module   the module could not be loaded: a reason of SPEC.md 1.4, or "link"
#   absent   the module that it is about could not be loaded, which see
#   other    refused, but not as malformed: a reason
import gc
import json
import struct

import wasm3

_F32, _F64 = 3, 4
_SPECTEST = -1
# Functions that an instance keeps: names.wast has 482.
_KEPT = 32


def float_of(bits):
    return struct.unpack("<d", bits.to_bytes(8, "little"))[0]


def bits_of(value):
    return int.from_bytes(struct.pack("<d", value), "little")


# Whether a float, as bits, is what was wanted: bits, or a kind of NaN.
def is_float(bits, wanted):
    if wanted == "canonical":
        return bits & 0x7FFFFFFFFFFFFFFF == 0x7FF8000000000000
    if wanted == "arithmetic":
        return bits & 0x7FF8000000000000 == 0x7FF8000000000000
    return bits == wanted


# Nothing where the results are those wanted, else words.
def differs(results, wanted):
    if results is None:
        results = ()
    elif not isinstance(results, tuple):
        results = (results,)
    if len(results) != len(wanted):
        return "%d results, not %d" % (len(results), len(wanted))
    for value, want in zip(results, wanted):
        if isinstance(value, float):
            value = bits_of(value)
            if not is_float(value, want):
                want = want if isinstance(want, str) else "%016x" % want
                return "%016x, not %s" % (value, want)
        elif value != want:
            return "%d, not %d" % (value, want)
    return None


def words_of(error):
    return "%s: %s" % (type(error).__name__, error)


def ignore(*args):
    pass


class Instance:
    def __init__(self, runtime, module):
        self.runtime = runtime
        self.module = module
        self.functions = {}

    def function(self, name):
        found = self.functions.get(name)
        if found is None:
            found = self.runtime.find_function(name)
            if len(self.functions) < _KEPT:
                self.functions[name] = found
        return found

    def call(self, name, args):
        function = self.function(name)
        types = function.arg_types
        for i in range(len(args)):
            if types[i] == _F32 or types[i] == _F64:
                args[i] = float_of(args[i])
        return function(*args)


class Node:
    def __init__(self, partition, at, stack_bytes):
        self.partition = partition
        self.at = at
        self.stack_bytes = stack_bytes
        self.env = wasm3.Environment()
        self.live = {}
        self.small = gc.mem_free() < 1 << 20

    def say(self, verdict, words):
        print(json.dumps([self.step, verdict, words]))

    def load(self, at, length, links):
        if self.small:
            gc.collect()
        module = self.env.parse_module(self.partition.view(self.at + at, length))
        for where, name, provider in links:
            if provider == _SPECTEST:
                module.link_function(where, name, ignore)
            elif provider is not None:
                if provider not in self.live:
                    raise ValueError("a module that it links to is not there")
                module.link_function(where, name, self.live[provider].function(name))
        runtime = self.env.new_runtime(self.stack_bytes)
        runtime.load(module)
        return Instance(runtime, module)

    def do_module(self, number, at, length, links):
        try:
            self.live[number] = self.load(at, length, links)
        except wasm3.Error as error:
            self.say("module", [error.reason, str(error)])
        except MemoryError as error:
            self.say("module", ["no-memory", words_of(error)])
        except ValueError as error:
            self.say("module", ["link", words_of(error)])

    def do_drop(self, number):
        self.live.pop(number, None)

    def do_return(self, number, name, args, wanted):
        if number not in self.live:
            return self.say("absent", "")
        try:
            results = self.live[number].call(name, args)
        except Exception as error:
            return self.say("wrong", words_of(error))
        wrong = wanted is not None and differs(results, wanted)
        if wrong:
            self.say("wrong", wrong)

    def do_get(self, number, name, wanted):
        if number not in self.live:
            return self.say("absent", "")
        wrong = differs(self.live[number].module.get_global(name), wanted)
        if wrong:
            self.say("wrong", wrong)

    def do_trap(self, number, name, args, words):
        if number not in self.live:
            return self.say("absent", "")
        try:
            results = self.live[number].call(name, args)
            self.say("wrong", "returned %r" % (results,))
        except wasm3.Trap as error:
            if words not in str(error):
                self.say("wrong", words_of(error))
        except Exception as error:
            self.say("wrong", words_of(error))

    def do_refused(self, at, length, links):
        try:
            self.load(at, length, links)
            self.say("wrong", "loaded")
        except wasm3.LoadError as error:
            if error.reason != "malformed":
                self.say("other", [error.reason, str(error)])
        except Exception as error:
            self.say("wrong", words_of(error))

    def do_start(self, at, length, links, words):
        try:
            self.load(at, length, links)
            self.say("wrong", "loaded")
        except wasm3.LoadError as error:
            self.say("other", [error.reason, str(error)])
        except wasm3.Trap as error:
            if words not in str(error):
                self.say("wrong", words_of(error))
        except Exception as error:
            self.say("wrong", words_of(error))

    def perform(self, start, text_bytes):
        # A line at a time: the text lies in the flash, the heap of a board is small.
        begin, end = self.at + 8, self.at + 8 + text_bytes
        self.at += start
        self.step = 0
        line = bytearray()
        while begin < end:
            piece = bytes(self.partition.view(begin, min(512, end - begin)))
            cut = piece.find(b"\n")
            if cut < 0:
                line += piece
                begin += len(piece)
            else:
                line += piece[:cut]
                begin += cut + 1
            if cut >= 0 or begin >= end:
                step = json.loads(line)
                line = bytearray()
                getattr(self, "do_" + step[0])(*step[1:])
                self.step += 1
        print(json.dumps(["end", self.step]))


# `at`: where the plan lies in the partition.
def run(partition, at, stack_bytes):
    head = partition.view(at, 8)
    start, text_bytes = struct.unpack("<II", head)
    Node(partition, at, stack_bytes).perform(start, text_bytes)
