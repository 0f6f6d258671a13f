"""Time stamps (SPEC.md, 10.6): what was the newest when, against servers that stand still."""

import json
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Stamp:
    """Times in seconds since 1970, the version of the newest key set, the newest sequences."""

    issued: int
    expires: int
    keyset: int
    agents: dict[str, int]


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
    parse(data)
    return data


def parse(data: bytes) -> Stamp:
    """What the document says. Raises StampError with every wrong field."""
    value = load(data, StampError)
    problems: list[tuple[str, str]] = []
    top = Fields(value, "", problems)
    if len(data) > MAX_BYTES:
        top.problem("", f"longer than {MAX_BYTES} bytes")
    top.integer("format", 1, 1)
    issued, expires, keyset = (
        top.integer(key, 1, MAX_NUMBER) for key in ("issued", "expires", "keyset")
    )
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
    return Stamp(issued, expires, keyset, agents)


def held(desired: bytes) -> tuple[bytes, bytes] | None:
    """The time stamp that the document `desired` (11.1) has, and its signatures."""
    entry: Any = _wanted(desired).get(NAME)
    try:
        return entry["document"].encode(), bytes.fromhex(entry["signatures"])
    except (TypeError, KeyError, AttributeError, ValueError):
        return None


def _wanted(desired: bytes) -> dict[str, Any]:
    try:
        wanted = json.loads(desired)
    except ValueError as error:
        raise UsageError(f"desired: no JSON: {error}") from None
    if not isinstance(wanted, dict) or wanted.get("format") != 1:
        raise UsageError("desired: not an object with format 1")
    return wanted


def put(desired: bytes, document: bytes, signatures: bytes) -> bytes:
    """The document `desired` (11.1) with the time stamp in it."""
    wanted = _wanted(desired)
    wanted[NAME] = {"document": document.decode(), "signatures": signatures.hex()}
    data = json.dumps(wanted).encode()
    if len(data) > MAX_DESIRED:
        raise UsageError(f"desired: {len(data)} bytes with its time stamp, at most {MAX_DESIRED}")
    return data
