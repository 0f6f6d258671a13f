"""build/firmware.py: the make call, and builds that must not be mixed."""

from pathlib import Path

import pytest

from wasmote import boards, paths
from wasmote.boards import Board
from wasmote.build import firmware
from wasmote.errors import BuildError


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Board:
    """A board whose build goes to a folder of the test, without overrides."""
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    for name in firmware.OVERRIDES:
        monkeypatch.delenv(name, raising=False)
    return boards.listing()[0]


def test_firmware_make_call(board: Board, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = firmware.command(board, 2)
    assert words[0] == "make"
    assert f"BOARD={board.name}" in words
    assert not any(word.startswith("WASM3_DIR") for word in words)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WASM3_DIR", "checkout")
    assert f"WASM3_DIR={tmp_path}/checkout" in firmware.command(board, 2)


def test_firmware_of_another_checkout_begins_anew(
    board: Board, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    firmware.forget_other_sources(board.build_dir)
    kept = board.build_dir / "m3_core.o"
    kept.write_text("object")
    firmware.forget_other_sources(board.build_dir)
    assert kept.exists()
    monkeypatch.setenv("WASM3_DIR", str(tmp_path / "other"))
    firmware.forget_other_sources(board.build_dir)
    assert not kept.exists()


def test_firmware_build_error_shows_the_compilers_words(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MICROPYTHON_DIR", str(board.build_dir / "nowhere"))
    with pytest.raises(BuildError, match="no MicroPython at") as raised:
        firmware.build(board)
    assert raised.value.exit_code == 6
