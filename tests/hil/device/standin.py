# Stands in for the module `machine` and for time, so that drivers of sensors run where no chip is.
# The bus is a file of tests/vectors/sensors: any transfer but the next one in it is an error.
import json
import sys
from binascii import hexlify, unhexlify


# Time that passes only when it is told to, or slept.
class Clock:
    def __init__(self):
        self.us = 0

    def ticks_us(self):
        return self.us

    def ticks_ms(self):
        return self.us // 1000

    def sleep_ms(self, ms):
        self.us += ms * 1000

    def ticks_add(self, ticks, delta):
        return ticks + delta

    def ticks_diff(self, end, start):
        return end - start


# The entries of a file, or of any other row of lines.
class Traffic:
    def __init__(self, lines):
        self._lines = iter(lines)
        self._number = 0
        self.next = None
        self.step()

    # To the next entry, which is `next`: its words; None behind the last one.
    def step(self):
        for line in self._lines:
            self._number += 1
            text = line.partition("#")[0].strip()
            if text:
                self.next = text.split(" ", 1) if text[0] in "kot" else text.split()
                return
        self.next = None

    def fail(self, came):
        want = "the end" if self.next is None else "'%s'" % " ".join(self.next)
        raise AssertionError("entry %d: %s expected, '%s' came" % (self._number, want, came))

    # The rest of the next entry, which must begin with `word`.
    def take(self, word):
        if not self.next or self.next[0] != word:
            self.fail(word)
        rest = self.next[1:]
        self.step()
        return rest

    # A transfer; returns what is read.
    def transfer(self, address, written, count):
        came = "%02x w %s" % (address, " ".join("%02x" % b for b in written))
        if count:
            came += " r (%d bytes)" % count
        words = self.next
        n = 2 + len(written)
        if not words or " ".join(words[:n]) != " ".join(came.split()[:n]):
            self.fail(came)
        rest = words[n:]
        if rest and rest[0] == "!":
            self.step()
            raise OSError(int(rest[1]))
        data = unhexlify(rest[1]) if rest else b""
        if len(data) != count or rest and rest[0] != "r":
            self.fail(came)
        self.step()
        return data


class Pin:
    def __init__(self, name):
        self.name = name


# `machine` of a board with an I2C bus: `made` is what it was made with.
class I2CMachine:
    Pin = Pin

    def __init__(self, traffic):
        self._traffic = traffic
        self.made = None

    def I2C(self, bus, **more):
        self.made = ("I2C", bus, more)
        return self

    def SoftI2C(self, **more):
        self.made = ("SoftI2C", more)
        return self

    def readfrom_mem_into(self, address, register, buffer):
        buffer[:] = self._traffic.transfer(address, (register,), len(buffer))

    def writeto_mem(self, address, register, buffer):
        self._traffic.transfer(address, (register,) + tuple(buffer), 0)


# What `import machine` gives from now on; None: what the board has.
def install(machine):
    if machine is None:
        sys.modules.pop("machine", None)
    else:
        sys.modules["machine"] = machine


# The options of a kind with its defaults, as the configuration fills them in.
def options(module, given):
    from wasmote.check import fields

    errors = []
    found = fields(given, module.OPTIONS, "", errors)
    if errors:
        raise ValueError("; ".join(errors))
    return found


# Runs a sensor through a whole file. `modules`: those whose time is the file's.
def play(traffic, modules):
    from wasmote import sensors

    clock = Clock()
    (kind,) = traffic.take("kind")
    module = sensors.find(kind)
    for each in modules + [module]:
        each.time = clock
    given = options(module, json.loads(traffic.take("options")[0]))
    tensor = json.loads(traffic.take("tensor")[0])
    machine = I2CMachine(traffic)
    install(machine)
    sensor = module.open_for(given, tensor)
    buffer = bytearray(sensor.sample_bytes)
    due = 0
    while traffic.next:
        if traffic.next[0] == "wait":
            clock.sleep_ms(int(traffic.take("wait")[0]))
        elif traffic.next[0] == "sample":
            number, data = traffic.take("sample")
            if sensor.wait_ms():
                raise AssertionError("no sample, number %s is due" % number)
            got = sensor.read_into(buffer)
            if got != int(number):
                raise AssertionError("sample %d came, number %s is due" % (got, number))
            compare(buffer, unhexlify(data), tensor["dtype"])
            due = got + 1
        elif sensor.wait_ms() == 0 and (not traffic.next or traffic.next[0] != "sample"):
            traffic.fail("a sample")
    return sensor, machine, due


# Values may be off by one step: the file rounds the real number, the node a multiple of 2 ** -n.
def compare(got, want, dtype):
    from array import array

    letter = {"int8": "b", "uint8": "B", "int16": "h"}[dtype]
    for i, (a, b) in enumerate(zip(array(letter, got), array(letter, want))):
        if not -1 <= a - b <= 1:
            raise AssertionError("value %d: %d, %d expected" % (i, a, b))
    if len(got) != len(want):
        raise AssertionError("%d bytes, not %d: %s" % (len(got), len(want), hexlify(got)))
