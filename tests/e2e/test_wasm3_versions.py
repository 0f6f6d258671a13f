"""The firmware with the last tagged release of wasm3 in place of the newest sources."""

from pathlib import Path

import pytest

from wasmote import boards, paths
from wasmote.agent import golden
from wasmote.boards import Board
from wasmote.build import firmware
from wasmote.links import bundles, connected, remote
from wasmote.sim import Simulator, simulator

BUNDLE = paths.BUILD / "agents" / "digits"
OLD = paths.THIRD_PARTY / "wasm3-0.5.0"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_firmware_with_wasm3_0_5_0_gives_the_same_answers(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = paths.BUILD / "wasm3-0.5.0"
    image = _build_elsewhere(board, elsewhere, monkeypatch)
    pairs = golden.read((BUNDLE / golden.FILE_NAME).read_bytes()).pairs
    simulator.install(board, "test-wasm3-0.5.0", image)
    with Simulator(board, "test-wasm3-0.5.0", fresh=True) as running:
        manifest, files = bundles.load(BUNDLE)
        with connected(running.device) as link:
            assert link.exec("import wasm3\nprint(wasm3.M3_VERSION)").strip() == "0.5.0"
            bundles.upload(link, manifest.name, files)
            answers = remote.infer(link, manifest.name, [given for given, _ in pairs])
    assert answers == [wanted for _, wanted in pairs]


def _build_elsewhere(board: Board, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Builds with the old sources beside the ordinary build, which stays as it is."""
    with monkeypatch.context() as changed:
        changed.setattr(paths, "BUILD", folder)
        changed.setenv("WASM3_DIR", str(OLD))
        return firmware.build(boards.find(board.name))
