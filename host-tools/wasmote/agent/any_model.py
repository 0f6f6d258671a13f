"""The agent that runs any model that fits (agents/nn/any-model), for measurements and tests."""

from functools import cache

from wasmote.agent import toolchain, variants, wasm
from wasmote.agent.crate import read_crate
from wasmote.agent.variants import NODE_FILE
from wasmote.convert.blob import OPS
from wasmote.errors import BuildError
from wasmote.paths import AGENTS, BUILD

CRATE = AGENTS / "nn" / "any-model"
# What its build for nodes has room for, in bytes and calls.
MOST_ARENA, MOST_STEPS = 45056, 64
VM_STACK_BYTES = 1024
IMPORTS = tuple(f"{variants.NN}{name}" for name in ("read", *OPS))


@cache
def module(file: str = NODE_FILE) -> bytes:
    """One of its modules."""
    crate = read_crate(CRATE)
    variant = next(v for v in variants.of(crate) if v.file == file)
    linked = toolchain.compile_crate(crate, variant, BUILD / "cargo")
    optimised = toolchain.optimise(linked, crate, variant).read_bytes()
    return wasm.strip_custom(wasm.with_fixed_memory(optimised))


def memory_bytes(module: bytes) -> int:
    """Linear memory that a module needs."""
    heap_base = wasm.parse(module).heap_base
    if heap_base is None:
        raise BuildError(f"{CRATE.name}: the module exports no __heap_base")
    return -(-heap_base // 16) * 16
