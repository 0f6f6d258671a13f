"""`wasmote inspect`: figures, map, JSON, refusals."""

import json
from pathlib import Path

import numpy as np
from convert_support import MODELS, Net, O, T, needs_models
from typer.testing import CliRunner, Result

from wasmote.cli.main import app
from wasmote.errors import EXIT_BUNDLE, EXIT_MISSING, EXIT_OK


def invoke(*words: object) -> Result:
    return CliRunner().invoke(app, ["inspect", *map(str, words)])


@needs_models
def test_inspect_keyword_model_as_json() -> None:
    got = invoke(MODELS / "kws_ref_model.tflite", "--json")
    assert got.exit_code == EXIT_OK
    cost = json.loads(got.stdout)
    assert cost["macs"] == 2_656_768
    assert cost["arena_bytes"] == 17_728
    assert [layer["op"] for layer in cost["layers"]][-2:] == ["FULLY_CONNECTED", "SOFTMAX"]
    assert cost["outputs"][0]["shape"] == [1, 12]
    assert cost["offsets"][str(0)] % 16 == 0


@needs_models
def test_inspect_prints_a_table_and_a_map() -> None:
    got = invoke(MODELS / "micro_speech_quantized.tflite", "--map")
    assert got.exit_code == EXIT_OK
    assert "336000 macs, 16688 bytes of weights, 12004 of arena" in got.stdout
    assert "DEPTHWISE_CONV_2D" in got.stdout
    assert "####" in got.stdout


def test_inspect_refuses_an_op_with_layer_reason_and_way_out(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    net = Net([T((1, 4)), T((1, 4))], [O("EXP", [0], [1])], [0], [1])
    path.write_bytes(net.build())
    got = invoke(path)
    assert got.exit_code == EXIT_BUNDLE
    assert "op 0 EXP (layer 't1'): this op is not supported; replace it" in got.stderr


def test_inspect_refuses_what_is_no_model_and_what_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(np.arange(64, dtype=np.uint8).tobytes())
    assert invoke(path).exit_code == EXIT_BUNDLE
    assert invoke(tmp_path / "gone.tflite").exit_code == EXIT_MISSING
