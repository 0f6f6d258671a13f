"""Time stamps (SPEC.md, 10.6): what was the newest when, against servers that stand still."""

import json
from typing import Any

from wasmote.agent.fields import Fields, FormError, is_int, load
from wasmote.errors import UsageError
from wasmote.sign.keyset import AGENT_NAME, MAX_NUMBER

STAMP = b"wasmote timestamp 1\0"
NAME = "timestamp"  # what a key set allows a publisher, beside agents
MAX_BYTES = 2048
MAX_DESIRED = 4096


class StampError(FormError):
    """The time stamp breaks a rule."""

    file_name = "timestamp"


def make(issued: int, expires: int, keyset: int, agents: dict[str, int]) -> bytes:
    """The document: times in seconds since 1970. Raises StampError where it breaks a rule."""
    value = {
        "format": 1,
        "issued": issued,
        "expires": expires,
        "keyset": keyset,
        "agents": agents,
    }
    data = json.dumps(value, separators=(",", ":")).encode()
    check(data)
    return data


def check(data: bytes) -> None:
    """Raises StampError with every wrong field."""
    value = load(data, StampError)
    problems: list[tuple[str, str]] = []
    top = Fields(value, "", problems)
    if len(data) > MAX_BYTES:
        top.problem("", f"longer than {MAX_BYTES} bytes")
    top.integer("format", 1, 1)
    for key in ("issued", "expires", "keyset"):
        top.integer(key, 1, MAX_NUMBER)
    agents: dict[str, Any] = top.take("agents", lambda v: isinstance(v, dict), "an object", {})
    for name, sequence in agents.items():
        if (
            not AGENT_NAME.fullmatch(name)
            or not is_int(sequence)
            or not 0 <= sequence <= MAX_NUMBER
        ):
            top.problem(f"agents.{name}", f"is not an agent and 0..{MAX_NUMBER}")
    top.finish()
    if problems:
        raise StampError(problems)


def put(desired: bytes, document: bytes, signatures: bytes) -> bytes:
    """The document `desired` (11.1) with the time stamp in it."""
    try:
        wanted = json.loads(desired)
    except ValueError as error:
        raise UsageError(f"desired: no JSON: {error}") from None
    if not isinstance(wanted, dict) or wanted.get("format") != 1:
        raise UsageError("desired: not an object with format 1")
    wanted[NAME] = {"document": document.decode(), "signatures": signatures.hex()}
    data = json.dumps(wanted).encode()
    if len(data) > MAX_DESIRED:
        raise UsageError(f"desired: {len(data)} bytes with its time stamp, at most {MAX_DESIRED}")
    return data
