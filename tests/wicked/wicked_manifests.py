"""Bundles whose manifest.json is no JSON, or says what no manifest may say."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from wicked_bundle import GOOD, Bundle, bundle, manifest, stated, tensor, text

PLAIN = text(manifest())
_LIMIT = 8192
FILE = "manifest.json"


def _shown(value: Any) -> str:
    words = json.dumps(value)
    return words if len(words) <= 40 else f"{words[:40]}, {len(words)} characters"


def _changed(key: str, value: str) -> bytes:
    """The manifest with `value`, as it stands, for a key's."""
    says = manifest()
    return PLAIN.replace(
        f'"{key}": {json.dumps(says[key])}'.encode(), f'"{key}": '.encode() + value.encode(), 1
    )


def texts(chance: Random) -> Iterator[Bundle]:
    """What is no JSON, or JSON that a manifest may not be."""
    odd = {
        "nothing": (b"", "'{' expected", "not JSON"),
        "white space": (b" \t\r\n" * 30, "'{' expected", "not JSON"),
        "null": (b"null", "'{' expected", "is not an object"),
        "an array": (b"[" + PLAIN + b"]", "'{' expected", "is not an object"),
        "a string": (json.dumps(PLAIN.decode()).encode(), "'{' expected", "is not an object"),
        "UTF-16": (PLAIN.decode().encode("utf-16"), "not UTF-8", "not UTF-8"),
        "a byte order mark": (b"\xef\xbb\xbf" + PLAIN, "'{' expected", "not JSON"),
        "two objects": (PLAIN + PLAIN, "behind the end", "not JSON"),
        "a comma too many": (PLAIN[:-1] + b",}", "a key in quotes", "not JSON"),
        "zeros behind it": (PLAIN + bytes(9), "behind the end", "not JSON"),
        "a comment": (b"// x\n" + PLAIN, "'{' expected", "not JSON"),
        "too long": (PLAIN + b" " * (_LIMIT + 1 - len(PLAIN)), "8193 bytes", "longer than 8192"),
        "much too long": (PLAIN + b" " * 100000, "8193 bytes", "longer than 8192"),
        "the end of a string": (PLAIN[:-1] + b',"x-a": "', "without end", "not JSON"),
        "keys without quotes": (b"{format: 1}", "a key in quotes", "not JSON"),
        "single quotes": (PLAIN.replace(b'"', b"'"), "a key in quotes", "not JSON"),
    }
    for name, (says, node, host) in odd.items():
        yield bundle(f"manifest: {name}", node, host, says)
    for at in sorted(chance.sample(range(1, len(PLAIN) - 1), 8)):
        yield bundle(f"manifest: cut at {at}", "ManifestError", "not JSON", PLAIN[:at])
    for at in sorted(chance.sample(range(len(PLAIN)), 6)):
        says = PLAIN[:at] + bytes([chance.randrange(0x80, 0x100)]) + PLAIN[at + 1 :]
        yield bundle(f"manifest: no UTF-8 at {at}", "not UTF-8", "not UTF-8", says)
    coded = {
        "overlong": b"\xc0\xaf", "overlong, three": b"\xe0\x80\xaf",
        "overlong, four": b"\xf0\x80\x80\xaf", "a surrogate": b"\xed\xa0\x80",
        "above U+10FFFF": b"\xf4\x90\x80\x80", "five bytes": b"\xf8\x88\x80\x80\x80",
        "cut": b"\xe2\x82", "a continuation": b"\x80",
    }  # fmt: skip
    for name, code in coded.items():
        says = PLAIN.replace(b'"a test"', b'"' + code + b'"')
        yield bundle(f"UTF-8: {name}", "not UTF-8", "not UTF-8", says)
    strings = {
        "a surrogate alone": ("\\ud800", "surrogate"), "half a pair": ("\\udc00 x", "surrogate"),
        "a control character": ("a\nb", "control character"), "a zero": ("\0", "control character"),
        "a bad escape": ("\\q", "bad escape"), "half an escape": ("\\u12", "bad escape"),
    }  # fmt: skip
    for name, (value, node) in strings.items():
        host = "surrogate" if node == "surrogate" else "not JSON"
        yield bundle(f"string: {name}", node, host, _changed("source", f'"{value}"'))
    for depth in (8, 9, 100, 3000):
        deep = ("[" * depth + "]" * depth).encode()
        says = PLAIN[:-1] + b', "x-deep": ' + deep + b"}"
        yield bundle(f"nested {depth}", "nested deeper than 8", "nested deeper than 8", says)
    says = PLAIN[:-1] + b', "x-deep": ' + b'{"a":' * 1200 + b"1" + b"}" * 1200 + b"}"
    yield bundle("objects nested 1200", "nested deeper than 8", "nested deeper than 8", says)
    says = PLAIN[:-1] + b', "x-deep": ' + b"[" * 6000 + b"}"
    yield bundle("nested without an end", "nested deeper than 8", "nested deeper than 8", says)


def numbers(_: Random) -> Iterator[Bundle]:
    """Numbers that are none, and extreme ones."""
    for word in ("01", "+4", "4.", ".4", "4e", "0x4", "--4", "-", "4 4", "1_000", "NaN", "nan",
                 "Infinity", "-Infinity", "None", "True", "٤"):  # fmt: skip
        yield bundle(f"number: {word}", "ManifestError", "not JSON", _changed("sequence", word))
    for word in ("4.0", "4e0", "true", "false", '"4"', "null", "[4]", "{}", "0", "-1", "-0",
                 str(2**31), str(2**63), str(2**64 + 4), "4" * 4000, "-" + "9" * 4000):  # fmt: skip
        name = f"sequence: {word[:24]}, {len(word)} characters"
        yield bundle(name, "sequence: ", "sequence: ", _changed("sequence", word))
    for word in ("0", "-1", "1e999", "-1e999", "1e-999", '"1"', "null"):
        says = PLAIN.replace(b'"scale": 1.0', b'"scale": ' + word.encode(), 1)
        yield bundle(f"scale: {word}", "inputs[0].scale: ", "inputs[0].scale: ", says)


def keys(chance: Random) -> Iterator[Bundle]:
    """Keys that stand twice, are missing, or unknown."""
    says = manifest()
    for key in sorted(chance.sample(sorted(says), 6)):
        twice = b"{" + text({key: says[key]})[1:-1] + b", " + PLAIN[1:]
        yield bundle(f"twice: {key}", f"key '{key}' stands here twice", "stands twice", twice)
    escaped = PLAIN[:-1] + b', "\\u0061bi": 1}'
    yield bundle("twice: abi, escaped", "key 'abi' stands here twice", "stands twice", escaped)
    own = PLAIN[:-1] + b', "x-a": 1, "x-a": 2}'
    yield bundle("twice: a key of one's own", "stands here twice", "stands twice", own)
    file = PLAIN.replace(b'"size": ', b'"size": 1, "size": ', 1)
    yield bundle("twice: a file's size", "'size' stands here twice", "stands twice", file)
    for key in says:
        rest = {name: value for name, value in says.items() if name != key}
        yield bundle(f"missing: {key}", f"{key}: missing", f"{key}: is missing", rest)
    unknown = ("Format", "x", "", "exec", "url", "__class__", "é", "\x1b[2J", "k" * 200)
    for key in unknown:
        yield bundle(
            f"unknown: {key[:8]!r}", "unknown entry", "is not a key here", manifest(**{key: 1})
        )
    many = manifest(**{f"k{i}": i for i in range(300)})
    yield bundle("300 unknown keys", "unknown entry", "is not a key here", many)
    wrong = manifest(files=stated(GOOD) | {"agent.wasm": stated(GOOD)["agent.wasm"] | {"url": "x"}})
    yield bundle("unknown: a file's url", "files.agent.wasm.url: unknown", "is not a key", wrong)
    wrong = manifest(inputs=[tensor("x") | {"axis": 0}])
    yield bundle("unknown: a tensor's axis", "inputs[0].axis: unknown", "is not a key", wrong)


_WRONG: dict[str, tuple[Any, ...]] = {
    "format": (0, 2, "1", 1.0, True, None, [1]),
    "abi": (0, 2, 65537, -1, "1", True, 1.0),
    "version": ("", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.65536", "1.2.3-rc", "a.b.c", "-1.2.3",
                " 1.2.3", "9" * 17, 1.2, None),
    "name": ("", "../x", "a/b", "a.b", "..", "Wicked", "9a", "-a", "é", "a b", "a\0b", "x" * 33,
             "keyset", "timestamp", "x" * 4000, 5, None, ["wicked"], {}),
    "memory_bytes": (0, -1, -(2**31), 16777217, 2**31, 65536 * 65536, 2**64, "1024", 1024.0,
                     None, [], True),
    "stack_bytes": (-1, 1025, 2**32, "0", None),
    "vm_stack_bytes": (0, 8, 511, 513, 1020, 65544, 2**32 + 1024, -1024, "1024", None),
    "deadline_ms": (0, -1, 600001, 2**32, "50", 50.0, None),
    "imports": ("env.now_us", {}, None, ["env"], ["env."], [".now_us"], [5], [None],
                ["env.now_us"] * 33),
    "boards": ("unix", {}, None, [5], [""], [None], [["unix"]], ["b"] * 65),
    "files": ([], None, "agent.wasm", {}, 5),
    "inputs": ([], {}, None, "x", [None], [[]], [tensor("x")] * 9),
    "outputs": ([], {}, None, "y", [5]),
    "licence": (None, 5, ["MIT"]),
    "source": (None, {}),
}  # fmt: skip
_WRONG_TENSOR: dict[str, tuple[Any, ...]] = {
    "name": ("", "x" * 33, 5, None),
    "dtype": ("int4", "", "INT8", 8, None, ["int8"]),
    "shape": ([], [0], [-1], [4.0], ["4"], [None], [1] * 7, 4, None, [16777217], [4096, 4097],
              [2**31, 2**31], [2**64]),
    "zero_point": (2**31, -(2**31) - 1, 0.0, "0", None),
    "offset": (1, -1, 4, 16777217, 2**31, 2**32, "0", None),
}  # fmt: skip
_WRONG_FILE: dict[str, tuple[Any, ...]] = {
    "size": (-1, 2**31, 2**32, 2**64, "1", 1.0, None, True),
    "sha256": ("", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "é" * 64, None, 0, ["0" * 64]),
}
_FILE_NAMES = ("", ".", "..", "../x", "../../wasmote.json", "a/b", "/etc/passwd", "a\\b", ".hidden",
               "A", "agent.WASM", "a b", "a\0b", "a\nb", "é", "x" * 49, "x" * 3000, "~", "%2e",
               "*")  # fmt: skip


def fields(_: Random) -> Iterator[Bundle]:
    """Values of the wrong type, or out of their range."""
    for key, values in _WRONG.items():
        for value in values:
            name = f"{key}: {_shown(value)}"
            yield bundle(name, f"manifest: {key}", f"{FILE}: {key}", manifest(**{key: value}))
    for key, values in _WRONG_TENSOR.items():
        for value in values:
            where, says = f"inputs[0].{key}", manifest(inputs=[tensor("x") | {key: value}])
            name = f"{where}: {_shown(value)}"
            yield bundle(name, f"manifest: {where}", f"{FILE}: {where}", says)
    apart = manifest(outputs=[tensor("y"), tensor("z")])
    yield bundle("tensors that overlap", "outputs[1].offset", "outputs[1].offset", apart)
    for key, values in _WRONG_FILE.items():
        for value in values:
            entry = stated(GOOD)["model.bin"] | {key: value}
            where = f"files.model.bin.{key}"
            says = manifest(files=stated(GOOD) | {"model.bin": entry})
            name = f"{where}: {_shown(value)}"
            yield bundle(name, f"manifest: {where}", f"{FILE}: {where}", says)
    for entry in (None, [], 5, "x"):
        says = manifest(files=stated(GOOD) | {"model.bin": entry})
        node, host = "files.model.bin: ", "is not an object"
        yield bundle(f"files.model.bin: {json.dumps(entry)}", node, host, says)
    entry = stated(GOOD)["model.bin"]
    for name in _FILE_NAMES:
        says = manifest(files=stated(GOOD) | {name: entry})
        words = "not a name of a file in a bundle", "is not a name of"
        yield bundle(f"a file called {_shown(name)}", *words, says)
    for name in ("manifest.json", "manifest.sig"):
        says = manifest(files=stated(GOOD) | {name: entry})
        yield bundle(f"it lists {name}", "does not list itself", "is not a name of", says)
    rest = {name: says for name, says in stated(GOOD).items() if name != "agent.wasm"}
    yield bundle("no agent.wasm", "agent.wasm: missing", "is missing", manifest(files=rest))


KINDS = (texts, numbers, keys, fields)
