"""Signature files (10.1), and key sets as nodes are given them (10.2)."""

from typing import Any

from parts import (
    FOR_KEYSETS,
    FOR_MANIFESTS,
    MOST,
    ORDER_8,
    Row,
    file,
    flipped,
    forged,
    id_of,
    is_neutral,
    keyset,
    plus_l,
    public,
    rooted,
    sign,
    signed,
    text,
    with_key,
)


def signature_rows() -> list[Row]:
    one, two = (sign(name, FOR_MANIFESTS, b"x") for name in ("ann", "bob"))
    many = [(bytes([n] * 8), bytes([n] * 64)) for n in range(17)]
    good = file(one)
    rows = [
        ("one", good, True),
        ("two", file(one, two), True),
        ("sixteen", file(*many[:16]), True),
        ("empty", b"", False),
        ("header alone", good[:8], False),
        ("count 0", file(), False),
        ("seventeen", file(*many), False),
        ("magic", b"WMSH" + good[4:], False),
        ("version 0", good[:4] + b"\0\0" + good[6:], False),
        ("version 2", good[:4] + b"\2\0" + good[6:], False),
        ("count in the other byte order", good[:6] + b"\0\1" + good[8:], False),
        ("cut", good[:-1], False),
        ("trailing byte", good + b"\0", False),
        ("trailing signature", file(one, two, count=1), False),
        ("one too few", file(one, count=2), False),
        ("ids fall", file(*sorted([one, two], reverse=True), ordered=False), False),
        ("doubled", file(one, one), False),
        ("same id twice, another signature", file(one, flipped(one)), False),
        # As numbers in this file's byte order these would fall.
        ("ids rise as bytes", file((bytes(7) + b"\2", two[1]), (b"\1" * 8, one[1])), True),
    ]
    return [
        {
            "name": name,
            "sig": data.hex(),
            "ids": [data[at : at + 8].hex() for at in range(8, len(data), 72)] if taken else None,
        }
        for name, data, taken in rows
    ]


def document_rows() -> list[tuple[str, bytes, str | None]]:
    """First key sets, signed as they should be: only what is in them is right or wrong."""
    a, b, c = (public(name).hex() for name in ("root-a", "root-b", "ann"))
    publisher = {"name": "ann", "key": c, "agents": {"digits": 10}}
    roots8 = tuple(f"root-{n}" for n in range(8))

    def entry(**changes: Any) -> dict[str, Any]:
        merged = {**publisher, **changes}
        return {key: value for key, value in merged.items() if value is not None}

    def named(*names: str) -> list[dict[str, Any]]:
        return [entry(name=name, key=public(f"p{n}").hex()) for n, name in enumerate(names)]

    good = {
        "least": keyset(publishers={}),
        "greatest version": keyset(version=MOST),
        "eight roots": keyset(roots=roots8, threshold=8),
        "sixteen publishers": keyset()
        | {"publishers": [entry(name=f"p{n}", key=public(f"p{n}").hex()) for n in range(16)]},
        "floors": keyset(floors={"digits": 3, "motion-net": MOST, "a": 0}),
        "empty floors": keyset(floors={}),
        "any agent": keyset(publishers={"ann": {"*": MOST, "digits": 0}}),
        "no agent": keyset(publishers={"ann": {}}),
        "own key at the top": keyset(**{"x-note": {"any": [1, None]}}),
        "key of small order": with_key(keyset(), "ann", ORDER_8),
    }
    bad = {
        "format 2": keyset(format=2),
        "format true": keyset(format=True),
        "no format": keyset(format=None),
        "version 0": keyset(version=0),
        "version 2^31": keyset(version=2**31),
        "version as text": keyset(version="1"),
        "version 1.0": keyset(version=1.0),
        "threshold 0": keyset(threshold=0),
        "threshold over roots": keyset(threshold=2),
        "threshold missing": keyset(threshold=None),
        "no roots": keyset() | {"roots": []},
        "nine roots": keyset(roots=(*roots8, "root-8")),
        "roots null": keyset() | {"roots": None},
        "root in upper case": keyset() | {"roots": [a.upper()]},
        "root too short": keyset() | {"roots": [a[:-2]]},
        "root no hex": keyset() | {"roots": ["g" + a[1:]]},
        "root a number": keyset() | {"roots": [1]},
        "root twice": keyset(threshold=2) | {"roots": [a, a]},
        "root is a publisher": keyset() | {"roots": [a, c]},
        "publisher's key twice": keyset() | {"publishers": [publisher, entry(name="x")]},
        "publisher's name twice": keyset() | {"publishers": named("ann", "ann")},
        "publishers missing": {k: v for k, v in keyset().items() if k != "publishers"},
        "publishers an object": keyset() | {"publishers": {"ann": publisher}},
        "seventeen publishers": keyset() | {"publishers": named(*(f"p{n}" for n in range(17)))},
        "publisher's name": keyset() | {"publishers": [entry(name="Ann")]},
        "publisher's name missing": keyset() | {"publishers": [entry(name=None)]},
        "publisher's key missing": keyset() | {"publishers": [entry(key=None)]},
        "publisher's key too long": keyset() | {"publishers": [entry(key=c + "00")]},
        "publisher's agents missing": keyset() | {"publishers": [entry(agents=None)]},
        "publisher's agents an array": keyset() | {"publishers": [entry(agents=["digits"])]},
        "publisher has another key": keyset() | {"publishers": [entry(role="any")]},
        "publisher has an own key": keyset() | {"publishers": [entry(**{"x-role": "any"})]},
        "agent's name": keyset() | {"publishers": [entry(agents={"Digits": 1})]},
        "agent's name begins with a digit": keyset() | {"publishers": [entry(agents={"2d": 1})]},
        "agent's name empty": keyset() | {"publishers": [entry(agents={"": 1})]},
        "part of a name and a star": keyset() | {"publishers": [entry(agents={"dig*": 1})]},
        "sequence below 0": keyset() | {"publishers": [entry(agents={"digits": -1})]},
        "sequence 2^31": keyset() | {"publishers": [entry(agents={"digits": 2**31})]},
        "sequence true": keyset() | {"publishers": [entry(agents={"digits": True})]},
        "floor of any agent": keyset(floors={"*": 1}),
        "floor below 0": keyset(floors={"digits": -1}),
        "floors an array": keyset(floors=[]),
        "another key": keyset(colour="blue"),
        "an array": [keyset()],
    }
    documents: list[tuple[str, bytes, str | None]] = []
    documents += [(name, text(value), None) for name, value in good.items()]
    documents += [(name, text(value), "keyset") for name, value in bad.items()]
    plain = text(keyset())
    assert b not in plain.decode()
    raw = {
        "duplicate key": plain.replace(b'"version":1', b'"version":1,"version":1'),
        "duplicate key, escaped": plain.replace(b'"version":1', b'"version":1,"versio\\u006e":2'),
        "duplicate agent": plain.replace(b'"digits":10', b'"digits":10,"digits":20'),
        "trailing comma": plain[:-1] + b",}",
        "trailing bytes": plain + b"\0",
        "two objects": plain + plain,
        "byte order mark": b"\xef\xbb\xbf" + plain,
        "not UTF-8": plain[:-1] + b',"x-a":"\xff"}',
        "NaN": plain[:-1] + b',"x-a":NaN}',
        "cut": plain[:-1],
        "empty": b"",
    }
    documents += [(name, data, "keyset") for name, data in raw.items()]
    documents.append(("white space", plain.replace(b",", b" ,\r\n\t"), None))
    return documents


def first_rows() -> list[Row]:
    rows = []
    for name, document, code in document_rows():
        roots = [f"root-{n}" for n in range(8)] if name == "eight roots" else ["root-a"]
        rows.append(keyset_row(f"first: {name}", None, document, rooted(document, *roots), code))
    two = text(keyset(threshold=2, roots=("root-a", "root-b", "root-c")))
    one, five = text(keyset()), text(keyset(version=5))
    by_a = sign("root-a", FOR_KEYSETS, two)
    by_b = sign("root-b", FOR_KEYSETS, two)
    tries = (text(keyset(version=n) | {"roots": [ORDER_8.hex()]}) for n in range(1, 1000))
    small = next(d for d in tries if is_neutral(ORDER_8, FOR_KEYSETS + d))
    cases = [
        ("two of three", two, rooted(two, "root-a", "root-c"), None),
        ("three of three", two, rooted(two, "root-a", "root-b", "root-c"), None),
        ("two of three and a stranger", two, rooted(two, "root-a", "root-b", "eve"), None),
        ("one of three", two, rooted(two, "root-a"), "too-few"),
        ("one of three and a publisher", two, rooted(two, "root-a", "ann"), "too-few"),
        ("one of three, twice", two, file(by_a, by_a), "signature-format"),
        ("a stranger alone", one, rooted(one, "eve"), "too-few"),
        ("good one and bad one", two, file(by_a, flipped(by_b)), "bad-signature"),
        (
            "enough, and a bad one",
            two,
            file(by_a, by_b, flipped(sign("root-c", FOR_KEYSETS, two))),
            "bad-signature",
        ),
        ("a manifest's signature", one, signed(one, "root-a"), "bad-signature"),
        ("without a prefix", one, file(sign("root-a", b"", one)), "bad-signature"),
        ("of another key set", one, rooted(two, "root-a"), "bad-signature"),
        ("S + L", one, file(plus_l(sign("root-a", FOR_KEYSETS, one))), "bad-signature"),
        ("root of small order", small, file((id_of(ORDER_8), forged())), "bad-signature"),
        ("no signature file", one, b"", "signature-format"),
        ("any version", five, rooted(five, "root-a"), None),
    ]
    for name, document, signature, code in cases:
        rows.append(keyset_row(f"first: {name}", None, document, signature, code))
    return rows


def next_rows() -> list[Row]:
    ab = ("root-a", "root-b")
    present = keyset(3, 1)
    rows: list[Row] = []

    def add(
        name: str, document: bytes, signature: bytes, code: str | None, before: Any = present
    ) -> None:
        rows.append(keyset_row(f"next: {name}", text(before), document, signature, code))

    following = text(keyset(4, publishers={"bob": {"*": MOST}}))
    add("follows", following, rooted(following, "root-a"), None)
    same = text(present)
    add("the present one", same, rooted(same, "root-a"), None)
    add("the present one, signed by nobody", same, b"", None)
    for name, version in (("older", 2), ("same version, other bytes", 3), ("skips one", 5)):
        document = text(keyset(version, publishers={"bob": {"*": MOST}}))
        add(name, document, rooted(document, "root-a"), "keyset-version")
    spaced = same.replace(b",", b", ")
    add("same version, other spaces", spaced, rooted(spaced, "root-a"), "keyset-version")
    add("signed by a stranger", following, rooted(following, "eve"), "too-few")
    add("a present root's bad signature", following, rooted(same, "root-a"), "bad-signature")
    broken = following[:-1]
    add("not JSON", broken, rooted(broken, "root-a"), "keyset")
    add("not JSON, signed by a stranger", broken, rooted(broken, "eve"), "too-few")
    add("no signature file", following, b"", "signature-format")
    add("trailing byte", following, rooted(following, "root-a") + b"\0", "signature-format")

    # Roots change: the old and the new ones must have signed.
    moved = text(keyset(4, roots=("root-b",)))
    add("another root, both signed", moved, rooted(moved, *ab), None)
    add("another root, the new one signed", moved, rooted(moved, "root-b"), "too-few")
    add("another root, the old one signed", moved, rooted(moved, "root-a"), "too-few")
    new_bad = file(sign("root-a", FOR_KEYSETS, moved), flipped(sign("root-b", FOR_KEYSETS, moved)))
    add("another root, the new one's is bad", moved, new_bad, "bad-signature")
    more = text(keyset(4, 2, ("root-a", "root-b", "root-c")))
    add("threshold 1 to 2 of 3", more, rooted(more, *ab), None)
    add("threshold 1 to 2 of 3, one signed", more, rooted(more, "root-a"), "too-few")
    many = keyset(3, 2, ("root-a", "root-b", "root-c"))
    fewer = text(keyset(4, 1, ("root-a",)))
    add("threshold 2 to 1", fewer, rooted(fewer, *ab), None, many)
    add("threshold 2 to 1, one signed", fewer, rooted(fewer, "root-a"), "too-few", many)
    lost = text(keyset(4, 2, ("root-a", "root-b", "root-d")))
    add("a lost root is replaced", lost, rooted(lost, *ab), None, many)
    gone = rooted(lost, "root-a", "root-d")
    add("a lost root is replaced, one old one signed", lost, gone, "too-few", many)
    return rows


def keyset_row(
    name: str, present: bytes | None, document: bytes, signature: bytes, code: str | None
) -> Row:
    return {
        "name": name,
        "present": present and present.hex(),
        "keyset": document.hex(),
        "sig": signature.hex(),
        "code": code,
    }


def chain_rows() -> list[Row]:
    """Key sets that one node is given one after the other."""

    def step(value: dict[str, Any], names: str, code: str | None = None) -> list[Any]:
        document = text(value)
        return [document.hex(), rooted(document, *names.split()).hex(), code]

    one = keyset(1)
    two = keyset(2, publishers={"ann": {"digits": 7}, "bob": {"digits": MOST}})
    three = keyset(3, roots=("root-b",), publishers={"bob": {"digits": MOST}})
    four = keyset(4, 2, ("root-b", "root-c"), {"bob": {"digits": MOST}}, floors={"digits": 8})
    by_old_root = keyset(4, publishers={"eve": {"*": MOST}})
    return [
        {
            "name": "roots change one by one",
            "steps": [
                step(one, "root-a"),
                step(two, "root-a"),
                step(three, "root-a root-b"),
                step(four, "root-b root-c"),
            ],
        },
        {
            "name": "an old root has no say any more",
            "steps": [
                step(one, "root-a"),
                step(two, "root-a"),
                step(three, "root-a root-b"),
                step(by_old_root, "root-a", "too-few"),
                step(four, "root-b root-c"),
            ],
        },
        {
            "name": "an old set again, one left out, and on",
            "steps": [
                step(one, "root-a"),
                step(one, "root-a"),
                step(three, "root-a root-b", "keyset-version"),
                step(two, "root-a"),
                step(one, "root-a", "keyset-version"),
                step(three, "root-a root-b"),
            ],
        },
    ]
