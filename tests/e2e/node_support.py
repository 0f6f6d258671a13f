"""A whole node as a process: bundles made of WebAssembly text, a configuration, wasmote.run()."""

import json
import struct
from pathlib import Path
from typing import Any

import bundle_support
import wasmtime
from mqtt_support import Process

# Takes one byte at 16 and gives it back, plus one, at 32. Three bytes are its bad days.
WAT = """
(module
  (memory (export "memory") 1 1)
  (func (export "abi") (result i32) i32.const 1)
  (func (export "init") (param i32) (result i32) i32.const 0)
  (func (export "input") (param i32) (result i32) i32.const 16)
  (func (export "output") (result i32) i32.const 32)
  (func (export "infer") (param i32) (result i32)
    (local $x i32)
    (local.set $x (i32.load8_u (i32.const 16)))
    (if (i32.eq (local.get $x) (i32.const 100)) (then unreachable))
    (if (i32.eq (local.get $x) (i32.const 101)) (then (loop $again (br $again))))
    (if (i32.eq (local.get $x) (i32.const 102)) (then (return (i32.const -4))))
    (i32.store8 (i32.const 32) (i32.add (local.get $x) (i32.const 1)))
    i32.const 1))
"""
TRAPS, LOOPS, REFUSES = 100, 101, 102


# Gives its byte back after as many tenths of a second as that says, in slices of 5 ms.
SLOW_WAT = """
(module
  (import "env" "now_us" (func $now (result i64)))
  (memory (export "memory") 1 1)
  (global $end (mut i64) (i64.const 0))
  (func (export "abi") (result i32) i32.const 1)
  (func (export "init") (param i32) (result i32) i32.const 0)
  (func (export "input") (param i32) (result i32) i32.const 16)
  (func (export "output") (result i32) i32.const 16)
  (func $until (param $when i64)
    (loop $again (br_if $again (i64.lt_u (call $now) (local.get $when)))))
  (func (export "begin") (param i32) (result i32)
    (global.set $end (i64.add (call $now)
      (i64.mul (i64.load8_u (i32.const 16)) (i64.const 100000))))
    i32.const 0)
  (func (export "step") (result i32)
    (call $until (i64.add (call $now) (i64.const 5000)))
    (i64.lt_u (call $now) (global.get $end)))
  (func (export "infer") (param i32) (result i32) unreachable))
"""


def add_agent(root: Path, name: str, wat: str = WAT, **changes: Any) -> None:
    """Puts a bundle into the node's /agents."""
    contents = {"agent.wasm": bytes(wasmtime.wat2wasm(wat))}
    folder = root / "agents" / name
    folder.mkdir(parents=True)
    bundle_support.write(folder, contents, bundle_support.manifest(name, contents, **changes))


def add_samples(root: Path, name: str, values: list[int]) -> None:
    """Puts a sample file of one byte a sample into the node's /samples."""
    folder = root / "samples"
    folder.mkdir(exist_ok=True)
    header = struct.pack("<4sHHII", b"WMSF", 1, 0, 1, len(values))
    (folder / f"{name}.bin").write_bytes(header + bytes(values))


def entry(name: str, period_ms: int = 0, **changes: Any) -> dict[str, Any]:
    """An agent's entry in the configuration, with the replay sensor of the same name."""
    sensor = {"kind": "replay", "path": f"/samples/{name}.bin", "period_ms": period_ms}
    return {"name": name, "sensor": sensor} | changes


class Node(Process):
    """wasmote.run() with a configuration, in a folder of its own."""

    def __init__(
        self,
        root: Path,
        agents: list[dict[str, Any]] | None,
        *,
        main: str = "import wasmote\nwasmote.run()\nprint('back')\n",
        **changes: Any,
    ) -> None:
        """Starts it; `changes` go into the configuration. No agents: with the one that is there."""
        if agents is not None:
            config = {"site": "site", "node": "node", "stat_s": 1, "agents": agents} | changes
            (root / "wasmote.json").write_text(json.dumps(config))
        (root / "main.py").write_text(main)
        super().__init__(["main.py"], root)

    def done(self) -> dict[str, int]:
        """The counters of its last line, once it has given the prompt back."""
        line = self.wait_for("wasmote: done ")
        self.wait_for("back")
        pairs = (pair.split("=") for pair in line.split()[2:])
        return {key: int(value) for key, value in pairs}
