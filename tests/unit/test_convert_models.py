"""The four models of the shared folder: not one byte may differ from the recorded outputs."""

import numpy as np
import pytest
from convert_support import MODELS, load, needs_models

from wasmote.convert.ops.registry import REGISTRY
from wasmote.convert.tflite_options import OPTIONS

CASES = [
    ("kws_ref_model.tflite", "kws_rand.npz", 2_656_768),
    ("kws_ref_model.tflite", "kws_real.npz", 2_656_768),
    ("ad01_int8.tflite", "ad_rand.npz", 264_192),
    ("ad01_int8.tflite", "ad_real.npz", 264_192),
    ("micro_speech_quantized.tflite", "micro_speech_rand.npz", 336_000),
    ("hello_world_int8.tflite", "hello_rand.npz", 288),
]


@needs_models
@pytest.mark.parametrize(("model", "recorded", "macs"), CASES, ids=[case[1] for case in CASES])
def test_convert_model_meets_recorded_outputs(model: str, recorded: str, macs: int) -> None:
    ready = load((MODELS / model).read_bytes())
    assert ready.macs == macs
    tensor = ready.graph.tensors[ready.graph.inputs[0]]
    cases = np.load(MODELS / recorded)
    for number, (given, expected) in enumerate(zip(cases["inputs"], cases["outputs"], strict=True)):
        (got,) = ready.run([given.reshape(tensor.shape)])
        different = int((got.reshape(-1) != expected.reshape(-1)).sum())
        assert different == 0, f"{recorded} input {number}: {different} bytes differ"


def test_convert_every_op_is_read_and_run() -> None:
    assert set(OPTIONS) == set(REGISTRY) - {"TABLE"}
