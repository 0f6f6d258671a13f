"""What a module must be before a host instantiates it (SPEC.md, 1.1, 1.2 and 1.4)."""

from dataclasses import dataclass

from wasmote.agent.errors import LoadError
from wasmote.agent.manifest import Manifest
from wasmote.agent.variants import NN, NODE_FILE
from wasmote.agent.wasm import PAGE, FuncType, Import, Module
from wasmote.convert.blob import OPS

_I32 = ("i32",)
REQUIRED = {
    "abi": FuncType((), _I32),
    "init": FuncType(_I32, _I32),
    "input": FuncType(_I32, _I32),
    "infer": FuncType(_I32, _I32),
    "output": FuncType((), _I32),
}
OPTIONAL = {
    "model": FuncType(_I32, _I32),
    "begin": FuncType(_I32, _I32),
    "step": FuncType((), _I32),
    "state_ptr": FuncType((), _I32),
    "state_len": FuncType((), _I32),
}
IMPORTS = {
    "env.log": FuncType(("i32", "i32"), ()),
    "env.now_us": FuncType((), ("i64",)),
    "nn.read": FuncType(("i32",) * 3, _I32),
    **{f"{NN}{op}": FuncType(("i32",) * 4, _I32) for op in OPS},
}


@dataclass(frozen=True)
class Terms:
    """What an agent is granted, as its manifest states it."""

    name: str
    memory_bytes: int
    deadline_ms: int
    inputs_bytes: int
    outputs_bytes: int
    imports: tuple[str, ...] = ()

    @staticmethod
    def of(manifest: Manifest, file: str = NODE_FILE) -> "Terms":
        """The terms of one of the bundle's modules: what only nodes have, others do not get."""
        imports = manifest.imports
        if file in manifest.builds:
            imports = tuple(name for name in imports if not name.startswith(NN))
        return Terms(
            name=manifest.name,
            memory_bytes=manifest.builds.get(file, manifest.memory_bytes),
            deadline_ms=manifest.deadline_ms,
            inputs_bytes=manifest.inputs_bytes,
            outputs_bytes=manifest.outputs_bytes,
            imports=imports,
        )


def module_check(module: Module, terms: Terms) -> None:
    """Raises LoadError for the first rule that the module breaks, in the order of SPEC.md 1.4."""
    for entry in module.imports:
        _import_check(entry, terms)
    for name in ("memory", *REQUIRED):
        if name not in module.exports:
            raise LoadError(terms.name, "missing-export", f"the module exports no {name}")
    _export_types_check(module, terms)
    _memory_check(module, terms)


def _import_check(entry: Import, terms: Terms) -> None:
    expected = IMPORTS.get(entry.full_name)
    text = ""
    if entry.kind != "function":
        text = f"a {entry.kind} cannot be imported"
    elif entry.full_name not in terms.imports:
        text = "it is not among the imports of the manifest"
    elif expected is None:
        text = f"no host knows it; known are {', '.join(IMPORTS)}"
    elif entry.type != expected:
        text = f"its type is {entry.type}, must be {expected}"
    if text:
        raise LoadError(terms.name, "import-denied", f"{entry.full_name}: {text}")


def _export_types_check(module: Module, terms: Terms) -> None:
    kind, _ = module.exports["memory"]
    if kind != "memory":
        raise LoadError(terms.name, "export-type", f"memory is a {kind}")
    for name, expected in {**REQUIRED, **OPTIONAL}.items():
        if name in module.exports and module.function_export(name) != expected:
            found = module.function_export(name) or f"a {module.exports[name][0]}"
            raise LoadError(terms.name, "export-type", f"{name} is {found}, must be {expected}")


def _memory_check(module: Module, terms: Terms) -> None:
    memory = module.memories[0]
    granted = -(-terms.memory_bytes // PAGE)
    heap_base = module.heap_base or 0
    text = ""
    if memory.maximum != memory.minimum:
        most = "none" if memory.maximum is None else str(memory.maximum)
        text = f"its maximum ({most}) is not its initial size ({memory.minimum} pages)"
    elif memory.minimum != granted:
        text = f"it declares {memory.minimum} pages, memory_bytes takes {granted}"
    elif module.data_end > terms.memory_bytes:
        text = f"data up to {module.data_end}, memory_bytes is {terms.memory_bytes}"
    elif heap_base > terms.memory_bytes:
        text = f"__heap_base is {heap_base}, memory_bytes is {terms.memory_bytes}"
    if text:
        raise LoadError(terms.name, "memory-limit", text)
