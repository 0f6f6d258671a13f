"""manifest.json (SPEC.md, section 2): parsed once, strictly; after that, relied on."""

import hashlib
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wasmote.errors import BundleError

FILE_NAME = "manifest.json"
MAX_BYTES = 8192
ELEMENT_BYTES = {"int8": 1, "uint8": 1, "int16": 2, "int32": 4, "float32": 4}

_MAX_ELEMENTS = 16_777_216
_SHAPE_RULE = f"an array of 1 to 6 integers in 1..{_MAX_ELEMENTS}"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_FILE = re.compile(r"[a-z0-9_-][a-z0-9._-]{0,47}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})")
_IMPORT = re.compile(r"[!-\-/-~]{1,32}\.[!-~]{1,32}")
_LINE = re.compile(r".{1,512}")
_RESERVED_FILES = (FILE_NAME, "manifest.sig")


class ManifestError(BundleError):
    """The manifest breaks a rule; `problems` has every one as (path, text)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__(
            "\n".join(f"{FILE_NAME}: {path}: {text}" if path else f"{FILE_NAME}: {text}"
                      for path, text in problems)
        )  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    """One input or output: real = scale * (quantised - zero_point)."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int
    offset: int

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return self.elements * ELEMENT_BYTES[self.dtype]


@dataclass(frozen=True)
class File:
    """Size in bytes and SHA-256 (hex) of a bundle's file."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """A manifest that keeps every rule of SPEC.md, section 2."""

    name: str
    version: str
    sequence: int
    files: dict[str, File]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    memory_bytes: int
    stack_bytes: int
    vm_stack_bytes: int
    deadline_ms: int
    imports: tuple[str, ...]
    boards: tuple[str, ...]
    licence: str
    source: str
    format: int = 1
    abi: int = 1
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def inputs_bytes(self) -> int:
        """Bytes of all input tensors."""
        return sum(tensor.nbytes for tensor in self.inputs)

    @property
    def outputs_bytes(self) -> int:
        """Bytes of all output tensors."""
        return sum(tensor.nbytes for tensor in self.outputs)

    @staticmethod
    def parse(data: bytes) -> "Manifest":
        """Checks `data`, the bytes of manifest.json; ManifestError names every wrong field."""
        return _from_object(_load(data))

    @staticmethod
    def read(folder: Path) -> "Manifest":
        """Parses the manifest of the bundle in `folder`."""
        path = folder / FILE_NAME
        try:
            with path.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except OSError as error:
            raise BundleError(
                f"{folder}: no bundle: {FILE_NAME} cannot be read ({error.strerror}); "
                "`wasmote agent build` makes one"
            ) from error
        return Manifest.parse(data)

    def read_files(self, folder: Path) -> dict[str, bytes]:
        """The bundle's other files from `folder`, each with the size and digest stated here."""
        return {name: self.read_file(folder, name) for name in self.files}

    def read_file(self, folder: Path, name: str) -> bytes:
        """The bundle's file `name` from `folder`, with the size and digest stated here."""
        return _read_file(folder / name, self.files[name])

    def to_json(self) -> bytes:
        """The bytes of manifest.json; parsing them gives this manifest again."""
        text = json.dumps(_to_object(self), indent=1, ensure_ascii=False) + "\n"
        data = text.encode()
        Manifest.parse(data)
        return data


class _Fields:
    """The checked fields of one JSON object; problems are collected, not raised."""

    def __init__(self, value: Any, path: str, problems: list[tuple[str, str]]) -> None:
        self.path = path
        self.problems = problems
        self.taken: set[str] = set()
        self.value: dict[str, Any] = {}
        if isinstance(value, dict):
            self.value = value
        else:
            self.problem("", f"{_shown(value)} is not an object")

    def at(self, key: str) -> str:
        return ".".join(part for part in (self.path, key) if part)

    def problem(self, key: str, text: str) -> None:
        self.problems.append((self.at(key), text))

    def take(self, key: str, valid: Callable[[Any], bool], rule: str, default: Any) -> Any:
        self.taken.add(key)
        if key not in self.value:
            self.problem(key, f"is missing; expected {rule}")
            return default
        value = self.value[key]
        if not valid(value):
            self.problem(key, f"{_shown(value)} is not {rule}")
            return default
        return value

    def integer(self, key: str, low: int, high: int, step: int = 1) -> int:
        rule = f"an integer in {low}..{high}" + (f", a multiple of {step}" if step > 1 else "")
        valid = lambda v: _is_int(v) and low <= v <= high and v % step == 0  # noqa: E731
        result: int = self.take(key, valid, rule, low)
        return result

    def text(self, key: str, pattern: re.Pattern[str], rule: str) -> str:
        valid = lambda v: isinstance(v, str) and pattern.fullmatch(v) is not None  # noqa: E731
        result: str = self.take(key, valid, rule, "")
        return result

    def array(self, key: str, low: int, high: int) -> list[Any]:
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


def _load(data: bytes) -> Any:
    if len(data) > MAX_BYTES:
        raise ManifestError([("", f"longer than {MAX_BYTES} bytes")])
    try:
        return json.loads(
            data.decode(), object_pairs_hook=_unique, parse_constant=_refuse, parse_int=_integer
        )
    except UnicodeDecodeError as error:
        raise ManifestError([("", f"not UTF-8 at byte {error.start}")]) from error
    except json.JSONDecodeError as error:
        raise ManifestError([("", f"not JSON: {error}")]) from error
    except RecursionError as error:
        raise ManifestError([("", "nested too deeply")]) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ManifestError([(twice, "stands twice in one object")])
    return result


def _refuse(word: str) -> Any:
    raise ManifestError([("", f"not JSON: {word} is not a number")])


def _integer(digits: str) -> int:
    # No field takes a number this long; int() of thousands of digits would raise or crawl.
    return int(digits[:20])


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_scale(value: Any) -> bool:
    return (_is_int(value) or isinstance(value, float)) and 0 < value < math.inf


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _version_ok(value: str) -> bool:
    return bool(_VERSION.fullmatch(value)) and all(int(n) <= 65535 for n in value.split("."))


def _from_object(value: Any) -> Manifest:
    problems: list[tuple[str, str]] = []
    top = _Fields(value, "", problems)
    if not isinstance(value, dict):
        raise ManifestError(problems)
    top.integer("format", 1, 1)
    name = top.text("name", _NAME, "1 to 32 of [a-z0-9-], first a letter")
    version = top.take(
        "version",
        lambda v: isinstance(v, str) and _version_ok(v),
        "MAJOR.MINOR.PATCH, each at most 65535",
        "",
    )
    sequence = top.integer("sequence", 1, 2**31 - 1)
    top.integer("abi", 1, 1)
    files = _files(top)
    inputs = _tensors(top, "inputs")
    outputs = _tensors(top, "outputs")
    memory_bytes = top.integer("memory_bytes", 1, 16_777_216)
    stack_bytes = top.integer("stack_bytes", 0, memory_bytes)
    manifest = Manifest(
        name=name,
        version=version,
        sequence=sequence,
        files=files,
        inputs=inputs,
        outputs=outputs,
        memory_bytes=memory_bytes,
        stack_bytes=stack_bytes,
        vm_stack_bytes=top.integer("vm_stack_bytes", 512, 65536, 8),
        deadline_ms=top.integer("deadline_ms", 1, 600_000),
        imports=_strings(top, "imports", 32, _IMPORT, "module.name"),
        boards=_strings(top, "boards", 64, _LINE, "a board or class"),
        licence=top.text("licence", _LINE, "an SPDX expression"),
        source=top.text("source", _LINE, "a line that says where it came from"),
        extra=top.finish("x-"),
    )
    if problems:
        raise ManifestError(problems)
    return manifest


def _files(top: _Fields) -> dict[str, File]:
    value = top.take("files", lambda v: isinstance(v, dict), "an object", {})
    result = {}
    for name, entry in value.items():
        fields = _Fields(entry, top.at(f"files.{name}"), top.problems)
        if not _FILE.fullmatch(name) or name in _RESERVED_FILES:
            fields.problem("", "is not a name of 1 to 48 of [a-z0-9._-] without a leading dot")
        size = fields.integer("size", 0, 2**31 - 1)
        result[name] = File(size, fields.text("sha256", _SHA256, "64 hex digits, lower case"))
        fields.finish()
    if "files" in top.value and "agent.wasm" not in result:
        top.problem("files", "agent.wasm is missing")
    return result


def _strings(
    top: _Fields, key: str, most: int, pattern: re.Pattern[str], rule: str
) -> tuple[str, ...]:
    values = top.array(key, 0, most)
    for index, value in enumerate(values):
        if not isinstance(value, str) or not pattern.fullmatch(value):
            top.problem(f"{key}[{index}]", f"{_shown(value)} is not {rule}")
        elif value in values[:index]:
            top.problem(f"{key}[{index}]", f"{_shown(value)} stands twice")
    return tuple(values)


def _tensors(top: _Fields, key: str) -> tuple[Tensor, ...]:
    before = len(top.problems)
    tensors = tuple(
        _tensor(_Fields(value, top.at(f"{key}[{index}]"), top.problems))
        for index, value in enumerate(top.array(key, 1, 8))
    )
    if len(top.problems) == before:
        _layout_check(top, key, tensors)
    return tensors


def _tensor(fields: _Fields) -> Tensor:
    tensor = Tensor(
        name=fields.text("name", re.compile(r".{1,32}"), "a string of 1 to 32 characters"),
        dtype=fields.take(
            "dtype",
            lambda v: isinstance(v, str) and v in ELEMENT_BYTES,
            "one of " + ", ".join(ELEMENT_BYTES),
            "int8",
        ),
        shape=tuple(
            fields.take(
                "shape", _is_shape, f"an array of 1 to 6 integers in 1..{_MAX_ELEMENTS}", [1]
            )
        ),
        scale=float(fields.take("scale", _is_scale, "a number greater than 0", 1)),
        zero_point=fields.integer("zero_point", -(2**31), 2**31 - 1),
        offset=fields.integer("offset", 0, 2**31 - 1),
    )
    fields.finish()
    return tensor


def _is_shape(value: Any) -> bool:
    return (
        isinstance(value, list)
        and 1 <= len(value) <= 6
        and all(_is_int(n) and 1 <= n <= _MAX_ELEMENTS for n in value)
    )


def _layout_check(top: _Fields, key: str, tensors: tuple[Tensor, ...]) -> None:
    names = [tensor.name for tensor in tensors]
    end = 0
    for index, tensor in enumerate(tensors):
        if tensor.name in names[:index]:
            top.problem(f"{key}[{index}].name", f"{_shown(tensor.name)} stands twice")
        if tensor.offset != end:
            top.problem(
                f"{key}[{index}].offset", f"{tensor.offset} is not {end}, where {_before(index)}"
            )
        if tensor.elements > _MAX_ELEMENTS:
            top.problem(
                f"{key}[{index}].shape", f"{tensor.elements} elements, over {_MAX_ELEMENTS}"
            )
        end += tensor.nbytes


def _before(index: int) -> str:
    return "the first tensor starts" if index == 0 else "the tensor before it ends"


def _read_file(path: Path, file: File) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(file.size + 1)
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror}; the manifest lists it") from error
    if len(data) != file.size:
        longer = "longer than" if len(data) > file.size else f"{len(data)} bytes, not"
        raise BundleError(f"{path}: {longer} the manifest's {file.size} bytes; build it again")
    digest = hashlib.sha256(data).hexdigest()
    if digest != file.sha256:
        raise BundleError(f"{path}: SHA-256 {digest}, not the manifest's {file.sha256}")
    return data


def _to_object(manifest: Manifest) -> dict[str, Any]:
    return {
        "format": manifest.format,
        "name": manifest.name,
        "version": manifest.version,
        "sequence": manifest.sequence,
        "abi": manifest.abi,
        "files": {n: {"size": f.size, "sha256": f.sha256} for n, f in manifest.files.items()},
        "inputs": [_tensor_object(tensor) for tensor in manifest.inputs],
        "outputs": [_tensor_object(tensor) for tensor in manifest.outputs],
        "memory_bytes": manifest.memory_bytes,
        "stack_bytes": manifest.stack_bytes,
        "vm_stack_bytes": manifest.vm_stack_bytes,
        "deadline_ms": manifest.deadline_ms,
        "imports": list(manifest.imports),
        "boards": list(manifest.boards),
        "licence": manifest.licence,
        "source": manifest.source,
        **manifest.extra,
    }


def _tensor_object(tensor: Tensor) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "scale": tensor.scale,
        "zero_point": tensor.zero_point,
        "offset": tensor.offset,
    }
