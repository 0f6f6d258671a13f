"""Strict JSON, and objects whose fields are checked one by one with all problems collected."""

import json
import re
from collections.abc import Callable
from typing import Any

from wasmote.errors import BundleError

FILE_NAME = "manifest.json"
MAX_BYTES = 8192
_MAX_DEPTH = 8
_TOO_DEEP = f"nested deeper than {_MAX_DEPTH}"
# Behind an even number of backslashes
_SURROGATE = re.compile(r"(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]")


class FormError(BundleError):
    """A file of JSON breaks a rule; `problems` has every one as (path, text)."""

    file_name = ""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__(
            "\n".join(f"{self.file_name}: {path}: {text}" if path else f"{self.file_name}: {text}"
                      for path, text in problems)
        )  # fmt: skip


class ManifestError(FormError):
    """The manifest breaks a rule."""

    file_name = FILE_NAME


class Fields:
    """The checked fields of one JSON object; problems are collected, not raised."""

    def __init__(self, value: Any, path: str, problems: list[tuple[str, str]]) -> None:
        self.path = path
        self.problems = problems
        self.taken: set[str] = set()
        self.value: dict[str, Any] = {}
        if isinstance(value, dict):
            self.value = value
        else:
            self.problem("", f"{shown(value)} is not an object")

    def at(self, key: str) -> str:
        """The path of `key`."""
        return ".".join(part for part in (self.path, key) if part)

    def problem(self, key: str, text: str) -> None:
        """Notes that the value of `key` breaks a rule."""
        self.problems.append((self.at(key), text))

    def take(self, key: str, valid: Callable[[Any], bool], rule: str, default: Any) -> Any:
        """The value of `key` where it is `valid`; else `default`, and a problem."""
        self.taken.add(key)
        if key not in self.value:
            self.problem(key, f"is missing; expected {rule}")
            return default
        value = self.value[key]
        if not valid(value):
            self.problem(key, f"{shown(value)} is not {rule}")
            return default
        return value

    def integer(self, key: str, low: int, high: int, step: int = 1) -> int:
        """An integer."""
        rule = f"an integer in {low}..{high}" + (f", a multiple of {step}" if step > 1 else "")
        valid = lambda v: is_int(v) and low <= v <= high and v % step == 0  # noqa: E731
        result: int = self.take(key, valid, rule, low)
        return result

    def text(self, key: str, pattern: re.Pattern[str], rule: str) -> str:
        """A string that matches as a whole."""
        valid = lambda v: isinstance(v, str) and pattern.fullmatch(v) is not None  # noqa: E731
        result: str = self.take(key, valid, rule, "")
        return result

    def array(self, key: str, low: int, high: int) -> list[Any]:
        """An array of any entries."""
        rule = f"an array of {low} to {high} entries"
        valid = lambda v: isinstance(v, list) and low <= len(v) <= high  # noqa: E731
        result: list[Any] = self.take(key, valid, rule, [])
        return result

    def finish(self, own: str = "") -> dict[str, Any]:
        """What was not taken: only keys that start with `own`, where that is allowed."""
        extra = {key: value for key, value in self.value.items() if key not in self.taken}
        for key in extra:
            if not own or not key.startswith(own):
                self.problem(
                    key, "is not a key here" + (f"; own keys start with {own}" if own else "")
                )
        return extra


def load(data: bytes, error: type[FormError] = ManifestError) -> Any:
    """The JSON value in `data`: UTF-8, no duplicate keys, no NaN, no surrogates as escapes, neither
    too long nor too deep.

    Raises `error`.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise error([(twice, "stands twice in one object")])
        return result

    def refuse(word: str) -> Any:
        raise error([("", f"not JSON: {word} is not a number")])

    if len(data) > MAX_BYTES:
        raise error([("", f"longer than {MAX_BYTES} bytes")])
    try:
        text = data.decode()
        value = json.loads(
            text, object_pairs_hook=unique, parse_constant=refuse, parse_int=_integer
        )
    except UnicodeDecodeError as caught:
        raise error([("", f"not UTF-8 at byte {caught.start}")]) from caught
    except json.JSONDecodeError as caught:
        raise error([("", f"not JSON: {caught}")]) from caught
    except RecursionError as caught:
        raise error([("", _TOO_DEEP)]) from caught
    if _depth(value) > _MAX_DEPTH:
        raise error([("", _TOO_DEEP)])
    if _SURROGATE.search(text):
        raise error([("", "a surrogate as an escape: write the character itself")])
    return value


def _depth(value: Any) -> int:
    if not isinstance(value, dict | list):
        return 0
    inside = value.values() if isinstance(value, dict) else value
    return 1 + max((_depth(each) for each in inside), default=0)


def _integer(digits: str) -> int:
    # No field takes a number this long; int() of thousands of digits would raise or crawl.
    return int(digits[:20])


def is_int(value: Any) -> bool:
    """Whether `value` is an integer; JSON's true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def shown(value: Any) -> str:
    """`value` for a message, shortened."""
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
