"""From a crate to a bundle: what is refused, that names survive, that bytes repeat."""

import shutil
from pathlib import Path

import pytest

from wasmote.agent import golden, new, symbols, toolchain, wasm
from wasmote.agent.build import build as build_agent
from wasmote.agent.check import check
from wasmote.agent.errors import Trap
from wasmote.agent.runner import HostAgent
from wasmote.errors import BuildError, MissingError, UsageError
from wasmote.paths import AGENTS


@pytest.fixture
def crate(tmp_path: Path) -> Path:
    return new.create("my-agent", tmp_path / "src" / "my-agent")


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests of this file: the sdk is compiled once."""
    return tmp_path_factory.mktemp("target")


def edit(crate: Path, old: str, new: str, name: str = "Cargo.toml") -> None:
    path = crate / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_new_agent_builds_and_checks_clean(crate: Path, target: Path, tmp_path: Path) -> None:
    report = build_agent(crate, tmp_path / "out", target)
    assert check(tmp_path / "out") == []
    assert report.name == "my-agent"
    assert report.wasm_bytes == (tmp_path / "out" / "agent.wasm").stat().st_size
    assert report.bundle_bytes == sum(map(len, contents(tmp_path / "out").values()))
    assert (report.stack_bytes, report.linear_bytes) == (256, 288)


def test_new_agent_passes_its_own_tests(crate: Path, tmp_path: Path) -> None:
    done = toolchain.cargo_test(crate, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 passed" in done.stdout


def test_same_crate_elsewhere_gives_the_same_bytes(tmp_path: Path) -> None:
    bundles = []
    for place in ("a", "somewhere/else"):
        workspace = tmp_path / place / "agents"
        shutil.copytree(AGENTS, workspace, ignore=shutil.ignore_patterns("target"))
        out = tmp_path / place / "out"
        build_agent(workspace / "digits", out, tmp_path / place / "target")
        bundles.append(contents(out))
    assert bundles[0] == bundles[1]


def test_function_names_are_kept_beside_the_bundle(
    crate: Path, target: Path, tmp_path: Path
) -> None:
    build_agent(crate, tmp_path / "out", target)
    names = symbols.read(tmp_path / "out")
    assert {"abi", "init", "input", "infer", "output"} <= set(names.values())
    assert b"infer" in contents(tmp_path / "out")["agent.wasm"]
    assert b"wasmote_sdk" not in contents(tmp_path / "out")["agent.wasm"]


def test_message_of_a_trap_has_the_functions_name(
    crate: Path, target: Path, tmp_path: Path
) -> None:
    edit(
        crate,
        "let mean = ",
        "loop {}\n        #[allow(unreachable_code)]\n        let mean = ",
        "src/lib.rs",
    )
    build_agent(crate, tmp_path / "out", target)
    with pytest.raises(Trap, match=r"deadline: 100 ms passed in function \d+ \(infer\)"):
        HostAgent(tmp_path / "out").infer(bytes(16))


def test_compiler_error_is_shown(crate: Path, target: Path, tmp_path: Path) -> None:
    edit(crate, "output[0] = ", "output[0] = nonsense + ", "src/lib.rs")
    with pytest.raises(BuildError, match=r"(?s)my-agent: cargo build failed.*nonsense") as caught:
        build_agent(crate, tmp_path / "out", target)
    assert caught.value.exit_code == 6
    assert not (tmp_path / "out").exists()


def test_cap_is_kept(crate: Path, target: Path, tmp_path: Path) -> None:
    edit(crate, "max_wasm_bytes = 1024", "max_wasm_bytes = 100")
    with pytest.raises(BuildError, match="over max_wasm_bytes = 100"):
        build_agent(crate, tmp_path / "out", target)


@pytest.mark.parametrize(
    ("old", "changed", "message"),
    [
        ("shape = [8]", "shape = [9]", "golden.bin has 16 . 2 bytes a pair, the tensors 18 . 2"),
        ('dtype = "int16"', 'dtype = "int17"', r"inputs\[0\].dtype"),
        ("deadline_ms = 100", "deadline_ms = 0", "deadline_ms: 0 is not"),
        ("stack_bytes = 256", "stack_bytes = 250", "stack_bytes: 250 is not a multiple of 16"),
        ("sequence = 1 ", "sequence = 0 ", "sequence: 0 is not"),
        ("sequence = 1 ", "sequenze = 1 ", "wasmote.sequenze: unknown key"),
        ("max_wasm_bytes = 1024", "", "max_wasm_bytes: None is not a whole number"),
        ("package.metadata.wasmote", "package.metadata.other", "no .package.metadata.wasmote."),
        ('license = "MIT"', "", "package.license is missing"),
        ('version = "0.1.0"', 'version = "0.1.0-rc1"', "version"),
        ("[lib]", "[lib", "Cargo.toml: "),
    ],
)
def test_wrong_metadata_is_named(
    crate: Path, target: Path, tmp_path: Path, old: str, changed: str, message: str
) -> None:
    edit(crate, old, changed)
    with pytest.raises(BuildError, match=message):
        build_agent(crate, tmp_path / "out", target)


def test_memory_takes_the_pages_it_needs(crate: Path, target: Path, tmp_path: Path) -> None:
    edit(crate, "type Input = [i16; READINGS];", "type Input = [i16; 40000];", "src/lib.rs")
    edit(crate, "max_memory_bytes = 1024", "max_memory_bytes = 90000")
    edit(crate, "shape = [8]", "shape = [40000]")
    (crate / "golden.bin").write_bytes(golden.write([(bytes(80_000), bytes(2))]))
    build_agent(crate, tmp_path / "out", target)
    module = wasm.parse((tmp_path / "out" / "agent.wasm").read_bytes())
    assert (module.memories[0].minimum, module.memories[0].maximum) == (2, 2)


def test_missing_golden_is_named(crate: Path, target: Path, tmp_path: Path) -> None:
    (crate / "golden.bin").unlink()
    with pytest.raises(BuildError, match=r"golden\.bin is missing"):
        build_agent(crate, tmp_path / "out", target)


def test_missing_crate_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="agent new"):
        build_agent(tmp_path, tmp_path / "out")


def test_missing_compiler_is_named(
    crate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toolchain, "CARGO", Path("/nowhere/cargo"))
    with pytest.raises(MissingError, match="/nowhere/cargo is not there"):
        build_agent(crate, tmp_path / "out", tmp_path)


def test_missing_target_is_named(
    crate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toolchain, "TARGET", "thumbv7m-none-eabi")
    with pytest.raises(MissingError, match="libstd-rust-dev-wasm32"):
        build_agent(crate, tmp_path / "out", tmp_path)


def test_folder_that_is_no_bundle_is_left_alone(crate: Path, target: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("important")
    with pytest.raises(BuildError, match="stays as it is"):
        build_agent(crate, out, target)
    assert contents(out) == {"thesis.txt": b"important"}


def test_bundle_is_replaced_whole(crate: Path, target: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_agent(crate, out, target)
    (out / "old.bin").write_bytes(b"old")
    build_agent(crate, out, target)
    assert set(contents(out)) == {"manifest.json", "agent.wasm", "golden.bin"}


@pytest.mark.parametrize(
    "name", ["", "A", "9x", "a_b", "../x", "a" * 33, "core", "a b", "keyset", "timestamp"]
)
def test_names_that_no_agent_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name an agent"):
        new.create(name, tmp_path / "x")


def test_new_agent_replaces_nothing(crate: Path) -> None:
    with pytest.raises(UsageError, match="is there already"):
        new.create("my-agent", crate)


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("infer", "infer"),
        ("_ZN6digits4conv4cell17h0123456789abcdefE", "digits::conv::cell"),
        ("_ZN3foo4hxyzE", "foo::hxyz"),
        ("_ZN", "_ZN"),
    ],
)
def test_symbols_are_readable(symbol: str, name: str) -> None:
    assert symbols.demangled(symbol) == name
