"""Manifests as they come to nodes (10.4)."""

import json
from hashlib import sha256
from typing import Any

from parts import (
    FOR_MANIFESTS,
    MOST,
    ORDER_8,
    P,
    Row,
    file,
    flipped,
    forged,
    id_of,
    is_neutral,
    keyset,
    manifest,
    plus_l,
    public,
    rooted,
    sign,
    signed,
    text,
    with_key,
)


def manifest_rows() -> list[Row]:
    keys = keyset(publishers={"ann": {"digits": 10}, "bob": {"*": 100, "digits": 0}})
    good = manifest()
    by_ann = sign("ann", FOR_MANIFESTS, good)
    other = manifest(version="1.0.1")
    rows: list[Row] = []
    anyone = keyset(publishers={"bob": {"*": 100}})

    def add(
        name: str,
        document: bytes,
        signature: bytes,
        code: str | None,
        keys: dict[str, Any] | None = keys,
        **node: Any,
    ) -> None:
        rows.append(
            {
                "name": name,
                "keyset": None if keys is None else text(keys).hex(),
                "manifest": document.hex(),
                "sig": signature.hex(),
                "agent": node.pop("agent", json_name(document)),
                "boards": node.pop("boards", ["BOARD", "class"]),
                "taken": node.pop("taken", None),
                "previous": node.pop("previous", None),
                "bad": node.pop("bad", []),
                "code": code,
            }
        )
        assert not node

    def allowed(name: str, who: str, agent: str, sequence: int, code: str | None, **n: Any) -> None:
        document = manifest(agent, sequence)
        add(name, document, signed(document, *who.split()), code, **n)

    # Signature files
    add("good", good, signed(good, "ann"), None)
    add("no signature", good, b"", "signature-format")
    add("signature file cut", good, signed(good, "ann")[:-1], "signature-format")
    add("trailing byte", good, signed(good, "ann") + b"\0", "signature-format")
    add("doubled", good, file(by_ann, by_ann), "signature-format")
    unsorted = sorted([by_ann, sign("eve", FOR_MANIFESTS, good)], reverse=True)
    add("ids fall", good, file(*unsorted, ordered=False), "signature-format")
    add("no keys", good, signed(good, "ann"), "no-keys", keys=None)
    add("no keys, no signature", good, b"", "signature-format", keys=None)

    # Whose signature it is, and of what
    add("a stranger alone", good, signed(good, "eve"), "unknown-key")
    add("a root alone", good, signed(good, "root-a"), "unknown-key")
    add("a stranger beside", good, signed(good, "ann", "eve"), None)
    strange = file(by_ann, flipped(sign("eve", FOR_MANIFESTS, good)))
    add("a stranger's bad one beside", good, strange, None)
    add("bit flipped", good, file(flipped(by_ann)), "bad-signature")
    bad_beside = file(by_ann, flipped(sign("bob", FOR_MANIFESTS, good)))
    add("known key's bad one beside a good one", good, bad_beside, "bad-signature")
    add("of another manifest", good, signed(other, "ann"), "bad-signature")
    add("manifest changed", good + b"\n", signed(good, "ann"), "bad-signature")
    add("a key set's signature", good, rooted(good, "ann"), "bad-signature")
    add("without a prefix", good, file(sign("ann", b"", good)), "bad-signature")
    by_eve = (id_of(public("ann")), sign("eve", FOR_MANIFESTS, good)[1])
    add("a stranger's under another's id", good, file(by_eve), "bad-signature")
    add("S + L", good, file(plus_l(by_ann)), "bad-signature")
    add("S of nothing but ones", good, file((by_ann[0], b"\xff" * 64)), "bad-signature")
    add("signature of zeros", good, file((by_ann[0], bytes(64))), "bad-signature")
    for name, key in small_keys():
        weak = with_key(keyset(), "ann", key)
        tries = (manifest(source=f"made up, {n}") for n in range(1000))
        document = next(d for d in tries if is_neutral(key, FOR_MANIFESTS + d))
        add(f"key {name}", document, file((id_of(key), forged())), "bad-signature", keys=weak)

    # What is signed
    for name, document in (
        ("not JSON", good[:-1]),
        ("duplicate key", good.replace(b'"sequence":7', b'"sequence":7,"sequence":8')),
        ("duplicate name", good.replace(b'"name":"digits"', b'"name":"x","name":"digits"', 1)),
        ("trailing bytes", good + b"{}"),
        ("unknown key", manifest(colour="blue")),
        ("sequence 0", manifest(sequence=0)),
        ("empty", b""),
    ):
        add(f"manifest: {name}", document, signed(document, "ann"), "manifest", agent="digits")
        add(f"{name}, changed", document + b" ", signed(document, "ann"), "bad-signature")
    add("another agent's", good, signed(good, "ann"), "wrong-agent", agent="motion-net")

    # Who may sign what
    allowed("highest sequence of the key", "ann", "digits", 10, None)
    allowed("above the key's sequence", "ann", "digits", 11, "not-allowed")
    allowed("far above it", "ann", "digits", MOST, "not-allowed")
    allowed("not the key's agent", "ann", "motion-net", 1, "not-allowed")
    allowed("any agent", "bob", "motion-net", 100, None)
    allowed("any agent, above its sequence", "bob", "motion-net", 101, "not-allowed")
    allowed("any agent but this", "bob", "digits", 1, "not-allowed")
    allowed("two keys, one may", "ann bob", "digits", 7, None)
    allowed("two keys, none may", "ann bob", "digits", 50, "not-allowed")
    allowed("two keys, the other's agent", "ann bob", "motion-net", 7, None)
    none = keyset(publishers={"ann": {}})
    allowed("key that may sign nothing", "ann", "digits", 7, "not-allowed", keys=none)
    rotated = keyset(2, publishers={"ann": {"digits": 7}, "ann-2": {"digits": MOST}})
    allowed("retired, what it had signed", "ann", "digits", 7, None, keys=rotated)
    allowed("retired, more", "ann", "digits", 8, "not-allowed", keys=rotated)
    allowed("its successor", "ann-2", "digits", 8, None, keys=rotated)
    revoked = keyset(2, publishers={"bob": {"*": 100, "digits": 0}})
    allowed("revoked", "ann", "digits", 7, "unknown-key", keys=revoked)
    lowered = keyset(2, publishers={"ann": {"digits": 6}})
    allowed("revoked by lowering", "ann", "digits", 7, "not-allowed", keys=lowered)

    # Names under which nodes have something else
    for name in ("keyset", "timestamp"):
        document = manifest(name=name)
        add(f"an agent called {name}", document, signed(document, "bob"), "manifest", agent=name)
        add(f"digits as {name}", good, signed(good, "bob"), "wrong-agent", agent=name, keys=anyone)

    # What the manifest and the key set say of the node
    for name, boards, code in (
        ("board", ["X", "BOARD"], None),
        ("class", ["class"], None),
        ("other board", ["X"], "wrong-board"),
        ("board in another case", ["board"], "wrong-board"),
    ):
        document = manifest(boards=boards)
        add(f"boards: {name}", document, signed(document, "ann"), code)
    for sequence, code in ((6, "floor"), (7, None), (8, None)):
        floored = keyset(floors={"digits": 7, "motion-net": 100})
        allowed(f"floor 7, sequence {sequence}", "ann", "digits", sequence, code, keys=floored)

    # What the node has taken
    digest = sha256(good).hexdigest()
    old, new = manifest(sequence=6), manifest(sequence=9)
    old_digest, new_digest = sha256(old).hexdigest(), sha256(new).hexdigest()
    taken = {"taken": [7, digest]}
    add("newer than taken", new, signed(new, "ann"), None, **taken)
    add("the taken one again", good, signed(good, "ann"), None, **taken)
    add("rollback", old, signed(old, "ann"), "rollback", **taken)
    add("same sequence, another manifest", other, signed(other, "ann"), "rollback", **taken)
    kept = {"taken": [9, new_digest], "previous": digest}
    add("back to the kept one", good, signed(good, "ann"), None, **kept)
    add("behind the kept one", old, signed(old, "ann"), "rollback", **kept)
    kept_bad = {**kept, "bad": [digest]}
    add("the kept one has failed", good, signed(good, "ann"), "known-bad", **kept_bad)
    bad = [old_digest, new_digest]
    add("has failed here", new, signed(new, "ann"), "known-bad", **taken, bad=bad)
    add("others have failed here", new, signed(new, "ann"), None, **taken, bad=bad[:1])

    # The order of the reasons
    both = manifest("motion-net", 1, boards=["X"])
    by_both = signed(both, "ann")
    add("another agent's before not allowed", both, by_both, "wrong-agent", agent="digits")
    add("not allowed before the board", both, by_both, "not-allowed")
    low = manifest(sequence=1, boards=["X"])
    floored = keyset(floors={"digits": 2})
    add("board before floor", low, signed(low, "ann"), "wrong-board", keys=floored, **taken)
    low = manifest(sequence=1)
    add("floor before rollback", low, signed(low, "ann"), "floor", keys=floored, **taken)
    bad_low = {**taken, "bad": [sha256(low).hexdigest()]}
    add("rollback before known bad", low, signed(low, "ann"), "rollback", **bad_low)
    return rows


def small_keys() -> list[tuple[str, bytes]]:
    """Keys with which anybody can sign, each way to write them."""
    y = int.from_bytes(ORDER_8, "little")
    numbers = {"0": 0, "1": 1, "-1": P - 1, "of order 8": y, "of order 8, negated": P - y}
    keys = [(f"with y {name}", y.to_bytes(32, "little")) for name, y in numbers.items()]
    keys += [
        (f"{name}, other sign", key[:-1] + bytes([key[-1] | 0x80])) for name, key in keys[:]
    ]
    keys += [(f"with y p + {n}", (P + n).to_bytes(32, "little")) for n in (0, 1)]
    return keys


def json_name(document: bytes) -> str:
    """The agent that a node asks for: the manifest's, where it has one."""
    try:
        found: str = json.loads(document)["name"]
    except ValueError:
        return "digits"
    return found
