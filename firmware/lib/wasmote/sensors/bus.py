# A chip on I2C: its registers, and what is said when it does not answer.
import errno
import time

# Entries of the configuration that every kind on I2C has; it adds its `address`.
OPTIONS = {
    "i2c": ("pin", 0),
    "scl": ("pin", None),
    "sda": ("pin", None),
    "freq": ("int", 400000, 10000, 1000000),
}

_SOFT = -1  # instead of a bus: I2C in software, on any two pins


# A part of the module `machine`. ValueError: this board's has none.
def machine_part(name):
    try:
        import machine
    except ImportError:
        machine = None
    if not hasattr(machine, name):
        raise ValueError("this board has no machine." + name)
    return getattr(machine, name)


# What is taken for a pin of that number or name.
def pin(which):
    return machine_part("Pin")(which)


class Chip:
    # OSError or ValueError: there is no such bus.
    def __init__(self, kind, options):
        self.kind = kind
        self._address = options["address"]
        self._where = "I2C %s" % options["i2c"]
        self._one = bytearray(1)
        self._i2c = _open(options)

    def read_into(self, register, buffer):
        self._i2c.readfrom_mem_into(self._address, register, buffer)

    def read(self, register):
        self.read_into(register, self._one)
        return self._one[0]

    def write(self, register, value):
        self._one[0] = value
        self._i2c.writeto_mem(self._address, register, self._one)

    # By a bit that falls when the chip has reset itself. OSError: it does not.
    def reset(self, register, bit):
        self.write(register, bit)
        for _ in range(50):
            time.sleep_ms(1)
            if not self.read(register) & bit:
                return
        raise OSError(self.kind + ": its reset does not end")

    # OSError: another chip. `who`: the register that says which one it is.
    def check(self, who, want):
        got = self.read(who)
        if got != want:
            raise OSError(
                "%s: the chip at address 0x%02x of %s is another one: it says 0x%02x, not 0x%02x"
                % (self.kind, self._address, self._where, got, want)
            )

    # The words for an OSError of the bus.
    def trouble(self, error):
        code = error.args[0] if error.args else 0
        if type(code) is not int:
            return error  # it says what it is
        if code == errno.ETIMEDOUT:
            what = "the bus is stuck: is a line held low, or without a pull-up"
        else:
            what = "no answer from address 0x%02x: is it wired, and is that its address" % (
                self._address
            )
        return OSError("%s: %s, %s? (error %d)" % (self.kind, self._where, what, code))


def _open(options):
    soft = options["i2c"] == _SOFT
    make = machine_part("SoftI2C" if soft else "I2C")
    pins = {}
    for name in ("scl", "sda"):
        if options[name] is not None:
            pins[name] = pin(options[name])
    if len(pins) == 1:
        raise ValueError("scl and sda: both or neither")
    if soft:
        if not pins:
            raise ValueError("i2c: -1, I2C in software, needs scl and sda")
        return make(freq=options["freq"], **pins)
    return make(options["i2c"], freq=options["freq"], **pins)
