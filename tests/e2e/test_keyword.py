"""From a model file to words over MQTT: converted, built, uploaded, run on the emulated board."""

import json
from pathlib import Path

import numpy as np
import pytest
from commands import Run
from convert_support import MODELS, needs_models

from wasmote.agent import samples
from wasmote.broker import Broker
from wasmote.links import connected, files
from wasmote.links.lines import SerialLines
from wasmote.links.mqtt import Listener
from wasmote.sim import Simulator

NAME = "keywords"
COUNT = 60


def install(running: Simulator, wasmote: Run, tmp_path: Path, port: int) -> None:
    """The three commands of README's 'Bring your own model', then a node's configuration."""
    crate, bundle = tmp_path / NAME, tmp_path / "bundles" / NAME
    for words in (
        ("convert", str(MODELS / "kws_ref_model.tflite"), "-o", str(crate)),
        ("agent", "build", str(crate), "--out", str(bundle.parent)),
        ("agent", "upload", str(bundle), "--device", running.port),
    ):
        got = wasmote(*words)
        assert got.returncode == 0, got.stdout + got.stderr
    sensor = {"kind": "replay", "path": "/samples/words.bin", "period_ms": 0}
    config = {
        "site": "e2e",
        "node": "board",
        "mqtt": {"host": running.board.section("network")["host_address"], "port": port},
        "agents": [{"name": NAME, "sensor": sensor}],
    }
    inputs = np.load(MODELS / "kws_real.npz")["inputs"]
    with connected(running.port) as link:
        files.mkdirs(link, "/samples")
        link.write("/samples/words.bin", samples.write([(x.tobytes(), b"") for x in inputs]))
        link.write("/wasmote.json", json.dumps(config).encode())
        link.write("/main.py", b"import wasmote\nwasmote.run()\n")


@needs_models
@pytest.mark.slow
def test_keyword_model_from_file_to_mqtt(
    running: Simulator, wasmote: Run, broker: Broker, tmp_path: Path
) -> None:
    real = np.load(MODELS / "kws_real.npz")
    wanted = real["outputs"].reshape(COUNT, -1)
    install(running, wasmote, tmp_path, broker.port)
    with Listener("127.0.0.1", broker.port) as listener:
        lines = SerialLines(running.port)
        try:
            lines.restart()
            lines.wait("wasmote: done ", 60)
        finally:
            lines.close()
        found = {}
        while message := listener.next(1):
            if message.path == f"agent/{NAME}/out":
                result = message.json()
                (found[result["sample"]],) = result["outputs"].values()
    assert sorted(found) == list(range(COUNT))
    got = np.array([found[i] for i in range(COUNT)], np.int64)
    assert np.array_equal(got, wanted)
    # Labels are not part of what must be exact, but words should be understood.
    assert np.mean(got.argmax(axis=1) == real["labels"].reshape(-1)) > 0.8
