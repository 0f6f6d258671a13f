"""`wasmote inspect` of .onnx files: shapes as the file has them, and onnxruntime's differences."""

import json
from pathlib import Path

import onnx
import pytest
from onnx_support import Qdq, load
from typer.testing import CliRunner, Result

from wasmote.cli.main import app
from wasmote.convert import compare
from wasmote.errors import EXIT_BUNDLE, EXIT_OK


def invoke(*words: object) -> Result:
    return CliRunner().invoke(app, ["inspect", *map(str, words)])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    net = Qdq(0)
    x = net.qdq(net.op("Conv", net.given(1, 3, 6, 8), net.kernel(4, 3, 3, 3)), 0.2)
    path = tmp_path / "model.onnx"
    path.write_bytes(net.bytes(net.op("Softmax", x, axis=1)))
    return path


def test_onnx_inspect_as_json(model: Path) -> None:
    got = invoke(model, "--json")
    assert got.exit_code == EXIT_OK
    cost = json.loads(got.stdout)
    assert cost["inputs"][0]["name"] == "input"
    assert cost["inputs"][0]["shape"] == [1, 3, 6, 8]
    assert cost["outputs"][0]["shape"] == [1, 4, 4, 6]
    assert (cost["outputs"][0]["scale"], cost["outputs"][0]["zero_point"]) == (1 / 256, -128)
    assert cost["onnxruntime"]["samples"] == 16
    assert cost["onnxruntime"]["elements"] == 16 * 4 * 4 * 6


def test_onnx_convert_says_so_too(model: Path, tmp_path: Path) -> None:
    words = ["convert", str(model), "--out", str(tmp_path / "agent")]
    got = CliRunner().invoke(app, words)
    assert got.exit_code == EXIT_OK
    assert "of 1536 outputs differ from onnxruntime" in got.stdout
    got = CliRunner().invoke(app, [*words, "--replace", "--json"])
    assert json.loads(got.stdout)["onnxruntime"]["elements"] == 1536


def test_onnx_inspect_says_how_many_outputs_differ(model: Path) -> None:
    got = invoke(model)
    assert got.exit_code == EXIT_OK
    assert "of 1536 outputs differ from onnxruntime" in got.stdout


def test_onnx_inspect_without_onnxruntime(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare.importlib.util, "find_spec", lambda name: None)
    got = invoke(model)
    assert got.exit_code == EXIT_OK
    assert "onnxruntime is not installed" in got.stdout


def test_onnx_inspect_goes_on_where_onnxruntime_cannot(model: Path) -> None:
    made = onnx.load(model)
    made.ir_version = 99
    onnx.save(made, model)
    got = invoke(model)
    assert got.exit_code == EXIT_OK
    assert "onnxruntime cannot run this file" in got.stdout
    assert "IR version" in got.stdout


def test_onnx_inspect_names_the_file_and_the_node(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    net = Qdq(0)
    path.write_bytes(net.bytes(net.op("LSTM", net.given(1, 2, 3))))
    got = invoke(path)
    assert got.exit_code == EXIT_BUNDLE
    assert f"{path}: node 2 LSTM (layer 'lstm2_0'): this operator is not supported" in got.stderr


def test_onnx_comparison_counts_differences(model: Path) -> None:
    """Against another file's answers, nearly everything differs."""
    other = Qdq(1)
    x = other.qdq(other.op("Conv", other.given(1, 3, 6, 8), other.kernel(4, 3, 3, 3)), 0.2)
    got = compare.compare(other.bytes(other.op("Softmax", x, axis=1)), load(model.read_bytes()))
    assert got.differing > got.elements / 2
    assert got.far > 0
    assert got.largest > 1
