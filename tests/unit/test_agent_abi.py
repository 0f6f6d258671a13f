"""The ABI vectors (tests/vectors/abi) under wasmtime; nodes run the same table."""

import json
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

from wasmote.agent.errors import AgentStopped, LoadError
from wasmote.agent.policy import Terms
from wasmote.agent.runner import Runner

VECTORS = Path(__file__).parents[1] / "vectors" / "abi"
ROWS: list[dict[str, Any]] = json.loads((VECTORS / "agents.json").read_text())


def load(row: dict[str, Any]) -> Runner:
    terms = Terms(
        name=row["name"],
        memory_bytes=row["memory_bytes"],
        deadline_ms=row["deadline_ms"],
        inputs_bytes=row["inputs_bytes"],
        outputs_bytes=row["outputs_bytes"],
        imports=tuple(row["imports"]),
    )
    module = bytes(wat2wasm((VECTORS / row["wat"]).read_text()))
    return Runner(module, terms, bytes.fromhex(row["model"]))


def answer(agent: Runner, call: dict[str, Any]) -> dict[str, Any]:
    output = error = code = None
    try:
        output = agent.infer(bytes.fromhex(call["input"])).hex()
    except AgentStopped as stopped:
        error, code = stopped.reason, stopped.code
        assert str(stopped).startswith(f"{agent.terms.name}: {error}: ")
    return {"input": call["input"], "output": output, "error": error, "code": code}


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_abi_vector(row: dict[str, Any]) -> None:
    if row["load"] == "ok":
        agent = load(row)
        assert [answer(agent, call) for call in row["calls"]] == row["calls"]
    else:
        with pytest.raises(AgentStopped) as caught:
            load(row)
        assert (caught.value.reason, caught.value.code) == (row["load"], row["load_code"])


def test_abi_vectors_cover_every_module_once_or_more() -> None:
    used = {row["wat"] for row in ROWS}
    assert used == {path.name for path in VECTORS.glob("*.wat")}
    assert len({row["name"] for row in ROWS}) == len(ROWS)


def test_load_errors_are_bundle_errors() -> None:
    row = next(row for row in ROWS if row["name"] == "missing-infer")
    with pytest.raises(LoadError) as caught:
        load(row)
    assert caught.value.exit_code == 5
