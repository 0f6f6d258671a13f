"""keyset.json (SPEC.md, 10.2): parsed once, strictly; after that, relied on."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from wasmote.agent.fields import MAX_BYTES, Fields, FormError, is_int, load
from wasmote.sign.ed25519 import key_id

__all__ = ["MAX_BYTES", "KeySet", "KeySetError", "Publisher"]

MAX_ROOTS = 8
MAX_PUBLISHERS = 16
MAX_NUMBER = 2**31 - 1
ANY_AGENT = "*"

AGENT_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
IDENTIFIER = re.compile(r"[a-z0-9-]{1,32}")
IDENTIFIER_RULE = "1 to 32 of [a-z0-9-]"
_KEY = re.compile(r"[0-9a-f]{64}")
_KEY_RULE = "a key: 64 hex digits, lower case"


class KeySetError(FormError):
    """The key set breaks a rule."""

    file_name = "keyset.json"


@dataclass(frozen=True)
class Publisher:
    """A key that signs agents: `agents` has the highest sequence by agent name, or by `*`."""

    name: str
    key: bytes
    agents: dict[str, int]

    def limit(self, agent: str) -> int:
        """The highest sequence of `agent` that the key may sign; 0: none."""
        return self.agents.get(agent, self.agents.get(ANY_AGENT, 0))


@dataclass(frozen=True)
class KeySet:
    """A key set that keeps every rule of SPEC.md 10.2; keys are 32 bytes."""

    version: int
    threshold: int
    roots: tuple[bytes, ...]
    publishers: tuple[Publisher, ...] = ()
    floors: dict[str, int] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def parse(data: bytes) -> "KeySet":
        """Checks `data`, the bytes of keyset.json; KeySetError names every wrong field."""
        return _from_object(load(data, KeySetError))

    def to_json(self) -> bytes:
        """The bytes of keyset.json; parsing them gives this key set again.

        Raises KeySetError where it breaks a rule.
        """
        data = (json.dumps(_to_object(self), indent=1, ensure_ascii=False) + "\n").encode()
        KeySet.parse(data)
        return data

    def publisher(self, name: str) -> Publisher | None:
        """The publisher of that name."""
        return next((entry for entry in self.publishers if entry.name == name), None)


def _from_object(value: Any) -> KeySet:
    problems: list[tuple[str, str]] = []
    top = Fields(value, "", problems)
    if not isinstance(value, dict):
        raise KeySetError(problems)
    top.integer("format", 1, 1)
    version = top.integer("version", 1, MAX_NUMBER)
    roots = _roots(top)
    keyset = KeySet(
        version=version,
        threshold=top.integer("threshold", 1, max(1, len(roots))),
        roots=roots,
        publishers=_publishers(top),
        floors=_sequences(top, "floors", _is_agent_name) if "floors" in value else {},
        extra=top.finish("x-"),
    )
    _unique_check(top, keyset)
    if problems:
        raise KeySetError(problems)
    return keyset


def _roots(top: Fields) -> tuple[bytes, ...]:
    roots = []
    for index, value in enumerate(top.array("roots", 1, MAX_ROOTS)):
        if isinstance(value, str) and _KEY.fullmatch(value):
            roots.append(bytes.fromhex(value))
        else:
            top.problem(f"roots[{index}]", f"is not {_KEY_RULE}")
    return tuple(roots)


def _publishers(top: Fields) -> tuple[Publisher, ...]:
    publishers = []
    for index, value in enumerate(top.array("publishers", 0, MAX_PUBLISHERS)):
        fields = Fields(value, f"publishers[{index}]", top.problems)
        publishers.append(
            Publisher(
                name=fields.text("name", IDENTIFIER, IDENTIFIER_RULE),
                key=bytes.fromhex(fields.text("key", _KEY, _KEY_RULE)),
                agents=_sequences(fields, "agents", _is_agent),
            )
        )
        fields.finish()
    return tuple(publishers)


def _is_agent_name(name: str) -> bool:
    return AGENT_NAME.fullmatch(name) is not None


def _is_agent(name: str) -> bool:
    return name == ANY_AGENT or _is_agent_name(name)


def _sequences(fields: Fields, key: str, is_name: Callable[[str], bool]) -> dict[str, int]:
    found: dict[str, Any] = fields.take(key, lambda v: isinstance(v, dict), "an object", {})
    for name, number in found.items():
        if not is_name(name):
            fields.problem(f"{key}.{name}", "is not an agent's name")
        if not is_int(number) or not 0 <= number <= MAX_NUMBER:
            fields.problem(f"{key}.{name}", f"is not an integer in 0..{MAX_NUMBER}")
    return found


def _unique_check(top: Fields, keyset: KeySet) -> None:
    """One key in two places could count twice, or sign for what it is not meant for."""
    places = [(f"roots[{i}]", key) for i, key in enumerate(keyset.roots)]
    places += [(f"publishers[{i}].key", p.key) for i, p in enumerate(keyset.publishers) if p.key]
    seen: dict[bytes, str] = {}
    for place, key in places:
        before = seen.setdefault(key_id(key), place)
        if before != place:
            top.problem(place, f"is the key, or has the id, of {before}")
    names = [publisher.name for publisher in keyset.publishers]
    for index, name in enumerate(names):
        if name and name in names[:index]:
            top.problem(f"publishers[{index}].name", f"{name!r} stands twice")


def _to_object(keyset: KeySet) -> dict[str, Any]:
    return {
        "format": 1,
        "version": keyset.version,
        "threshold": keyset.threshold,
        "roots": [key.hex() for key in keyset.roots],
        "publishers": [
            {"name": p.name, "key": p.key.hex(), "agents": p.agents} for p in keyset.publishers
        ],
        **({"floors": keyset.floors} if keyset.floors else {}),
        **keyset.extra,
    }
