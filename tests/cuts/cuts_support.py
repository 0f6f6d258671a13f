"""Bundles and key sets that are the same each time, and where the scripts of device/ run."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from update_support import Signer, after, golden, wat

from wasmote import paths
from wasmote.links.process import environment, program
from wasmote.sign.keyset import KeySet, Publisher

DEVICE = Path(__file__).parent / "device"
SIMULATED = paths.TOP / "tests/hil/device/flashsim.py"
MODEL = '(func (export "model") (param i32) (result i32) i32.const 64)'
TRAP = "unreachable"
LATER = f"(if (i32.gt_u (i32.load8_u (i32.const 16)) (i32.const 60)) (then {TRAP}))"
ADDS = {
    "zero": 9,
    "one": 1,
    "two": 2,
    "second": 5,
    "strange": 6,
    "trap": 3,
    "later": 3,
    "golden": 4,
}


def key(name: str) -> Ed25519PrivateKey:
    """The same each time."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def signer(name: str) -> Signer:
    made = Signer()
    made.root, made.publisher = key("root"), key(name)
    return made


def public(name: str) -> bytes:
    return key(name).public_key().public_bytes_raw()


def key_set(version: int, *names: str) -> KeySet:
    publishers = tuple(Publisher(name, public(name), {"*": 1000}) for name in names)
    return KeySet(version, 1, (public("root"),), publishers)


def bundles() -> dict[str, dict[str, bytes]]:
    us, second, strange = signer("us"), signer("second"), signer("strange")

    def code(name: str, first: str = "") -> str:
        return wat(ADDS[name], first, MODEL)

    def more(name: str, blocks: int = 3) -> dict[str, object]:
        model = hashlib.shake_256(name.encode()).digest(blocks * 512 - 100)
        return {"more": {"model.bin": model}, "memory_bytes": 4096, "licence": "MIT"}

    return {
        "zero": us.bundle(1, code("zero"), golden(9), **more("zero")),
        "one": us.bundle(1, code("one"), golden(1), **more("one")),
        "two": us.bundle(2, code("two"), golden(2), **more("two", 4)),
        "second": second.bundle(1, code("second"), golden(5), **more("second")),
        "strange": strange.bundle(2, code("strange"), golden(6), **more("strange")),
        "trap": us.bundle(2, code("trap", after(2, TRAP)), **more("trap")),
        "later": us.bundle(2, code("later", LATER), **more("later")),
        "golden": us.bundle(2, code("golden"), golden(1), **more("golden")),
        # The pool has room for one of these.
        "large-one": us.bundle(1, code("one"), golden(1), **more("one") | {"memory_bytes": 40_000}),
        "large-two": us.bundle(2, code("two"), golden(2), **more("two") | {"memory_bytes": 40_000}),
    }


def prepare(made: Path) -> None:
    """Puts there what the scripts need."""
    for path in [*DEVICE.glob("*.py"), SIMULATED]:
        shutil.copy(path, made)
    sets = [key_set(1, "us", "second"), key_set(2, "us", "second"), key_set(3, "us")]
    given = {
        "bundles": {
            name: {file: data.hex() for file, data in files.items()}
            for name, files in bundles().items()
        },
        "keysets": [[part.hex() for part in signer("us").signed_key_set(keys)] for keys in sets],
        "adds": ADDS,
    }
    (made / "cuts.json").write_text(json.dumps(given))


def run(folder: Path, *words: str, timeout_s: float) -> dict[str, Any]:
    """What a script says at its end."""
    got = subprocess.run(
        [program()[0], "-X", "heapsize=8m", *words],
        cwd=folder,
        env=environment() | {"WASMOTE_ROOT": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout_s,
        check=False,
        text=True,
    )
    assert got.returncode == 0, got.stdout[-4000:]
    said: dict[str, Any] = json.loads(got.stdout.splitlines()[-1])
    return said
