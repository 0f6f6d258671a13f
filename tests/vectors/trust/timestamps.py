"""Cases of time stamps (SPEC.md 10.6)."""

from hashlib import sha256
from typing import Any

from parts import (
    FOR_KEYSETS,
    FOR_MANIFESTS,
    MOST,
    Row,
    Signature,
    file,
    flipped,
    keyset,
    sign,
    text,
)

FOR_STAMPS = b"wasmote timestamp 1\0"
ISSUED, EXPIRES = 1_800_000_000, 1_800_600_000
NOW = ISSUED + 1000
LIMIT = 2048


def stamp(**changes: Any) -> dict[str, Any]:
    value = {
        "format": 1,
        "issued": ISSUED,
        "expires": EXPIRES,
        "keyset": 1,
        "agents": {"digits": 7},
        **changes,
    }
    return {key: entry for key, entry in value.items() if entry is not None}


def by(document: bytes, *names: str) -> bytes:
    return file(*(sign(name, FOR_STAMPS, document) for name in names))


def stamp_rows() -> list[Row]:
    may = {"clock": {"timestamp": MOST}, "ann": {"digits": 10}, "star": {"*": MOST}}
    keys = keyset(publishers=may)
    rows: list[Row] = []

    def add(
        name: str,
        document: bytes,
        signature: bytes,
        code: str | None,
        state: str | None = None,
        **node: Any,
    ) -> None:
        known = node.pop("keys", keys)
        rows.append(
            {
                "name": name,
                "keyset": None if known is None else text(known).hex(),
                "stamp": document.hex(),
                "sig": signature.hex(),
                "taken": node.pop("taken", None),
                "code": code,
                "now": node.pop("now", NOW),
                "clock": node.pop("clock", True),
                "sequences": node.pop("sequences", {"digits": 7}),
                "state": state if code else state or "fresh",
            }
        )
        assert not node

    _states(add)
    _signers(add)
    _replayed(add)
    _malformed(add)
    return rows


def _states(add: Any) -> None:
    """Taken, and how the node stands beside it."""

    def taken(name: str, state: str, changes: dict[str, Any] | None = None, **node: Any) -> None:
        document = text(stamp(**(changes or {})))
        add(name, document, by(document, "clock"), None, state, **node)

    taken("good", "fresh")
    taken("its last second", "fresh", now=EXPIRES)
    taken("expired", "expired", now=EXPIRES + 1)
    taken("expired for years", "expired", now=MOST)
    taken("expired before it began", "expired", {"expires": ISSUED - 1}, now=ISSUED)
    taken("expired, and the node is behind", "expired", {"keyset": 9}, now=EXPIRES + 1)
    taken("expired by a clock that nobody set", "expired", now=EXPIRES + 1, clock=False)
    taken("nobody set the clock", "time-unknown", clock=False)
    taken("behind, and nobody set the clock", "behind", {"keyset": 2}, clock=False)
    taken("a newer key set elsewhere", "behind", {"keyset": 2})
    taken("a newer version elsewhere", "behind", {"agents": {"digits": 8}})
    taken("a version, and the node has none", "behind", sequences={"digits": None})
    taken("of other agents", "fresh", {"agents": {"motion-net": 9}})
    taken("of no agents", "fresh", {"agents": {}})
    taken("the node is ahead", "fresh", sequences={"digits": 8, "other": 1})
    taken("the least", "expired", {"issued": 1, "expires": 1})
    most = {"issued": MOST, "expires": MOST, "keyset": MOST, "agents": {"digits": MOST}}
    taken("the most", "behind", most)


def _signers(add: Any) -> None:
    good = text(stamp())
    other = text(stamp(issued=ISSUED + 1))
    add("no signature", good, b"", "signature-format")
    add("signature file cut", good, by(good, "clock")[:-1], "signature-format")
    add("trailing byte", good, by(good, "clock") + b"\0", "signature-format")
    add("no keys", good, by(good, "clock"), "no-keys", keys=None)
    add("no keys, no signature", good, b"", "signature-format", keys=None)
    add("stranger", good, by(good, "eve"), "unknown-key")
    add("root", good, by(good, "root-a"), "unknown-key")
    add("agents' publisher", good, by(good, "ann"), "not-allowed")
    add("publisher of all", good, by(good, "star"), None)
    add("agents' publisher and clock", good, by(good, "ann", "clock"), None)
    add("stranger and clock", good, by(good, "eve", "clock"), None)
    for name, prefix in (("manifest", FOR_MANIFESTS), ("key set", FOR_KEYSETS), ("no", b"")):
        signature: Signature = sign("clock", prefix, good)
        add(f"signed with {name} prefix", good, file(signature), "bad-signature")
    add("another's signature", good, by(other, "clock"), "bad-signature")
    flipped_one = file(flipped(sign("clock", FOR_STAMPS, good)))
    add("a bit flipped", good, flipped_one, "bad-signature")
    add("a space more", good + b" ", by(good, "clock"), "bad-signature")
    two = file(sign("clock", FOR_STAMPS, good), flipped(sign("ann", FOR_STAMPS, good)))
    add("good and bad", good, two, "bad-signature")
    for name, limit, code in (
        ("up to then", ISSUED, None),
        ("up to a second before", ISSUED - 1, "not-allowed"),
        ("none", 0, "not-allowed"),
    ):
        keys = keyset(publishers={"clock": {"timestamp": limit, "*": MOST}})
        add(f"the key may sign {name}", good, by(good, "clock"), code, keys=keys)
    keys = keyset(2, publishers={"clock-2": {"timestamp": MOST}})
    add("of the key before", good, by(good, "clock"), "unknown-key", keys=keys)


def _replayed(add: Any) -> None:
    good = text(stamp())
    signature = by(good, "clock")
    itself = sha256(good).hexdigest()
    add("again", good, signature, None, taken=[ISSUED, itself])
    add("newer", good, signature, None, taken=[ISSUED - 1, "ab" * 32])
    add("older", good, signature, "rollback", taken=[ISSUED + 1, "ab" * 32])
    add("older, of years ahead", good, signature, "rollback", taken=[MOST, "ab" * 32])
    add("another of that second", good, signature, "rollback", taken=[ISSUED, "ab" * 32])
    expired = text(stamp(issued=ISSUED - 9, expires=ISSUED - 8))
    add("older and expired", expired, by(expired, "clock"), "rollback", taken=[ISSUED, itself])


def _malformed(add: Any) -> None:
    good = text(stamp())
    full = good + b" " * (LIMIT - len(good))
    add("as long as may be", full, by(full, "clock"), None)
    add("too long", full + b" ", by(full + b" ", "clock"), "timestamp")
    add("too long, not signed", full + b" ", b"", "timestamp")
    add("too long, no keys", full + b" ", by(full + b" ", "clock"), "timestamp", keys=None)

    def wrong(name: str, document: bytes) -> None:
        add(name, document, by(document, "clock"), "timestamp")

    for name, document in (
        ("nothing", b""), ("an empty object", b"{}"), ("an array", b"[" + good + b"]"),
        ("null", b"null"), ("two", good + good), ("cut", good[:-1]), ("trailing", good + b"x"),
        ("no UTF-8", good.replace(b"digits", b"digit\xff")),
        ("twice issued", good[:-1] + b',"issued":1}'),
        ("twice an agent", good.replace(b'"digits":7', b'"digits":7,"digits":8')),
        ("NaN", good.replace(b'"keyset":1', b'"keyset":NaN')),
        ("issued 01", good.replace(b'"keyset":1', b'"keyset":01')),
    ):  # fmt: skip
        wrong(f"document: {name}", document)
    wrong("unknown key", text(stamp(url="x")))
    wrong("unknown key of one's own", text(stamp(**{"x-a": 1})))
    wrong("format 2", text(stamp(format=2)))
    for key in ("format", "issued", "expires", "keyset", "agents"):
        wrong(f"{key} missing", text(stamp(**{key: None})))
    for key in ("issued", "expires", "keyset"):
        for value in (0, -1, MOST + 1, 2**32 + 1, 1.0, "1", True, []):
            wrong(f"{key}: {value!r}", text(stamp(**{key: value})))
    for name, agents in (
        ("an array", ["digits"]), ("a string", "digits"), ("upper case", {"Digits": 1}),
        ("*", {"*": 1}), ("a path", {"../digits": 1}), ("no name", {"": 1}),
        ("a long name", {"d" * 33: 1}), ("sequence -1", {"digits": -1}),
        ("sequence 2^31", {"digits": MOST + 1}), ("sequence true", {"digits": True}),
        ("sequence 1.0", {"digits": 1.0}), ("sequence in quotes", {"digits": "1"}),
    ):  # fmt: skip
        wrong(f"agents: {name}", text(stamp(agents=agents)))
    # Signatures come before what they are of.
    add("malformed, by a stranger", b"{", by(b"{", "eve"), "unknown-key")
    add("malformed, signature of another", b"{", by(good, "clock"), "bad-signature")
