"""Known models, random and real inputs: numpy, native Rust, WebAssembly and every board agree.

The expected outputs were made by others (models/README.md there), with TFLite's reference kernels.
"""

import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from convert_support import MODELS, needs_models

from wasmote import boards
from wasmote.agent import build as builder
from wasmote.agent import toolchain
from wasmote.agent.runner import HostAgent
from wasmote.boards import Board
from wasmote.convert import convert, project
from wasmote.convert.project import Converted
from wasmote.links import bundles, connected, remote
from wasmote.paths import AGENTS, BUILD
from wasmote.sim import Simulator, simulator

pytestmark = needs_models
TIMEOUT_S = 400
# The emulator rp2040py would take an hour; its kernels are those of the Cortex-M3.
BOARDS = [
    board
    for board in boards.listing()
    if board.values["tier"] == "ci" and board.section("sim")["kind"] != "rp2040py"
]
# Each model with its files of inputs and expected outputs.
KNOWN = {
    "kws_ref_model": ("kws_rand", "kws_real"),
    "ad01_int8": ("ad_rand", "ad_real"),
    "micro_speech_quantized": ("micro_speech_rand",),
    "hello_world_int8": ("hello_rand",),
}


@dataclass(frozen=True)
class Known:
    """A converted model with what it must answer."""

    made: Converted
    bundle: Path
    inputs: list[bytes]
    outputs: list[bytes]

    def check(self, answers: list[bytes]) -> None:
        """Fails unless every byte is right."""
        wrong = [i for i, pair in enumerate(zip(answers, self.outputs, strict=True))
                 if pair[0] != pair[1]]  # fmt: skip
        assert not wrong, f"inputs {wrong} have other answers"


@cache
def known(name: str) -> Known:
    made = convert.convert(MODELS / f"{name}.tflite")
    crate = BUILD / "tests-nn" / "crates" / name.replace("_", "-")
    project.write(made, crate, f"{name}.tflite", replace=True)
    bundle = BUILD / "tests-nn" / "bundles" / crate.name
    builder.build(crate, bundle)
    inputs, outputs = [], []
    for file in KNOWN[name]:
        found = np.load(MODELS / f"{file}.npz")
        inputs += [x.tobytes() for x in found["inputs"]]
        outputs += [y.tobytes() for y in found["outputs"]]
    return Known(made, bundle, inputs, outputs)


@pytest.fixture(params=KNOWN)
def model(request: pytest.FixtureRequest) -> Known:
    return known(str(request.param))


def test_nn_model_in_numpy(model: Known) -> None:
    graph = model.made.model.graph
    shape = graph.tensors[graph.inputs[0]].shape
    answers = [
        model.made.model.run([np.frombuffer(x, np.int8).reshape(shape)])[0].tobytes()
        for x in model.inputs
    ]
    model.check(answers)


@pytest.mark.parametrize("simd", [False, True], ids=["portable", "simd"])
def test_nn_model_under_wasmtime(model: Known, simd: bool) -> None:
    agent = HostAgent(model.bundle, simd=simd)
    model.check([agent.infer(x) for x in model.inputs])


@cache
def native() -> Path:
    """The example of agents/nn, built for this machine by the agents' own compiler."""
    folder = BUILD / "cargo" / "native"
    command = [str(toolchain.CARGO), "build", "--release", "--offline", "--quiet"]
    command += ["--manifest-path", str(AGENTS / "Cargo.toml"), "--target-dir", str(folder)]
    command += ["--package", "wasmote-nn", "--example", "run"]
    environment = toolchain.cargo_environment(folder)
    got = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert got.returncode == 0, got.stderr
    return folder / "release" / "examples" / "run"


def test_nn_model_in_native_rust(model: Known, tmp_path: Path) -> None:
    inputs = tmp_path / "inputs.bin"
    inputs.write_bytes(b"".join(model.inputs))
    got = subprocess.run(
        [native(), model.bundle / "model.bin", inputs], capture_output=True, check=False
    )
    assert got.returncode == 0, got.stderr
    size = len(model.outputs[0])
    model.check([got.stdout[i : i + size] for i in range(0, len(got.stdout), size)])


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_nn_models_on_board(board: Board) -> None:
    """All four on one boot: most of the time goes into bringing weights over the serial port."""
    name = f"test-nn-{board.name}"
    simulator.install(board, name)
    with Simulator(board, name, fresh=True) as running, connected(running.device) as link:
        for model in map(known, KNOWN):
            manifest, data = bundles.load(model.bundle)
            bundles.upload(link, manifest.name, data)
            model.check(remote.infer(link, manifest.name, model.inputs))
