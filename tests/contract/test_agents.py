"""What every agent in agents/ must keep; a new one is tested by being there."""

import tomllib
from pathlib import Path

import pytest

from wasmote.agent import golden
from wasmote.agent.build import BuildReport, build, is_agent, read_crate
from wasmote.agent.check import check
from wasmote.agent.runner import HostAgent
from wasmote.agent.toolchain import cargo_test
from wasmote.paths import AGENTS

CRATES = [path for path in sorted(AGENTS.iterdir()) if is_agent(path)]
IDS = [path.name for path in CRATES]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, BuildReport]]:
    folder = tmp_path_factory.mktemp("agents")
    return {
        crate.name: (folder / crate.name, build(crate, folder / crate.name)) for crate in CRATES
    }


def test_there_are_agents() -> None:
    assert {"digits", "template", "motion-net"} <= set(IDS)


def test_crates_pass_their_own_tests() -> None:
    done = cargo_test(AGENTS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stderr


@pytest.mark.parametrize("name", IDS)
def test_agent_checks_clean(name: str, built: dict[str, tuple[Path, BuildReport]]) -> None:
    assert check(built[name][0]) == []


@pytest.mark.parametrize("name", IDS)
def test_agent_is_under_its_caps(name: str, built: dict[str, tuple[Path, BuildReport]]) -> None:
    report = built[name][1]
    metadata = read_crate(AGENTS / name).metadata
    print(f"{name}: {report.wasm_bytes} bytes of Wasm, {report.linear_bytes} of linear memory")
    assert report.wasm_bytes <= metadata["max_wasm_bytes"]
    assert report.linear_bytes <= metadata["max_memory_bytes"]


@pytest.mark.parametrize("name", IDS)
def test_agent_gives_its_golden_outputs(
    name: str, built: dict[str, tuple[Path, BuildReport]]
) -> None:
    folder = built[name][0]
    vectors = golden.read((folder / golden.FILE_NAME).read_bytes())
    agent = HostAgent(folder)
    assert [agent.infer(given) for given, _ in vectors.pairs] == [out for _, out in vectors.pairs]
    # A second time: no answer may depend on what was asked before, unless the crate says so.
    again = [agent.infer(given) == expected for given, expected in reversed(vectors.pairs)]
    assert all(again) is not keeps_state(name)


def keeps_state(name: str) -> bool:
    metadata = tomllib.loads((AGENTS / name / "Cargo.toml").read_text())["package"]["metadata"]
    return bool(metadata.get("contract", {}).get("keeps_state", False))


@pytest.mark.parametrize("name", IDS)
def test_agent_carries_no_panic_machinery(
    name: str, built: dict[str, tuple[Path, BuildReport]]
) -> None:
    # core's formatting costs 4 KB; an index that is not proven in range brings it in.
    assert b"src/libcore" not in (built[name][0] / "agent.wasm").read_bytes()
    symbols = Path(built[name][1].symbols).read_text()
    assert "core::fmt" not in symbols


@pytest.mark.parametrize("name", IDS)
def test_bundle_is_named_as_its_folder(
    name: str, built: dict[str, tuple[Path, BuildReport]]
) -> None:
    assert built[name][1].name == name
    assert HostAgent(built[name][0]).manifest.name == name
