"""manifest.json (SPEC.md, section 2): parsed once, strictly; after that, relied on."""

import hashlib
import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wasmote.agent.fields import FILE_NAME, MAX_BYTES, Fields, ManifestError, is_int, load, shown
from wasmote.agent.names import AGENT_NAME, AGENT_RULE
from wasmote.errors import BundleError

__all__ = ["FILE_NAME", "MAX_BYTES", "File", "Manifest", "ManifestError", "Tensor"]

ELEMENT_BYTES = {"int8": 1, "uint8": 1, "int16": 2, "int32": 4, "int64": 8, "float32": 4}

_MAX_ELEMENTS = 16_777_216
_SHAPE_RULE = f"an array of 1 to 6 integers in 1..{_MAX_ELEMENTS}"
_FILE = re.compile(r"[a-z0-9_-][a-z0-9._-]{0,47}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})")
_IMPORT = re.compile(r"[!-\-/-~]{1,32}\.[!-~]{1,32}")
_LINE = re.compile(r".{1,512}")
_RESERVED_FILES = (FILE_NAME, "manifest.sig")


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
    builds: dict[str, int] = field(default_factory=dict)
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
        return _from_object(load(data))

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


def _is_scale(value: Any) -> bool:
    return (is_int(value) or isinstance(value, float)) and 0 < value < math.inf


def _version_ok(value: str) -> bool:
    return bool(_VERSION.fullmatch(value)) and all(int(n) <= 65535 for n in value.split("."))


def _from_object(value: Any) -> Manifest:
    problems: list[tuple[str, str]] = []
    top = Fields(value, "", problems)
    if not isinstance(value, dict):
        raise ManifestError(problems)
    top.integer("format", 1, 1)
    name = top.text("name", AGENT_NAME, AGENT_RULE)
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
        builds=_builds(top, files),
        extra=top.finish("x-"),
    )
    if problems:
        raise ManifestError(problems)
    return manifest


def _files(top: Fields) -> dict[str, File]:
    value = top.take("files", lambda v: isinstance(v, dict), "an object", {})
    result = {}
    for name, entry in value.items():
        fields = Fields(entry, top.at(f"files.{name}"), top.problems)
        if not _FILE.fullmatch(name) or name in _RESERVED_FILES:
            fields.problem("", "is not a name of 1 to 48 of [a-z0-9._-] without a leading dot")
        size = fields.integer("size", 0, 2**31 - 1)
        result[name] = File(size, fields.text("sha256", _SHA256, "64 hex digits, lower case"))
        fields.finish()
    if "files" in top.value and "agent.wasm" not in result:
        top.problem("files", "agent.wasm is missing")
    return result


def _builds(top: Fields, files: dict[str, File]) -> dict[str, int]:
    """The linear memory of modules for other hosts than nodes."""
    if "builds" not in top.value:
        return {}
    value = top.take("builds", lambda v: isinstance(v, dict), "an object", {})
    result = {}
    for name, entry in value.items():
        fields = Fields(entry, top.at(f"builds.{name}"), top.problems)
        if name not in files or name == "agent.wasm":
            fields.problem("", "is not another module among the files")
        result[name] = fields.integer("memory_bytes", 1, 2**31 - 1)
        fields.finish()
    return result


def _strings(
    top: Fields, key: str, most: int, pattern: re.Pattern[str], rule: str
) -> tuple[str, ...]:
    values = top.array(key, 0, most)
    for index, value in enumerate(values):
        if not isinstance(value, str) or not pattern.fullmatch(value):
            top.problem(f"{key}[{index}]", f"{shown(value)} is not {rule}")
        elif value in values[:index]:
            top.problem(f"{key}[{index}]", f"{shown(value)} stands twice")
    return tuple(values)


def _tensors(top: Fields, key: str) -> tuple[Tensor, ...]:
    before = len(top.problems)
    tensors = tuple(
        _tensor(Fields(value, top.at(f"{key}[{index}]"), top.problems))
        for index, value in enumerate(top.array(key, 1, 8))
    )
    if len(top.problems) == before:
        _layout_check(top, key, tensors)
    return tensors


def _tensor(fields: Fields) -> Tensor:
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
        and all(is_int(n) and 1 <= n <= _MAX_ELEMENTS for n in value)
    )


def _layout_check(top: Fields, key: str, tensors: tuple[Tensor, ...]) -> None:
    names = [tensor.name for tensor in tensors]
    end = 0
    for index, tensor in enumerate(tensors):
        if tensor.name in names[:index]:
            top.problem(f"{key}[{index}].name", f"{shown(tensor.name)} stands twice")
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
    builds = {name: {"memory_bytes": size} for name, size in manifest.builds.items()}
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
        **({"builds": builds} if builds else {}),
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
