# On a node: gives the parsers the inputs of a file and prints what became of each, a line each:
# the parser, the input's number, and "taken", "refused", or the exception that nobody announced.
# The file: for each input the parser's name, a space, and the input in hex digits.
import sys
from binascii import unhexlify

import parsers


def load(name):
    return __import__("wasmote." + name, None, None, ("x",))


def verdict(parse, allowed, data):
    try:
        parse(data)
    except allowed:
        return "refused"
    except Exception as e:
        return "%s %s" % (type(e).__name__, e)
    return "taken"


def run(path):
    found = parsers.targets(load)
    with open(path) as file:
        for number, line in enumerate(file):
            name, _, text = line.rstrip("\n").partition(" ")
            parse, allowed = found[name]
            print(name, number, verdict(parse, allowed, unhexlify(text)))
    print("end")
    sys.stdout.flush()
