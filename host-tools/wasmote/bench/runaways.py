"""Agents that never end by themselves, each in a way of its own (make bench-deadlines)."""

from collections.abc import Callable
from dataclasses import dataclass

import wasmtime

# A module keeps two words in its memory, behind these bytes in its data: how often a quick loop
# turns before the kind's own work begins, so that the deadline comes at another point each time,
# and a length.
MARK = b"phase at"
# What one with host operations has, and the largest arena in it.
NN_MEMORY_BYTES, ARENA, ARENA_BYTES = 45056, 1024, 40960
MEMORY_BYTES = 2048
STRAIGHT = 1250  # times four instructions


@dataclass(frozen=True)
class Kind:
    """`body` is Wasm text inside the function that `where` names, behind the quick loop."""

    name: str
    body: str
    functions: str = ""
    imports: tuple[str, ...] = ()
    where: str = "infer"
    data: str = ""
    # Of the runs, one in so many: what prints is slow to emulate.
    share: int = 1

    @property
    def memory_bytes(self) -> int:
        """Its linear memory."""
        uses_nn = any(name.startswith("nn.") for name in self.imports)
        return NN_MEMORY_BYTES if uses_nn else MEMORY_BYTES

    def module(self) -> bytes:
        """The agent."""
        return bytes(wasmtime.wat2wasm(_AGENT.format(**_parts(self))))


_SIGNATURES = {
    "env.log": "(param i32 i32)",
    "env.now_us": "(result i64)",
    "nn.read": "(param i32 i32 i32) (result i32)",
}
_OPERATION = "(param i32 i32 i32 i32) (result i32)"

_AGENT = """
(module
  (type $f (func (param i32) (result i32)))
  {imports}
  (memory (export "memory") 1 1)
  (table 4 4 funcref)
  (elem (i32.const 0) $ping $pong $ping $pong)
  (global $g (mut i32) (i32.const 7))
  (global $l (mut i64) (i64.const 7))
  (global $d (mut f64) (f64.const 7))
  (data (i32.const 0) "phase at\\00\\00\\00\\00")
  {data}
  (func $phase (local i32)
    (local.set 0 (i32.load (i32.const 8)))
    (loop $again
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if $again (i32.gt_s (local.get 0) (i32.const 0)))))
  (func $ping (type $f)
    (if (i32.le_s (local.get 0) (i32.const 0)) (then (return (i32.const 1))))
    (i32.add
      (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 1))
      (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 3))))
  (func $pong (type $f)
    (if (i32.le_s (local.get 0) (i32.const 0)) (then (return (i32.const 1))))
    (i32.add
      (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))
      (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 2))))
  {functions}
  (func $start {start})
  (func $init {init})
  (func $infer {infer})
  (func $begin {begin})
  (func $step (result i32) {step})
  {start_section}
  (func (export "abi") (result i32) (i32.const 1))
  (func (export "init") (param i32) (result i32) (call $init) (i32.const 0))
  (func (export "input") (param i32) (result i32) (i32.const 16))
  (func (export "infer") (param i32) (result i32) (call $infer) (i32.const 4))
  (func (export "begin") (param i32) (result i32) (call $begin) (i32.const 0))
  (func (export "step") (result i32) (call $step))
  (func (export "output") (result i32) (i32.const 16)))
"""


def _import(name: str) -> str:
    module, _, field = name.partition(".")
    signature = _SIGNATURES.get(name, _OPERATION)
    return f'(import "{module}" "{field}" (func ${field} {signature}))'


def _parts(kind: Kind) -> dict[str, str]:
    parts = dict.fromkeys(("begin", "init", "infer", "start", "start_section"), "")
    parts["step"] = "(i32.const 1)"
    if kind.where == "start":
        parts["start_section"] = "(start $start)"
    if kind.where == "step":
        parts["begin"], parts["step"] = "(call $phase)", kind.body
    else:
        parts[kind.where] = f"(call $phase) {kind.body}"
    parts["imports"] = " ".join(_import(name) for name in kind.imports)
    return {**parts, "functions": kind.functions, "data": kind.data}


def _forever(*body: str) -> str:
    return f"(loop $for_ever {' '.join(body)} (br $for_ever))"


_ADD = "(global.set $g (i32.add (global.get $g) (i32.const 3)))"
_DIVIDE = (
    "(global.set $l (i64.div_s (i64.const -9223372036854775807)"
    " (i64.or (global.get $l) (i64.const 3))))"
)
_ROOT = "(global.set $d (f64.sqrt (f64.add (global.get $d) (f64.const 1.7))))"
_FLOAT = "(global.set $d (f64.div (f64.const 1e300) (f64.add (global.get $d) (f64.const 1.7))))"


def _words(*values: int) -> str:
    every = b"".join(value.to_bytes(4, "little") for value in values)
    return "".join(f"\\{byte:02x}" for byte in every)


def _pool(side_in: int, window: int) -> str:
    """A parameter block of average_pool_s8 at ARENA - 128: one channel, no padding."""
    out = side_in - window + 1
    block = (
        *(0, side_in * side_in, side_in, side_in, 1, out, out, 1),
        *(window, window, 1, 1, 1, 1, 0, 0, 0xFFFFFF80, 127),
    )
    return f'(data (i32.const {ARENA - 128}) "{_words(*block)}")'


_CALL_POOL = (
    f"(drop (call $average_pool_s8 (i32.const {ARENA - 128}) (i32.const {ARENA}) "
    f"(i32.const {ARENA_BYTES}) (i32.const -1)))"
)
# Each way through jumps over the ticks that its blocks hold.
_AROUND = "(block (block (br_if 1 (global.get $g)) {inner}) {inner})"


def _chain(depth: int) -> str:
    """Else within else: the first branches are long, and not taken."""
    long = _ADD * 40
    if depth == 0:
        return long
    return f"{_ADD * 20} (if (i32.eqz (global.get $g)) (then {long}) (else {_chain(depth - 1)}))"


def _switch(cases: int, body: Callable[[int], str]) -> str:
    labels = " ".join(str(i) for i in range(cases))
    index = f"(i32.rem_u (global.get $g) (i32.const {cases}))"
    text = f"(br_table {labels} 0 {index})"
    for i in range(cases):
        text = f"(block {text}) {body(i)}"
    return f"{_ADD} (block $out {text})"


def _recursive(name: str, local: str, before: str, after: str) -> str:
    return (
        f"(func ${name} (param i32) {local} (if (i32.eqz (local.get 0)) (then (return))) {before} "
        f"(call ${name} (i32.sub (local.get 0) (i32.const 1))) {after})"
    )


_FRAME = "(local " + "f64 " * 110 + ")"

KINDS = (
    Kind("bare loop", "(loop $for_ever (br $for_ever))"),
    Kind("loops within loops", _forever(*["(loop"] * 20, _ADD, *[")"] * 20)),
    Kind("a straight body", _forever(_ADD * STRAIGHT)),
    Kind("a quick loop, then divisions", _forever(_DIVIDE * 300)),
    Kind("a quick loop, then roots", _forever(_ROOT * 300)),
    Kind("a quick loop, then float divisions", _forever(_FLOAT * 300)),
    Kind("blocks left early", _forever(_AROUND.format(inner=_ADD * 30) * 15)),
    Kind("long blocks left early", _forever(_AROUND.format(inner=_DIVIDE * 5) * 15)),
    Kind("else within else", _forever(_chain(12))),
    Kind("br_table", _forever(_switch(40, lambda i: _ADD * (i % 5)))),
    Kind("a loop in a callee", _forever("(call $phase)")),
    Kind("calls that double", "(call $f (i32.const 25))",
         "(func $f (param i32) (if (i32.eqz (local.get 0)) (then (return)))"
         "(call $f (i32.sub (local.get 0) (i32.const 1)))"
         "(call $f (i32.sub (local.get 0) (i32.const 1))))"),
    Kind("call_indirect in turn", "(drop (call $ping (i32.const 25)))"),
    Kind("deep, then long on the way back", _forever("(call $f (i32.const 20))"),
         _recursive("f", "", "", _ADD * 20)),
    Kind("large frames", _forever("(call $f (i32.const 6))"), _recursive("f", _FRAME, "", "")),
    Kind("nn calls", _forever(_CALL_POOL), imports=("nn.average_pool_s8",), data=_pool(140, 1)),
    Kind("a long nn call", _forever(_CALL_POOL), imports=("nn.average_pool_s8",),
         data=_pool(140, 70)),
    Kind("nn calls in a row", _forever(_CALL_POOL * 40), imports=("nn.average_pool_s8",),
         data=_pool(100, 1)),
    Kind("nn.read", _forever(
        f"(drop (call $read (i32.const 0) (i32.const {ARENA}) (i32.const {ARENA_BYTES})))" * 20),
         imports=("nn.read",)),
    Kind("env.now_us", _forever("(drop (call $now_us))" * 50), imports=("env.now_us",)),
    Kind("env.log", _forever(f"(call $log (i32.const {ARENA}) (i32.const 100))"),
         imports=("env.log",), share=8),
    Kind("the start function", _forever(_ADD * 50), where="start"),
    Kind("init", _forever(_ADD * 50), where="init"),
    Kind("begin", _forever(_ADD * 50), where="begin"),
    Kind("a step", _forever(_ADD * 50) + "(i32.const 1)", where="step"),
    Kind("steps without end", "(call $phase) (i32.const 1)", where="step"),
)  # fmt: skip
