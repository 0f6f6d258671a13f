"""Ed25519 signatures that hold and that must not, for whatever verifies them.

Those of RFC 8032, of Wycheproof, of the host's library, and forgeries made with a curve in plain
integers.
"""

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wasmote import paths

WYCHEPROOF = paths.THIRD_PARTY / "wycheproof/ed25519_test.json"
RFC_8032 = Path(__file__).parents[1] / "vectors/sign/rfc8032.json"

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
Point = tuple[int, int]
ZERO: Point = (0, 1)


@dataclass(frozen=True)
class Case:
    """`message`, `times` over, and whether the signature of it holds."""

    what: str
    key: bytes
    signature: bytes
    message: bytes
    holds: bool
    times: int = 1

    def as_json(self) -> dict[str, object]:
        """For a table of devdata/: bytes as hex digits."""
        fields = {"what": self.what, "times": self.times, "holds": self.holds}
        blobs = {"key": self.key, "signature": self.signature, "message": self.message}
        return {**fields, **{name: value.hex() for name, value in blobs.items()}}

    def as_bytes(self) -> bytes:
        """For the C tests: a flag, the message's length in two bytes, key, signature, message."""
        message = self.message * self.times
        head = bytes([self.holds]) + len(message).to_bytes(2, "little")
        return head + self.key + self.signature + message


# ---- The curve, affine


def add(a: Point, b: Point) -> Point:
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P
    return x, (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P


def times(scalar: int, point: Point) -> Point:
    total = ZERO
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def x_of(y: int) -> int | None:
    """The even x of a point, or None where there is none."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    for x in (pow(square, (P + 3) // 8, P), pow(square, (P + 3) // 8, P) * ROOT_OF_MINUS_1 % P):
        if x * x % P == square:
            return x if x % 2 == 0 else P - x
    return None


def _point(y: int) -> Point:
    x = x_of(y)
    assert x is not None
    return x, y


BASE = _point(4 * pow(5, -1, P) % P)


def small_points() -> list[Point]:
    """The eight whose order divides 8: L times points until one has order 8, and its multiples."""
    for y in range(2, 100):
        if x_of(y) is not None:
            found = times(L, _point(y))
            if times(4, found) != ZERO:
                return [times(i, found) for i in range(8)]
    raise AssertionError("no point of order 8")


def encodings(point: Point) -> list[bytes]:
    """All 32 bytes that decode to it where nobody minds how: y modulo P, and no sign of 0."""
    ys = [y for y in (point[1], point[1] + P) if y < 2**255]
    signs = (0, 1) if point[0] == 0 else (point[0] & 1,)
    return [(y | sign << 255).to_bytes(32, "little") for y in ys for sign in signs]


# ---- Cases


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def scalar(number: int) -> bytes:
    return number.to_bytes(32, "little")


def forged() -> list[Case]:
    """All of them solve [8][S]B = [8]R + [8][h]A; those that hold, the secret's owner made."""
    message, small = b"not signed", small_points()
    secret, nonce = 0x1234567 * L // 0x7654321, 0xABCDEF * L // 0xFEDCBA9
    key, r = times(secret, BASE), times(nonce, BASE)
    cases = []
    for i, point in enumerate(small):
        for j, bad in enumerate(encodings(point)):
            name = f"{i} of order 8, encoding {j}"
            cases.append(Case(f"key: {name}", bad, encode(r) + scalar(nonce), message, False))
            s = challenge(bad, encode(key), message) * secret % L
            cases.append(Case(f"R: {name}", encode(key), bad + scalar(s), message, False))
    for i, point in enumerate(small):
        mixed_key, mixed_r = encode(add(key, point)), encode(add(r, point))
        for name, a, b in (("key", mixed_key, encode(r)), ("R", encode(key), mixed_r)):
            s = (nonce + challenge(b, a, message) * secret) % L
            cases.append(Case(f"{name} and {i} of order 8", a, b + scalar(s), message, True))
    honest = cases[-16]
    assert honest.what == "key and 0 of order 8"
    s = int.from_bytes(honest.signature[32:], "little")
    for more in range(1, (2**256 - 1 - s) // L + 1):
        again = honest.signature[:32] + scalar(s + more * L)
        cases.append(Case(f"S + {more}L", honest.key, again, message, False))
    return cases


def by_host(seed: int = 8032) -> list[Case]:
    """Signed by the host's library: lengths about SHA-512's blocks, of which R and key take 64
    bytes, and a manifest's most; each with one that has another message."""
    draw, cases = random.Random(seed), []
    lengths = [*range(0, 3), *range(46, 50), *range(63, 66), *range(174, 177), 500, 1000]
    for length, repeated in [*((n, 1) for n in lengths), (256, 32)]:
        secret = Ed25519PrivateKey.from_private_bytes(draw.randbytes(32))
        message = draw.randbytes(length)
        signature = secret.sign(message * repeated)
        key = secret.public_key().public_bytes_raw()
        what = f"{length} bytes times {repeated}"
        cases.append(Case(what, key, signature, message, True, repeated))
        other = message[:-1] + bytes([message[-1] ^ 1]) if message else b"x"
        cases.append(Case(f"not {what}", key, signature, other, False, repeated))
    return cases


def rfc8032() -> list[Case]:
    """Those of section 7.1 but the longest."""
    rows = json.loads(RFC_8032.read_text())
    blobs = ("key", "signature", "message")
    return [Case(row["what"], *(bytes.fromhex(row[name]) for name in blobs), True) for row in rows]


def wycheproof() -> list[Case]:
    """All of Wycheproof's Ed25519 cases."""
    cases = []
    for group in json.loads(WYCHEPROOF.read_text())["testGroups"]:
        key = bytes.fromhex(group["publicKey"]["pk"])
        for test in group["tests"]:
            what = f"{test['tcId']}: {test['comment']}"
            signature, message = bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"])
            cases.append(Case(what, key, signature, message, test["result"] == "valid"))
    return cases
