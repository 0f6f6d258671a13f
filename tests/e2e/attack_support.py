"""What an attacker sends: manifests, signatures, key sets, answers of a web server."""

import contextlib
import dataclasses
import hashlib
import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from update_support import NAME, Signer, signature

from wasmote.sign import sigfile
from wasmote.sign.ed25519 import KEYSET, MANIFEST, key_id
from wasmote.sign.keyset import KeySet, Publisher

ORDER = 2**252 + 27742317777372353535851937790883648493  # L of Ed25519
FLOOR = 3
LIMIT = 100  # the highest sequence that the publisher may sign
RETIRED = 6  # that of a key that is not used any more

Files = dict[str, Any]
Answer = Callable[[BaseHTTPRequestHandler], None]


def key(name: str) -> Ed25519PrivateKey:
    """The same each time."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def public(name: str) -> bytes:
    return key(name).public_key().public_bytes_raw()


def signed(prefix: bytes, data: bytes, *names: str) -> bytes:
    """A signature file of those keys."""
    return sigfile.pack({key_id(public(n)): key(n).sign(prefix + data) for n in names})


def packed(*pairs: tuple[bytes, bytes], version: int = 1) -> bytes:
    """A signature file that need not be one."""
    head = b"WMSG" + version.to_bytes(2, "little") + len(pairs).to_bytes(2, "little")
    return head + b"".join(identity + sig for identity, sig in pairs)


class Keys(Signer):
    """Three roots of whom two must sign, and publishers who may sign this and that."""

    def __init__(self) -> None:
        self.root, self.publisher = key("root-a"), key("us")

    def key_set(self, version: int = 1, publisher: Ed25519PrivateKey | None = None) -> KeySet:
        publishers = [
            Publisher("us", public("us"), {NAME: LIMIT}),
            Publisher("retired", public("retired"), {NAME: RETIRED}),
            Publisher("others", public("others"), {"another": LIMIT}),
        ]
        if version == 1:
            publishers.append(Publisher("lost", public("lost"), {"*": LIMIT}))
        roots = tuple(public(f"root-{c}") for c in "abc")
        return KeySet(version, 2, roots, tuple(publishers), {NAME: FLOOR})

    def signed_key_set(self, keys: KeySet) -> tuple[bytes, bytes]:
        data = keys.to_json()
        return data, signed(KEYSET, data, "root-a", "root-b")


def key_set_files(data: bytes, signatures: bytes, version: int) -> Files:
    return {f"keyset.{version}.json": data, f"keyset.{version}.sig": signatures}


def next_set(**changes: Any) -> KeySet:
    """The one that would follow."""
    return dataclasses.replace(Keys().key_set(3), **changes)


def rewritten(bundle: Files, change: Callable[[dict[str, Any]], Any]) -> Files:
    """With another manifest, which our publisher has signed."""
    says = json.loads(bundle["manifest.json"])
    text = change(says)
    data = text if isinstance(text, bytes) else json.dumps(says).encode()
    return bundle | {"manifest.json": data, "manifest.sig": signature(key("us"), MANIFEST, data)}


def flipped(data: bytes, at: int, bit: int = 1) -> bytes:
    other = bytearray(data)
    other[at] ^= bit
    return bytes(other)


def with_signature(bundle: Files, change: Callable[[bytes], bytes]) -> Files:
    """With `change` of its 64 bytes of signature, under the same key."""
    data = bundle["manifest.sig"]
    return bundle | {"manifest.sig": data[:16] + change(data[16:])}


def plus_order(sig: bytes) -> bytes:
    """The other S that the equation takes as well."""
    return sig[:32] + (int.from_bytes(sig[32:], "little") + ORDER).to_bytes(32, "little")


# ---- Answers of a web server ----


def raw(head: str, body: bytes = b"", again: float = 0) -> Answer:
    """These bytes; with `again`, the body for so many seconds over and over."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True
        end = time.monotonic() + again
        with contextlib.suppress(OSError):
            request.wfile.write(head.replace("\n", "\r\n").encode() + body)
            while time.monotonic() < end:
                request.wfile.write(body)

    return answer


def silent(seconds: float) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True
        time.sleep(seconds)

    return answer


def one_after_the_other(*answers: Answer | bytes) -> Answer:
    """Another answer each time; the last one from then on."""
    left = list(answers)

    def answer(request: BaseHTTPRequestHandler) -> None:
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, bytes):
            now = raw(f"HTTP/1.1 200 OK\nContent-Length: {len(now)}\n\n", now)
        now(request)

    return answer


def half_of(good: bytes, then: bytes) -> Answer:
    """Breaks off in the middle of `good`, and goes on with the rest of `then`."""
    half, size = len(good) // 2, len(good)
    head = f"HTTP/1.1 200 OK\nContent-Length: {size}\n\n"
    rest = f"HTTP/1.1 206 Part\nContent-Range: bytes {half}-{size - 1}/{size}\n"
    rest += f"Content-Length: {size - half}\n\n"
    return one_after_the_other(raw(head, good[:half]), raw(rest, then[half:]))
