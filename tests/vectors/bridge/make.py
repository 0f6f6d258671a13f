"""Writes frames.json and streams.json out of SPEC.md 9.1, without the code that they test."""

import json
from binascii import crc32
from pathlib import Path

HERE = Path(__file__).parent


def frame(kind: str, connection: int, number: int, payload: bytes) -> bytes:
    body = kind.encode() + connection.to_bytes(2, "little") + bytes([number]) + payload
    body += crc32(body).to_bytes(4, "little")
    line = "".join(f"1e{byte + 0x40:02x}" if byte < 0x20 else f"{byte:02x}" for byte in body)
    return bytes.fromhex("1c" + line + "1d")


FRAMES = [
    ("open", "O", 1, 0, b"\x01\x80\x00"),
    ("data", "D", 0x1234, 7, b"hello"),
    ("every byte", "D", 0xFFFF, 255, bytes(range(128))),
    ("every other byte", "d", 0xFFFF, 255, bytes(range(128, 256))),
    ("controls", "D", 0, 0, bytes([3, 0x1C, 0x1D, 0x1E, 13, 10, 4, 0x11, 0x13])),
    ("acknowledgement", "A", 0x1C1D, 0x1E, b""),
    ("reason", "c", 40000, 0, b"closed by the broker"),
]
A = frame("d", 5, 1, b"one")
B = frame("d", 5, 1, b"two")
FLIPPED = bytes([*A[:6], A[6] ^ 0x20, *A[7:]])
STREAMS = [
    ("text around", b"hi\r\n" + A + b">>> " + B + b"\r\n", [b"one", b"two"]),
    ("back to back", A + B, [b"one", b"two"]),
    ("begun and left", A[:7] + B, [b"two"]),
    ("begun, then text", A[:7] + b"\r\nMPY: soft reboot\r\n" + B, [b"two"]),
    ("end lost", A[:-1] + B, [b"two"]),
    ("start lost", A[1:] + B, [b"two"]),
    ("bit flipped", FLIPPED + B, [b"two"]),
    ("byte lost", A[:5] + A[6:] + B, [b"two"]),
    ("byte inserted", A[:5] + b"x" + A[5:] + B, [b"two"]),
    ("escape of what needs none", A[:2] + b"\x1ez" + A[2:] + B, [b"two"]),
    ("escape before the end", A[:-1] + b"\x1e\x1d" + B, [b"two"]),
    ("two escapes", A[:2] + b"\x1e\x1e" + A[2:] + B, [b"two"]),
    ("empty", b"\x1c\x1d" + B, [b"two"]),
    ("shorter than a header", b"\x1cabc\x1d" + B, [b"two"]),
    ("too long", b"\x1c" + b"a" * 700 + b"\x1d" + B, [b"two"]),
    ("start again and again", b"\x1c" * 5 + A[1:], [b"one"]),
    ("ends without a start", b"\x1d" * 3 + A, [b"one"]),
]


def write(name: str, rows: list[dict[str, object]]) -> None:
    text = "[\n" + ",\n".join("  " + json.dumps(row) for row in rows) + "\n]\n"
    (HERE / name).write_text(text)


write(
    "frames.json",
    [
        {
            "what": what,
            "kind": kind,
            "connection": connection,
            "number": number,
            "payload": payload.hex(),
            "frame": frame(kind, connection, number, payload).hex(),
        }
        for what, kind, connection, number, payload in FRAMES
    ],
)
write(
    "streams.json",
    [
        {"what": what, "bytes": line.hex(), "payloads": [payload.hex() for payload in payloads]}
        for what, line, payloads in STREAMS
    ],
)
