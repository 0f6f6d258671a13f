"""What the ABI vectors cannot say of the runner: bundles, messages, calls from imports."""

import json
import shutil
import threading
import time
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from wasmote.agent import build, golden
from wasmote.agent.errors import AgentBusy, AgentError, LoadError, Trap
from wasmote.agent.policy import Terms
from wasmote.agent.runner import HostAgent, Runner
from wasmote.errors import BundleError
from wasmote.paths import AGENTS

VECTORS = Path(__file__).parents[1] / "vectors" / "abi"


def terms(name: str = "x", **changes: object) -> Terms:
    given = {"memory_bytes": 1024, "deadline_ms": 1000, "inputs_bytes": 4, "outputs_bytes": 4}
    return Terms(name=name, **{**given, **changes})  # type: ignore[arg-type]


def runner(wat: str, **changes: object) -> Runner:
    module = bytes(wat2wasm((VECTORS / f"{wat}.wat").read_text()))
    return Runner(module, terms(wat, **changes))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "template"
    build.build(AGENTS / "template", folder)
    return folder


def test_bundle_runs(bundle: Path) -> None:
    agent = HostAgent(bundle)
    for given, expected in golden.read((bundle / "golden.bin").read_bytes()).pairs:
        assert agent.infer(given) == expected
    assert agent.memory_size == agent.manifest.memory_bytes


def test_bundle_with_a_changed_module_is_refused(bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(bundle, folder)
    module = bytearray((folder / "agent.wasm").read_bytes())
    module[-1] ^= 1
    (folder / "agent.wasm").write_bytes(module)
    with pytest.raises(BundleError, match="SHA-256"):
        HostAgent(folder)


def test_errors_name_agent_reason_and_function() -> None:
    with pytest.raises(Trap, match=r"^deadline-loop: deadline: 50 ms passed in function 3 "):
        runner("deadline-loop", deadline_ms=50).infer(bytes(4))
    with pytest.raises(Trap, match=r"^trap-division: trap: integer division by zero in function 3"):
        runner("trap-division").infer(bytes(4))
    with pytest.raises(AgentError, match=r"^good: input-length: infer returned -1$"):
        runner("good").infer(bytes(3))
    with pytest.raises(LoadError, match=r"^abi-2: abi-version: the agent speaks ABI 2, this host"):
        runner("abi-2")


def test_deadline_is_kept_and_not_early() -> None:
    agent = runner("deadline-loop", deadline_ms=200)
    started = time.monotonic()
    with pytest.raises(Trap):
        agent.infer(bytes(4))
    assert 0.19 < time.monotonic() - started < 2


def test_deadline_of_one_call_does_not_reach_the_next() -> None:
    """Nothing is left of a call that could end the next one early."""
    agent = runner("good", deadline_ms=10_000)
    for _ in range(100):
        agent.infer(bytes(4))
        assert not [one for one in threading.enumerate() if isinstance(one, threading.Timer)]


def test_log_lines_are_kept_and_cut() -> None:
    agent = runner("import-log", imports=("env.log",))
    agent.infer(bytes(4))
    assert agent.log[0] == "hello from wat"
    assert len(agent.log[1].encode()) == 128


def test_call_from_within_a_call_is_busy() -> None:
    agent = runner("import-log", imports=("env.log",))
    seen: list[BaseException] = []

    class Log(list[str]):
        def append(self, line: str) -> None:
            with pytest.raises(AgentBusy) as caught:
                agent.infer(bytes(4))
            seen.append(caught.value)

    agent.log = Log()
    assert agent.infer(bytes(4)) == bytes(4)
    assert len(seen) == 2


def test_closed_agent_says_so() -> None:
    agent = runner("good")
    agent.close()
    with pytest.raises(Trap, match="dropped: closed; it must be loaded again"):
        agent.infer(bytes(4))


def test_no_thread_is_left_behind() -> None:
    agent = runner("good", deadline_ms=60_000)
    before = threading.active_count()
    for _ in range(20):
        agent.infer(bytes(4))
    assert threading.active_count() == before


@pytest.mark.parametrize("exact", [True, False])
def test_memory_behind_memory_bytes(exact: bool) -> None:
    module = bytes(wat2wasm((VECTORS / "trap-load.wat").read_text()))
    agent = Runner(module, terms(), exact=exact)
    assert agent.memory_size == (1024 if exact else 65536)
    if exact:
        with pytest.raises(Trap, match="memory out of bounds"):
            agent.infer(bytes(4))
    else:
        assert agent.infer(bytes(4)) == bytes(4)


def test_manifest_terms_reach_the_runner(bundle: Path) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    found = HostAgent(bundle).terms
    assert (found.name, found.deadline_ms) == (manifest["name"], manifest["deadline_ms"])
    assert (found.inputs_bytes, found.outputs_bytes) == (16, 2)
