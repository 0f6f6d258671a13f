# The manifest of an agent, SPEC.md section 2, as far as a node needs it.
from .check import REQUIRED, FormError, fields
from .strictjson import loads

LIMIT = 8192
_ERRORS_MAX = 16

_MANIFEST = {
    "format": ("one", REQUIRED, (1,)),
    "name": ("agent", REQUIRED),
    "version": ("str", REQUIRED, 5, 17),
    "sequence": ("int", REQUIRED, 1, 0x7FFFFFFF),
    "abi": ("one", REQUIRED, (1,)),
    "files": ("dict", REQUIRED),
    "inputs": ("list", REQUIRED, 1, 8),
    "outputs": ("list", REQUIRED, 1, 8),
    "memory_bytes": ("int", REQUIRED, 1, 16777216),
    "stack_bytes": ("int", REQUIRED, 0, 16777216),
    "vm_stack_bytes": ("int", REQUIRED, 512, 65536),
    "deadline_ms": ("int", REQUIRED, 1, 600000),
    "imports": ("list", REQUIRED, 0, 32),
    "boards": ("list", REQUIRED, 0, 64),
    "licence": ("str", REQUIRED, 0, 8192),
    "source": ("str", REQUIRED, 0, 8192),
    "builds": ("dict", None),  # for other hosts
}
_TENSOR = {
    "name": ("str", REQUIRED, 1, 32),
    "dtype": ("one", REQUIRED, ("int8", "uint8", "int16", "int32", "int64", "float32")),
    "shape": ("list", REQUIRED, 1, 6),
    "scale": ("number", REQUIRED),
    "zero_point": ("int", REQUIRED, -0x80000000, 0x7FFFFFFF),
    "offset": ("int", REQUIRED, 0, 16777216),
}
_FILE = {
    "size": ("int", REQUIRED, 0, 0x7FFFFFFF),
    "sha256": ("str", REQUIRED, 64, 64),
}
# dtype -> struct's letter, bytes of an element
DTYPES = {
    "int8": ("b", 1),
    "uint8": ("B", 1),
    "int16": ("h", 2),
    "int32": ("i", 4),
    "int64": ("q", 8),
    "float32": ("f", 4),
}
_FILE_CHARS = "abcdefghijklmnopqrstuvwxyz0123456789._-"


class ManifestError(FormError):
    pass


# What is wrong. Of hundreds of lines the first ones have to do: small heaps have no room for all.
class _Errors(list):
    def append(self, line):
        super().append(line)
        if len(self) == _ERRORS_MAX:
            raise ManifestError("manifest", self)


# Parses the bytes of manifest.json. The result has three entries more than the file:
# `input_bytes` and `output_bytes`, and in each tensor `count`, its number of elements.
def parse(data):
    try:
        given = loads(data, LIMIT)
    except ValueError as e:
        raise ManifestError("manifest", [str(e)])
    errors = _Errors()
    manifest = fields(given, _MANIFEST, "", errors, lambda key: key.startswith("x-"))
    _check_version(manifest["version"], errors)
    _check_memory(manifest, errors)
    _check_files(manifest["files"], errors)
    _check_strings(manifest["boards"], "boards", errors)
    _check_imports(manifest["imports"], errors)
    for side in ("inputs", "outputs"):
        manifest[side] = _tensors(manifest[side] or [], side, errors)
    if errors:
        raise ManifestError("manifest", errors)
    manifest["input_bytes"] = _bytes(manifest["inputs"])
    manifest["output_bytes"] = _bytes(manifest["outputs"])
    return manifest


def _check_version(version, errors):
    if version is None:
        return
    parts = version.split(".")
    right = len(parts) == 3 and all(
        p.isdigit() and (p == "0" or p[0] != "0") and int(p) <= 65535 for p in parts
    )
    if not right:
        errors.append("version: %r is not MAJOR.MINOR.PATCH, each 0..65535" % version)


def _check_memory(manifest, errors):
    memory, stack, vm = (manifest[k] for k in ("memory_bytes", "stack_bytes", "vm_stack_bytes"))
    if memory is not None and stack is not None and stack > memory:
        errors.append("stack_bytes: %d is more than memory_bytes, %d" % (stack, memory))
    if vm is not None and vm % 8:
        errors.append("vm_stack_bytes: %d is not a multiple of 8" % vm)


def _check_files(files, errors):
    if files is None:
        return
    if "agent.wasm" not in files:
        errors.append("files.agent.wasm: missing")
    for name, entry in files.items():
        path = "files." + name
        if not 1 <= len(name) <= 48 or name[0] == "." or any(c not in _FILE_CHARS for c in name):
            errors.append("%s: not a name of a file in a bundle" % path)
        if name in ("manifest.json", "manifest.sig"):
            errors.append("%s: a manifest does not list itself" % path)
        if type(entry) is not dict:
            errors.append("%s: %r is not an object" % (path, entry))
            continue
        digest = fields(entry, _FILE, path, errors)["sha256"]
        if digest and any(c not in "0123456789abcdef" for c in digest):
            errors.append("%s.sha256: %r is not 64 hex digits" % (path, digest))


def _check_strings(values, path, errors):
    for i, value in enumerate(values or []):
        if type(value) is not str or not value:
            errors.append("%s[%d]: %r is not a string" % (path, i, value))


def _check_imports(imports, errors):
    for i, value in enumerate(imports or []):
        module, dot, name = value.partition(".") if type(value) is str else ("", "", "")
        if not (module and dot and name):
            errors.append("imports[%d]: %r is not module.name" % (i, value))


def _tensors(given, side, errors):
    result = []
    end = 0
    for i, entry in enumerate(given):
        path = "%s[%d]" % (side, i)
        if type(entry) is not dict:
            errors.append("%s: %r is not an object" % (path, entry))
            continue
        before = len(errors)
        tensor = fields(entry, _TENSOR, path, errors)
        if tensor["scale"] is not None and not 0 < tensor["scale"] < float("inf"):
            errors.append("%s.scale: %r is no finite number above 0" % (path, tensor["scale"]))
        tensor["count"] = _count(tensor["shape"] or [], path, errors)
        if len(errors) == before:
            if tensor["offset"] != end:
                errors.append("%s.offset: %d, not %d" % (path, tensor["offset"], end))
            end = tensor["offset"] + tensor["count"] * DTYPES[tensor["dtype"]][1]
        result.append(tensor)
    return result


def _count(shape, path, errors):
    count = 1
    for i, size in enumerate(shape):
        if type(size) is not int or not 1 <= size <= 16777216:
            errors.append("%s.shape[%d]: %r is not in 1..16777216" % (path, i, size))
            return 0
        count *= size
    if count > 16777216:
        errors.append("%s.shape: %d elements, at most 16777216" % (path, count))
    return count


def _bytes(tensors):
    last = tensors[-1]
    return last["offset"] + last["count"] * DTYPES[last["dtype"]][1]
