"""Writes records.json: index records put together byte by byte, as SPEC.md 6.2 has them."""

import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

Extent = tuple[int, int, bytes]
ERASE, SIZE = 4096, 1 << 20
FIRST = 2 * 4096
A, B, C = (hashlib.sha256(word).digest() for word in (b"a", b"b", b"c"))
EXTENTS = [(FIRST, 4097, A), (FIRST + 2 * ERASE, 16, B)]
HOLDINGS = [(1, "kws", "agent.wasm"), (0, "kws", "model.bin"), (0, "kws.prev", "model.bin")]
OWNERS = {"kws": {"agent.wasm": B, "model.bin": A}, "kws.prev": {"model.bin": A}}
# The first extent is three blocks long, comes from one block above, and has moved two.
MOVING = [(FIRST, 3 * ERASE, C), (FIRST + 4 * ERASE, 1, B)]
MOVE = (0, FIRST + ERASE, 2 * ERASE)


def number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "little")


def record(
    extents: list[Extent],
    holdings: list[tuple[int, str, str]],
    sequence: int = 1,
    move: tuple[int, int, int] = (0xFFFF, 0, 0),
    version: int = 1,
) -> bytes:
    """A record; nothing in it is checked."""
    body = b"".join(number(at, 4) + number(size, 4) + digest for at, size, digest in extents)
    for extent, owner, name in holdings:
        body += number(extent, 2) + number(len(owner), 1) + number(len(name), 1)
        body += owner.encode() + name.encode()
    rest = number(version, 2) + number(len(extents), 2) + number(len(holdings), 2)
    rest += number(move[0], 2) + number(sequence, 4) + number(32 + len(body), 4)
    rest += number(move[1], 4) + number(move[2], 4) + body
    return b"WMAS" + number(zlib.crc32(rest), 4) + rest


def good(
    name: str,
    data: bytes,
    sequence: int,
    extents: list[Extent],
    owners: dict[str, dict[str, bytes]],
    move: tuple[int, int, int] | None = None,
) -> dict[str, Any]:
    return {
        "name": name,
        "size": SIZE,
        "erase_size": ERASE,
        "record": data.hex(),
        "valid": True,
        "sequence": sequence,
        "extents": [[at, size, digest.hex()] for at, size, digest in extents],
        "owners": {o: {n: d.hex() for n, d in files.items()} for o, files in owners.items()},
        "move": move,
    }


def bad(name: str, data: bytes) -> dict[str, Any]:
    common = {"name": name, "size": SIZE, "erase_size": ERASE}
    return {**common, "record": data.hex(), "valid": False}


def with_crc(data: bytes) -> bytes:
    return data[:4] + number(zlib.crc32(data[8:]), 4) + data[8:]


def cases() -> list[dict[str, Any]]:
    whole = record(EXTENTS, HOLDINGS)
    end = SIZE - 3 * ERASE
    return [
        good("empty", record([], []), 1, [], {}),
        good("two-extents", whole, 1, EXTENTS, OWNERS),
        good("nobody-holds", record(EXTENTS, [], 0xFFFFFFFF), 0xFFFFFFFF, EXTENTS, {}),
        good("last-block", record([(end, ERASE, A)], []), 1, [(end, ERASE, A)], {}),
        good("no-bytes", record([(FIRST, 0, A)], []), 1, [(FIRST, 0, A)], {}),
        good("moving", record(MOVING, [], 7, MOVE), 7, MOVING, {}, MOVE),
        bad("magic", b"WMAX" + whole[4:]),
        bad("crc", whole[:4] + bytes([whole[4] ^ 1]) + whole[5:]),
        bad("bit", whole[:50] + bytes([whole[50] ^ 1]) + whole[51:]),
        bad("version-2", record(EXTENTS, HOLDINGS, version=2)),
        bad("short", with_crc(whole[:20] + number(31, 4) + whole[24:])),
        bad("long", with_crc(whole[:20] + number(4097, 4) + whole[24:])),
        bad("extents-cut", with_crc(whole[:10] + number(9, 2) + whole[12:])),
        bad("holdings-cut", with_crc(whole[:12] + number(4, 2) + whole[14:])),
        bad("holdings-left", with_crc(whole[:12] + number(2, 2) + whole[14:])),
        bad("overlap", record([(FIRST, 4097, A), (FIRST + ERASE, 16, B)], [])),
        bad("order", record(EXTENTS[::-1], [])),
        bad("within-index", record([(ERASE, 16, A)], [])),
        bad("unaligned", record([(FIRST + 16, 16, A)], [])),
        bad("over-the-end", record([(end, 4097, A)], [])),
        bad("size-wraps", record([(FIRST, 0xFFFFFFFF, A)], [])),
        bad("holding-of-nothing", record(EXTENTS, [(2, "kws", "model.bin")])),
        bad("holdings-order", record(EXTENTS, HOLDINGS[::-1])),
        bad("holding-twice", record(EXTENTS, [HOLDINGS[0], HOLDINGS[0]])),
        bad("owner-empty", record(EXTENTS, [(0, "", "model.bin")])),
        bad("owner-dot", record(EXTENTS, [(0, ".kws", "model.bin")])),
        bad("owner-upper", record(EXTENTS, [(0, "Kws", "model.bin")])),
        bad("name-slash", record(EXTENTS, [(0, "kws", "a/b")])),
        bad("name-49", record(EXTENTS, [(0, "kws", "x" * 49)])),
        bad("moves-nothing", record(MOVING, [], move=(2, FIRST + ERASE, ERASE))),
        bad("moves-up", record(MOVING, [], move=(1, FIRST, ERASE))),
        bad("moves-not", record(MOVING, [], move=(0, FIRST, ERASE))),
        bad("moved-nothing", record(MOVING, [], move=(0, FIRST + ERASE, 0))),
        bad("moved-all", record(MOVING, [], move=(0, FIRST + ERASE, 3 * ERASE))),
        bad("moved-odd", record(MOVING, [], move=(0, FIRST + 2 * ERASE, ERASE))),
        bad("moves-over-next", record(MOVING, [], move=(0, FIRST + 2 * ERASE, 2 * ERASE))),
    ]


def text() -> str:
    """What records.json holds: a case a line."""
    return "[\n" + ",\n".join(json.dumps(case) for case in cases()) + "\n]\n"


if __name__ == "__main__":
    (Path(__file__).parent / "records.json").write_text(text())
