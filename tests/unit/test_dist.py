"""Dists: made of small builds, flashed from, refused where they are not what was made."""

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from esp_rom import EspRom
from flash_support import Steps
from test_flash_esp import assert_holds, board_for, files_for
from typer.testing import CliRunner

from wasmote import boards, paths
from wasmote.boards import Board
from wasmote.build import commit, deps, firmware
from wasmote.cli.main import app
from wasmote.dist import assemble, index, make, notice, open_dist
from wasmote.dist.index import Dist
from wasmote.errors import BuildError, MissingError, UsageError, WasmoteError
from wasmote.flash import Options

# In no firmware, each with the reason.
NOT_IN_FIRMWARE = {"wasm3-0.5.0": "tests only", "wycheproof": "test vectors"}


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    """An ESP32-S3 whose build takes no compiler."""
    return board_for("ESP32-S3", tmp_path, monkeypatch)


@pytest.fixture
def dist(board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dist:
    """A dist of it, made by all but the compiler."""
    no_compiler(board, monkeypatch)
    make([board], tmp_path / "dist", 1, lambda text: None)
    return open_dist(tmp_path / "dist")


def no_compiler(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that are there are what its build makes."""
    for name in ("digits", "motion-net", "motion-vote", "motion-window", "template"):
        shutil.copytree(paths.TOP / "build/agents" / name, paths.BUILD / "agents" / name)
    ready = board.build_dir

    def build(fresh: Board, jobs: int, date: int | None) -> None:
        shutil.copytree(ready, fresh.build_dir)

    monkeypatch.setattr(firmware, "build", build)


def test_dist_is_complete_and_checkable(board: Board, dist: Dist) -> None:
    checked = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=dist.folder, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout
    there = {p.relative_to(dist.folder).as_posix() for p in dist.folder.rglob("*") if p.is_file()}
    assert {line.rpartition(": ")[0] for line in checked.stdout.splitlines()} == there - {
        "SHA256SUMS"
    }
    entry = dist.index["boards"]["TESTED"]
    version = dist.index["version"]
    assert [(file["name"], file["address"]) for file in entry["files"]] == [
        (f"wasmote-{version}-TESTED-boot.bin", 0x1000),
        (f"wasmote-{version}-TESTED-app.bin", 0x10000),
    ]
    assert (entry["chip"], entry["tool"], entry["core"]) == ("ESP32-S3", "esptool", "any")
    assert dist.index["micropython"].count(".") == dist.index["wasm3"].count(".") == 2
    assert "agents/digits/agent.wasm" in there
    assert "LICENSE" in there
    assert not dist.folder.with_name("dist.build").exists()


def test_dist_is_flashed_without_a_build(
    board: Board, dist: Dist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(board.build_dir)
    monkeypatch.setattr(boards, "find", lambda name: board)
    with EspRom("ESP32-S3", tmp_path / "ttyESP") as rom:
        for where in (dist.folder, dist.folder / "index.json"):
            rom.flash[:] = b"\xff" * len(rom.flash)
            words = ["flash", "TESTED", "--from", str(where), "--port", str(rom.port), "--json"]
            got = CliRunner().invoke(app, words)
            assert got.exit_code == 0, got.output
            assert_holds(rom, files_for("ESP32-S3"))
    assert [file["address"] for file in json.loads(got.stdout)["files"]] == [0x1000, 0x10000]


def corrupt(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (path,) = folder.glob(name)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)

    return change


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: next(folder.glob(name)).unlink()


def forge(**changes: Any) -> Callable[[Path], None]:
    """An index that was changed, with sums that fit."""

    def change(folder: Path) -> None:
        path = folder / "index.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))
        index.write_sums(folder)

    return change


def forge_text(text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / "index.json").write_text(text)
        index.write_sums(folder)

    return change


def forge_file(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        entry = json.loads((folder / "index.json").read_text())["boards"]["TESTED"]
        entry["files"][0] |= changes
        forge(boards={"TESTED": entry})(folder)

    return change


REFUSED = {
    "file-corrupt": (corrupt("*-app.bin"), "app.bin: its SHA-256 is"),
    "file-gone": (remove("*-boot.bin"), "boot.bin: No such file or directory: is the dist comp"),
    "index-corrupt": (corrupt("index.json"), "index.json: its SHA-256 is"),
    "index-gone": (remove("index.json"), "index.json: No such file or directory: is the d"),
    "sums-gone": (remove("SHA256SUMS"), "No such file or directory"),
    "sums-empty": (lambda f: (f / "SHA256SUMS").write_text(""), "not in SHA256SUMS"),
    "no-json": (forge_text("{"), "index.json: Expecting"),
    "format": (forge(format=2), "not of format 1: take the wasmote it came with"),
    "no-boards": (forge(boards={}), "nothing for TESTED: there are none"),
    "other-boards": (forge(boards={"OTHER": {}}), "nothing for TESTED: there are OTHER"),
    "boards-odd": (forge(boards=3), "index.json: TESTED: TypeError"),
    "board-odd": (forge(boards={"TESTED": []}), "index.json: TESTED: TypeError"),
    "no-sum": (forge_file(sha256=None), "its SHA-256 is"),
    "name-climbs": (forge_file(name="../../secret"), "is no file's name"),
    "name-odd": (forge_file(name=3), "is no file's name"),
    "name-hidden": (forge_file(name=".bashrc"), "is no file's name"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_dist_that_is_not_what_was_made_is_refused(case: str, board: Board, dist: Dist) -> None:
    change, message = REFUSED[case]
    change(dist.folder)
    with pytest.raises(WasmoteError) as raised:
        open_dist(dist.folder).board(board)
    assert message in str(raised.value)


def test_dist_for_another_chip_is_refused(board: Board, dist: Dist) -> None:
    flash = {**board.section("flash"), "chip": "ESP32-C3"}
    other = replace(board, values={**board.values, "flash": flash})
    with pytest.raises(UsageError, match=r"for ESP32-S3, board\.toml says ESP32-C3"):
        dist.board(other)


def test_dist_odd_address_is_refused_before_a_port_opens(board: Board, dist: Dist) -> None:
    forge_file(address="x")(dist.folder)
    with pytest.raises(UsageError, match=r"flash\.parts: .* is not \{file, address\}"):
        Steps().flash(open_dist(dist.folder).board(board), Options(port="/dev/ttyNOPE"))


def test_dist_replaces_a_dist_and_nothing_else(
    board: Board, dist: Dist, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = (dist.folder / "index.json").read_bytes()
    (dist.folder / "wasmote-0.0.9-OLD.bin").touch()
    make([board], dist.folder, 1, lambda text: None)
    assert not (dist.folder / "wasmote-0.0.9-OLD.bin").exists()
    assert (dist.folder / "index.json").read_bytes() == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(UsageError, match="holds something else than a dist"):
        make([board], tmp_path / "mine", 1, lambda text: None)
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_dist_that_fails_leaves_the_old_one(
    board: Board, dist: Dist, monkeypatch: pytest.MonkeyPatch
) -> None:
    (board.build_dir / "app.bin").unlink()
    with pytest.raises(BuildError, match=r"the build of TESTED made no app\.bin"):
        make([board], dist.folder, 1, lambda text: None)
    open_dist(dist.folder).board(board)
    shutil.rmtree(paths.BUILD / "agents")
    shutil.copy(dist.folder / "index.json", board.build_dir / "app.bin")
    with pytest.raises(MissingError, match="make agents"):
        make([board], dist.folder, 1, lambda text: None)
    open_dist(dist.folder).board(board)


def test_dist_names_tell_files_apart(board: Board, tmp_path: Path) -> None:
    flash = {"parts": [{"file": "boot.bin", "address": 0}], "chip": "x"}
    values = {**board.values, "flash": flash, "build": {"output": "app.bin", "uf2": "a.uf2"}}
    (board.build_dir / "a.uf2").write_bytes(b"uf2")
    (tmp_path / "out").mkdir()
    files = assemble.collect(replace(board, values=values), tmp_path / "out")
    version = assemble.version()
    assert [(file["name"], file.get("address")) for file in files] == [
        (f"wasmote-{version}-TESTED.uf2", None),
        (f"wasmote-{version}-TESTED.bin", 0),
    ]


# ---- The date


def test_epoch_is_the_callers_else_the_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(commit.EPOCH, raising=False)
    now = commit.current()
    assert now and len(now.name) == 40
    assert commit.epoch() == now.time
    monkeypatch.setenv(commit.EPOCH, "86400")
    assert commit.epoch() == 86400
    monkeypatch.setenv(commit.EPOCH, "today")
    with pytest.raises(UsageError, match="'today' is not seconds"):
        commit.epoch()


def test_epoch_without_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(commit.EPOCH, raising=False)
    monkeypatch.setattr(paths, "TOP", tmp_path)
    assert commit.current() is None and commit.epoch() is None
    got = CliRunner().invoke(app, ["dist", "--out", str(tmp_path / "dist")])
    assert (got.exit_code, "set SOURCE_DATE_EPOCH" in got.output) == (2, True)


# ---- The licences


def test_notice_has_the_words_of_all_that_is_in_firmware() -> None:
    words = notice.text()
    toml = (paths.TOP / "deps.toml").read_text()
    for source in deps.parse(toml):
        assert bool(source.licence) != (source.name in NOT_IN_FIRMWARE), (
            f"deps.toml: {source.name}: say its licence and notices, for what is in firmware"
        )
        title = f"{source.name} ({source.package} {source.version}): {source.licence}\n"
        assert (title in words) == bool(source.licence)
    for holder in (
        *("Damien P. George", "The littlefs authors", "Russ Cox", "Joergen Ibsen", "ChaN"),
        *("Steven Massey", "Swedish Institute of Computer Science", "Brad Conte", "Ha Thach"),
        *("Raspberry Pi (Trading) Ltd.", "Apache License", "Sun Microsystems", "Arm Limited"),
    ):
        assert holder in words, holder
    for package in notice.linked_packages(toml):
        assert f"libraries of Debian's package {package}" in words
    assert "#include" not in words and "#ifndef" not in words


def test_notice_names_what_is_missing(tmp_path: Path) -> None:
    (source, *_) = deps.parse((paths.TOP / "deps.toml").read_text())
    with pytest.raises(MissingError, match=r"micropython.* is not there: make deps"):
        notice.read(replace(source, override=""), "LICENSE", tmp_path)
    with pytest.raises(BuildError, match="holds no NOWHERE"):
        notice.read(replace(source, override=""), "NOWHERE", paths.THIRD_PARTY)
