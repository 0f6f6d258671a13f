"""The module reader: what it finds, and that no bytes make it fail in any other way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wasmtime import wat2wasm

from wasmote.agent import opcodes, wasm
from wasmote.agent.wasm import FuncType
from wasmote.agent.wasm_reader import Limits, WasmError

TEXT = """(module
  (import "env" "log" (func (param i32 i32)))
  (memory (export "memory") 2 3)
  (table 4 funcref)
  (global (export "__heap_base") i32 (i32.const 1040))
  (global $sp (mut i32) (i32.const 16))
  (func $main (export "main") (param i64) (result f32)
    (local f64 f64)
    (block (loop (br_if 1 (i32.const -1)) (br_table 0 1 (i32.const 2))))
    (drop (i64.const -9223372036854775808))
    (drop (f64.const 1))
    (drop (call_indirect (result i32) (i32.const 0)))
    (i32.store8 offset=70000 (i32.const 0) (i32.extend16_s (i32.load align=1 (i32.const 0))))
    (f32.const 1))
  (start $go)
  (func $go)
  (elem (i32.const 1) $main $go)
  (data (i32.const 1000) "abcdef")
  (data (i32.const 8) "x"))"""
MODULE = bytes(wat2wasm(TEXT))


def compiled(body: str, before: str = "(memory 1)") -> bytes:
    return bytes(wat2wasm(f"(module {before} (func $f {body}))"))


def test_module_is_read() -> None:
    module = wasm.parse(MODULE)
    assert [entry.full_name for entry in module.imports] == ["env.log"]
    assert module.imports[0].type == FuncType(("i32", "i32"), ())
    assert module.memories == [Limits(2, 3)]
    assert module.tables == [Limits(4, None)]
    assert module.exports == {
        "memory": ("memory", 0),
        "__heap_base": ("global", 0),
        "main": ("function", 1),
    }
    assert module.function_export("main") == FuncType(("i64",), ("f32",))
    assert module.function_export("memory") is None
    assert module.heap_base == 1040
    assert module.data_end == 1006
    assert module.start == 2
    assert module.names == {1: "main", 2: "go"}
    assert opcodes.foreign(module) == []


def test_custom_sections_are_taken_away_and_nothing_else() -> None:
    stripped = wasm.strip_custom(MODULE)
    kept = [(kind, body) for kind, body, _ in wasm.sections(MODULE) if kind != 0]
    assert [(kind, body) for kind, body, _ in wasm.sections(stripped)] == kept
    assert len(stripped) < len(MODULE)
    assert wasm.strip_custom(stripped) == stripped


@pytest.mark.parametrize(
    ("body", "opcode"),
    [
        ("(drop (i32.trunc_sat_f32_s (f32.const 1)))", "0xfc"),
        ("(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))", "0xfc"),
        ("(memory.copy (i32.const 0) (i32.const 0) (i32.const 0))", "0xfc"),
        ("(drop (i8x16.splat (i32.const 1)))", "0xfd"),
        ("(drop (i32.atomic.load (i32.const 0)))", "0xfe"),
        ("(return_call $f)", "0x12"),
        ("(drop (ref.null func))", "0xd0"),
        ("(drop (select (result i32) (i32.const 1) (i32.const 2) (i32.const 3)))", "0x1c"),
    ],
)
def test_opcodes_beyond_sign_extension_are_found(body: str, opcode: str) -> None:
    module = wasm.parse(compiled(body))
    assert opcodes.foreign(module) == [(0, opcode)]


@pytest.mark.parametrize(
    "text",
    [
        "(module (memory i64 1))",
        "(module (memory 1 1 shared))",
        "(module (func (param v128)))",
        "(module (global externref (ref.null extern)))",
        "(module (tag))",
        '(module (memory 1) (data "passive"))',
        "(module (func $f) (elem declare func $f))",
        "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))",
    ],
)
def test_features_beyond_the_mvp_are_refused(text: str) -> None:
    with pytest.raises(WasmError):
        wasm.parse(bytes(wat2wasm(text)))


def test_multi_value_blocks_are_found() -> None:
    module = wasm.parse(compiled("(block (result i32 i32) (i32.const 1) (i32.const 2)) drop drop"))
    with pytest.raises(WasmError, match="several results"):
        opcodes.foreign(module)


@pytest.mark.parametrize("length", range(len(MODULE)))
def test_truncated_module_is_refused_or_lacks_parts(length: int) -> None:
    try:
        assert wasm.parse(MODULE[:length]) != wasm.parse(MODULE)
    except WasmError as error:
        assert "agent.wasm: " in str(error)


@given(st.binary(max_size=200), st.integers(8, len(MODULE)))
def test_no_bytes_raise_anything_but_wasm_error(noise: bytes, at: int) -> None:
    for data in (noise, wasm.MAGIC + noise, MODULE[:at] + noise):
        try:
            module = wasm.parse(data)
            opcodes.foreign(module)
            wasm.strip_custom(data)
        except WasmError:
            pass


def test_exact_memory_replaces_the_limits() -> None:
    data = wasm.with_exact_memory(compiled("(drop (i32.const 1))", "(memory 1 1)"), 300)
    body = next(body for kind, body, _ in wasm.sections(data) if kind == 5)
    assert body == b"\x01\x09\xac\x02\xac\x02\x00"


@pytest.mark.parametrize(("body", "asks"), [("(drop (memory.size))", True), ("nop", False)])
def test_memory_size_is_seen(body: str, asks: bool) -> None:
    assert opcodes.asks_for_size(wasm.parse(compiled(body))) is asks
