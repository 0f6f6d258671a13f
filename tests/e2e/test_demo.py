"""make demo's own command, from nothing to its verdict."""

import json

from commands import Run
from PIL import Image

from wasmote import paths
from wasmote.boards import Board


def test_demo_holds(wasmote: Run, board: Board) -> None:
    got = wasmote("demo", board.name, "--json")
    assert got.returncode == 0, got.stdout + got.stderr
    figures = json.loads(got.stdout)
    assert figures == json.loads((paths.REPORT / "demo.json").read_text())
    samples = figures["samples"]
    assert samples >= 300
    assert figures["accuracy"] >= 0.97
    for key in ("produced", "acknowledged", "received", "bytes_equal"):
        assert figures[key] == samples, key
    assert 0 < figures["ram_bytes"] <= 262_144
    assert figures["instructions_per_inference"] > 0
    with Image.open(paths.REPORT / "confusion.png") as picture:
        assert picture.size[0] > 400


def test_demo_leaves_nothing_running(wasmote: Run, board: Board) -> None:
    """The simulator's lock is free again, so its process is gone."""
    from wasmote.sim import Simulator

    with Simulator(board, f"demo-{board.name}") as running:
        assert running.running


def test_bench_is_exact(wasmote: Run, board: Board) -> None:
    got = wasmote("bench", board.name, "--json")
    assert got.returncode == 0, got.stdout + got.stderr
    figures = json.loads(got.stdout)
    assert figures == json.loads((paths.REPORT / "bench.json").read_text())
    assert figures["board"] == board.name
    assert figures["identical_runs"] == 3
    assert 0 < figures["infer_instructions"] < figures["load_instructions"]
    per_mac = figures["infer_instructions"] / figures["multiply_accumulates"]
    assert figures["instructions_per_mac"] == round(per_mac, 2)


def test_bench_sign_is_exact(wasmote: Run, board: Board) -> None:
    got = wasmote("bench-sign", board.name, "--json")
    assert got.returncode == 0, got.stdout + got.stderr
    (figures,) = json.loads(got.stdout)
    assert figures == json.loads((paths.REPORT / "bench-sign.json").read_text())[board.name]
    assert 100_000 < figures["empty_instructions"] < figures["message_instructions"]
