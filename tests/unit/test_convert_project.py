"""`wasmote convert`: the crate that it writes, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from convert_support import DTYPES, Net, O, T
from typer.testing import CliRunner, Result

from wasmote.agent import build, check
from wasmote.agent.manifest import Manifest
from wasmote.cli.main import app
from wasmote.convert import blob
from wasmote.errors import EXIT_BUNDLE, EXIT_OK, EXIT_USAGE


def relu(side: int) -> Net:
    """One op on a square plane of `side`."""
    shape = (1, side, side, 1)
    scale: dict[str, Any] = {"scale": 0.1, "zero": 0}
    return Net([T(shape, **scale), T(shape, **scale)], [O("RELU", [0], [1])], [0], [1])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.tflite"
    path.write_bytes(relu(4).build())
    return path


def convert(model: Path, *words: str) -> Result:
    return CliRunner().invoke(
        app, ["convert", str(model), "-o", str(model.parent / "made"), *words]
    )


def test_convert_writes_a_crate(model: Path) -> None:
    got = convert(model, "--json")
    assert got.exit_code == EXIT_OK, got.stderr
    said = json.loads(got.stdout)
    folder = Path(said["crate"])
    assert [Path(path).relative_to(folder).as_posix() for path in said["files"]] == [
        "Cargo.toml",
        "src/lib.rs",
        "model.bin",
        "golden.bin",
    ]
    parsed = blob.parse((folder / "model.bin").read_bytes())
    assert parsed.made.bytes == 16


def test_convert_prints_the_map_of_the_arena(model: Path) -> None:
    got = convert(model, "--map")
    assert got.exit_code == EXIT_OK, got.stderr
    assert "arena: " in got.stdout
    assert "####" in got.stdout


def test_convert_does_not_write_over_other_folders(model: Path) -> None:
    there = model.parent / "made"
    there.mkdir()
    for words in ([], ["--replace"]):
        got = convert(model, *words)
        assert got.exit_code == EXIT_USAGE
        assert "is there already" in got.stderr
    assert not list(there.iterdir())


def test_convert_replaces_what_it_made(model: Path) -> None:
    assert convert(model).exit_code == EXIT_OK
    before = (model.parent / "made/model.bin").read_bytes()
    model.write_bytes(relu(6).build())
    assert convert(model).exit_code == EXIT_USAGE
    assert (model.parent / "made/model.bin").read_bytes() == before
    assert convert(model, "--replace").exit_code == EXIT_OK
    assert (model.parent / "made/model.bin").read_bytes() != before


def test_convert_says_what_a_board_takes(model: Path) -> None:
    got = convert(model, "--board", "MPS2_AN386", "--json")
    assert got.exit_code == EXIT_OK, got.stderr
    said = json.loads(got.stdout)["prediction"]
    assert said["board"] == "MPS2_AN386"
    assert said["flash_bytes"] == (model.parent / "made/model.bin").stat().st_size
    assert said["instructions"] > sum(said["layers"]) > 0
    assert said["ms"] > 0


def test_convert_refuses_what_does_not_fit_in_ram(model: Path) -> None:
    model.write_bytes(relu(1024).build())
    got = convert(model, "--board", "MPS2_AN386")
    assert got.exit_code == EXIT_BUNDLE
    assert "MPS2_AN386: needs about" in got.stderr
    assert "step 0 RELU (layer 't1')" in got.stderr
    assert not (model.parent / "made").exists()


@pytest.mark.parametrize(
    ("board", "rows", "place"),
    [("MPS2_AN386", 4096, "agent store"), ("PYBV11", 64, "file system")],
)
def test_convert_refuses_what_does_not_fit_in_flash(
    model: Path, board: str, rows: int, place: str
) -> None:
    columns = 3584
    shapes = [(1, columns), (rows, columns), (rows,), (1, rows)]
    tensors = [
        T(shapes[0], scale=0.1),
        T(shapes[1], scale=0.1, data=np.ones(shapes[1], np.int8)),
        T(shapes[2], dtype="int32", scale=0.01, data=np.zeros(rows, np.int32)),
        T(shapes[3], scale=0.1),
    ]
    ops = [O("FULLY_CONNECTED", [0, 1, 2], [3], ("FullyConnectedOptions", {}))]
    model.write_bytes(Net(tensors, ops, [0], [3]).build())
    got = convert(model, "--board", board)
    assert got.exit_code == EXIT_BUNDLE
    assert f"bytes of flash, its {place} has" in got.stderr


def arg_max(dtype: str) -> Net:
    axis = T((1,), dtype="int32", scale=None, data=[1])
    kinds = {"OutputType": DTYPES[dtype]}
    ops = [O("ARG_MAX", [0, 1], [2], ("ArgMaxOptions", kinds))]
    return Net([T((1, 9)), axis, T((1,), dtype=dtype, scale=None)], ops, [0], [2])


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_convert_and_build_indices_of_both_widths(model: Path, dtype: str) -> None:
    model.write_bytes(arg_max(dtype).build())
    assert convert(model).exit_code == EXIT_OK
    bundle = model.parent / "bundle"
    build.build(model.parent / "made", bundle)
    assert not check.has_errors(check.check(bundle))
    (output,) = Manifest.read(bundle).outputs
    assert (output.dtype, output.shape) == (dtype, (1,))


def test_convert_refuses_ends_that_agents_cannot_have(model: Path) -> None:
    shape = T((2,), dtype="int32", scale=None, data=[2, 2])
    ends = [T(sides, dtype="bool", scale=None) for sides in ((1, 4), (2, 2))]
    net = Net([ends[0], shape, ends[1]], [O("RESHAPE", [0, 1], [2])], [0], [2])
    model.write_bytes(net.build())
    got = convert(model)
    assert got.exit_code == EXIT_BUNDLE
    assert "tensor 0 't0' is bool; agents take and give int8" in got.stderr


def test_convert_names_the_boards_there_are(model: Path) -> None:
    got = convert(model, "--board", "MPS2_AN38")
    assert got.exit_code != EXIT_OK
    assert "MPS2_AN386" in got.stderr


def test_convert_refuses_a_name_that_no_agent_can_have(model: Path) -> None:
    got = CliRunner().invoke(app, ["convert", str(model), "-o", str(model.parent / "Two Words")])
    assert got.exit_code == EXIT_USAGE
    assert "cannot name an agent" in got.stderr
