"""The node's parsers under atheris, a libFuzzer for Python: fuzz_parsers.py PARSER [-OPTIONS]"""

import binascii
import contextlib
import importlib
import socket
import struct
import sys
import time
import types
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TOP = Path(__file__).resolve().parents[2]
DEVICE = Path(__file__).parent / "device"
PACKAGE = "node_wasmote"


def verify(key: bytes, signature: bytes, *parts: bytes) -> bool:
    """The node's module `sign`, near enough."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, b"".join(parts))
    except InvalidSignature:
        return False
    return True


def stand_in(name: str, **members: Any) -> None:
    module: Any = types.ModuleType(name)
    for key, value in members.items():
        setattr(module, key, value)
    sys.modules[name] = module


def prepare() -> None:
    """What these modules import on a node."""
    stand_in("micropython", const=lambda value: value)
    stand_in("sign", verify=verify)
    stand_in(PACKAGE, __path__=[str(TOP / "firmware/lib/wasmote")], __version__="0")
    sys.modules |= {"usocket": socket, "ustruct": struct, "ubinascii": binascii}
    # No clock: nothing here waits.
    clock: Any = time
    clock.ticks_ms = clock.ticks_us = lambda: 0
    sys.path.append(str(TOP / "third_party/umqtt.simple"))


def load(name: str) -> types.ModuleType:
    return importlib.import_module(f"{PACKAGE}.{name}")


def main() -> None:
    import atheris

    sys.path.insert(0, str(DEVICE))
    import parsers

    prepare()
    with atheris.instrument_imports(include=[PACKAGE]):
        found = parsers.targets(load)
    parse, allowed = found[sys.argv[1]]

    def one(data: bytes) -> None:
        with contextlib.suppress(*allowed):
            parse(data)

    atheris.Setup([sys.argv[0], *sys.argv[2:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
