"""`agent check`: each way in which a bundle can be wrong gives a finding that names it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bundle_support
import pytest
from bundle_support import tensor
from wasmtime import wat2wasm

from wasmote.agent import golden
from wasmote.agent.check import Finding, check, has_errors

VECTORS = Path(__file__).parents[1] / "vectors" / "abi"
PAIRS = [(bytes(4), b"\1\1\1\1"), (bytes([1, 2, 3, 4]), bytes([2, 3, 4, 5]))]
HEAP_BASE = '(global (export "__heap_base") i32 (i32.const 64)))'
GOOD = (VECTORS / "good.wat").read_text().rstrip().removesuffix(")") + HEAP_BASE
Change = Callable[[dict[str, Any]], object]


def bundle(
    folder: Path,
    wat: str = GOOD,
    pairs: list[tuple[bytes, bytes]] | None = None,
    change: Change = lambda manifest: None,
    **files: bytes,
) -> Path:
    """A bundle that is right but for what the arguments change."""
    contents = {
        "agent.wasm": bytes(wat2wasm(wat)),
        "golden.bin": golden.write(pairs or PAIRS),
        **{name.replace("_", "."): data for name, data in files.items()},
    }
    manifest = bundle_support.manifest(
        "x",
        contents,
        inputs=[tensor("in", "int8", 4)],
        outputs=[tensor("out", "int8", 4)],
        memory_bytes=64,
        deadline_ms=100,
    )
    change(manifest)
    bundle_support.write(folder, contents, manifest)
    return folder


def only(folder: Path) -> Finding:
    findings = check(folder)
    assert len(findings) == 1, findings
    return findings[0]


def inferring(body: str) -> str:
    lines = GOOD.split("\n")
    start = next(i for i, line in enumerate(lines) if '"infer"' in line)
    end = next(i for i, line in enumerate(lines) if '"output"' in line)
    return "\n".join([*lines[:start], f'(func (export "infer") (param i32) (result i32) {body})',
                      *lines[end:]])  # fmt: skip


def test_right_bundle_has_no_findings(tmp_path: Path) -> None:
    assert check(bundle(tmp_path)) == []


def test_no_bundle(tmp_path: Path) -> None:
    finding = only(tmp_path)
    assert (finding.severity, finding.where) == ("error", "manifest.json")
    assert "wasmote agent build" in str(finding)


def test_manifest_problems_are_findings_one_by_one(tmp_path: Path) -> None:
    def change(manifest: dict[str, Any]) -> None:
        manifest.update(sequence=0, deadline_ms=0)

    findings = check(bundle(tmp_path, change=change))
    wheres = [finding.where for finding in findings]
    assert wheres == ["manifest.json: sequence", "manifest.json: deadline_ms"]
    assert has_errors(findings)


@pytest.mark.parametrize("name", ["agent.wasm", "golden.bin"])
def test_changed_file(tmp_path: Path, name: str) -> None:
    path = bundle(tmp_path) / name
    path.write_bytes(path.read_bytes()[:-1] + b"\x77")
    findings = check(tmp_path)
    assert [(f.severity, f.where) for f in findings] == [("error", name)]
    assert "SHA-256" in findings[0].what


def test_missing_file(tmp_path: Path) -> None:
    (bundle(tmp_path) / "golden.bin").unlink()
    assert only(tmp_path).where == "golden.bin"


def test_file_that_is_not_listed(tmp_path: Path) -> None:
    (bundle(tmp_path) / "notes.txt").write_text("?")
    finding = only(tmp_path)
    assert (finding.severity, finding.where) == ("warning", "notes.txt")
    assert not has_errors([finding])


def test_signature_need_not_be_listed(tmp_path: Path) -> None:
    head = b"WMSG" + bytes([1, 0, 1, 0])
    (bundle(tmp_path) / "manifest.sig").write_bytes(head + bytes(72))
    assert check(tmp_path) == []


def test_wrong_golden_output(tmp_path: Path) -> None:
    pairs = [PAIRS[0], (PAIRS[1][0], bytes([2, 3, 4, 6]))]
    assert only(bundle(tmp_path, pairs=pairs)).what == "pair 1: byte 3 is 5, expected 6"


def test_golden_of_other_lengths(tmp_path: Path) -> None:
    finding = only(bundle(tmp_path, pairs=[(bytes(5), bytes(4))]))
    assert "pairs of 5 + 4 bytes, tensors of 4 + 4" in finding.what


def test_golden_that_is_none(tmp_path: Path) -> None:
    assert "magic" in only(bundle(tmp_path, golden_bin=bytes(64))).what


def test_bundle_without_golden_is_warned_of(tmp_path: Path) -> None:
    folder = bundle(tmp_path, change=lambda manifest: manifest["files"].pop("golden.bin"))
    (folder / "golden.bin").unlink()
    assert only(folder).severity == "warning"


def test_module_that_does_not_load(tmp_path: Path) -> None:
    finding = only(bundle(tmp_path, wat=GOOD.replace('"infer"', '"inferred"')))
    assert "missing-export: the module exports no infer" in finding.what


def test_module_without_heap_base_is_warned_of(tmp_path: Path) -> None:
    finding = only(bundle(tmp_path, wat=(VECTORS / "good.wat").read_text()))
    assert (finding.severity, "__heap_base" in finding.what) == ("warning", True)


def test_foreign_opcode(tmp_path: Path) -> None:
    body = "(memory.fill (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 4)"
    finding = only(bundle(tmp_path, wat=inferring(body)))
    assert (finding.where, "0xfc" in finding.what) == ("agent.wasm: function 3", True)


def test_memory_that_tensors_do_not_fit(tmp_path: Path) -> None:
    folder = bundle(tmp_path, change=lambda manifest: manifest.update(stack_bytes=60))
    assert only(folder).where == "memory_bytes"


def test_deadline(tmp_path: Path) -> None:
    finding = only(bundle(tmp_path, wat=inferring("(loop (br 0)) (i32.const 4)")))
    assert "pair 0: x: deadline: 100 ms passed in function 3 (infer)" in finding.what


def test_read_behind_memory_bytes(tmp_path: Path) -> None:
    body = "(i32.store (i32.const 32) (i32.load (i32.const 64))) (i32.const 4)"
    finding = only(bundle(tmp_path, wat=inferring(body), pairs=[(bytes(4), bytes(4))]))
    assert "trap: memory out of bounds" in finding.what


# A module that asks for its size cannot be given exact memory: the pattern finds it instead.
SIZE = "(drop (memory.size))"


def test_answer_that_depends_on_the_rest_of_the_page(tmp_path: Path) -> None:
    body = f"{SIZE} (i32.store (i32.const 32) (i32.load (i32.const 64))) (i32.const 4)"
    finding = only(bundle(tmp_path, wat=inferring(body), pairs=[(bytes(4), bytes(4))]))
    assert finding.what == "pair 0 with 0xa5 behind memory_bytes: byte 0 is 165, expected 0"


def test_write_into_the_rest_of_the_page(tmp_path: Path) -> None:
    body = f"{SIZE} (i32.store (i32.const 70) (i32.const 1)) (i32.const 4)"
    finding = only(bundle(tmp_path, wat=inferring(body), pairs=[(bytes(4), bytes(4))]))
    assert "memory behind memory_bytes = 64 changed" in finding.what


def test_import_that_no_host_knows(tmp_path: Path) -> None:
    folder = bundle(tmp_path, change=lambda manifest: manifest.update(imports=["env.secret"]))
    finding = only(folder)
    assert (finding.severity, finding.where) == ("error", "imports: env.secret")


def test_import_that_is_not_used(tmp_path: Path) -> None:
    folder = bundle(tmp_path, change=lambda manifest: manifest.update(imports=["env.log"]))
    finding = only(folder)
    assert (finding.severity, finding.where) == ("warning", "imports: env.log")
    assert finding.to_json().keys() == {"severity", "where", "what", "todo"}


def test_module_for_nodes_alone_is_warned_of(tmp_path: Path) -> None:
    called = '(import "nn" "copy" (func (param i32 i32 i32 i32) (result i32)))'
    wat = GOOD.replace("(module", f"(module {called}", 1)
    finding = only(bundle(tmp_path, wat, change=lambda made: made.update(imports=["nn.copy"])))
    assert (finding.severity, finding.where) == ("warning", "agent.wasm")
    assert "agent.portable.wasm" in finding.todo
