"""The command line: exit codes, --json everywhere, help that says both."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from wasmote import boards, paths
from wasmote.cli.main import AGENT_VERBS, KEY_VERBS, VERBS, Verb, app, guarded
from wasmote.cli.output import JsonOption, Output, complain
from wasmote.errors import (
    EXIT_CODES,
    BuildError,
    BundleError,
    DeviceError,
    MissingError,
    TimedOutError,
    UsageError,
    WasmoteError,
)
from wasmote.sim import simulator

COMMANDS = [
    *([verb] for verb in VERBS),
    *(["agent", verb] for verb in AGENT_VERBS),
    *(["keys", verb] for verb in KEY_VERBS),
]


def invoke(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def plain(text: str) -> str:
    """Help as words: without colours, frames and line breaks."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─]", " ", text).split())


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_cli_every_verb_has_json_and_says_its_exit_codes(words: list[str]) -> None:
    got = invoke(*words, "--help")
    assert got.exit_code == 0
    said = plain(got.stdout)
    assert "--json" in said
    for code, text in EXIT_CODES.items():
        assert f"{code} {text}" in said


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WasmoteError("x"), 1),
        (UsageError("x"), 2),
        (MissingError("x"), 3),
        (DeviceError("x"), 4),
        (BundleError("x"), 5),
        (BuildError("x"), 6),
        (TimedOutError("x"), 7),
        (OSError("x"), 1),
        (KeyboardInterrupt(), 130),
        (WasmoteError("x", exit_code=4), 4),
    ],
)
def test_cli_errors_become_exit_codes(error: BaseException, code: int) -> None:
    def verb(json: JsonOption = False) -> None:
        raise error

    got = run_verb(verb, "--json")
    assert got.exit_code == code
    assert json.loads(got.stdout)["exit_code"] == code
    assert got.stderr.startswith("wasmote: error: ")
    assert "Traceback" not in got.stderr
    assert run_verb(verb).stdout == ""


def run_verb(verb: Verb, *words: str) -> Result:
    import typer

    single = typer.Typer()
    single.command()(guarded(verb))
    return CliRunner().invoke(single, list(words))


def test_cli_boards_lists_the_folders() -> None:
    got = invoke("boards", "--json")
    assert got.exit_code == 0
    names = [row["name"] for row in json.loads(got.stdout)]
    assert names == [board.name for board in boards.listing()]
    lines = invoke("boards").stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == names


def test_cli_unknown_board_lists_those_there_are() -> None:
    got = invoke("build", "NO_SUCH", "--json")
    assert got.exit_code == 2
    for board in boards.listing():
        assert board.name in json.loads(got.stdout)["error"]
    assert invoke("build", "../boards").exit_code == 2


def test_cli_wrong_usage_is_2() -> None:
    assert invoke("no-such-verb").exit_code == 2
    assert invoke("boards", "--no-such-option").exit_code == 2
    assert invoke("agent", "run", "nowhere").exit_code == 2
    assert invoke("monitor").exit_code == 2


def test_cli_missing_device_is_4() -> None:
    for verb in (["ls"], ["rm", "x"], ["run", "x", "--hex", "00"]):
        got = invoke("agent", *verb, "--device", "/dev/ttyNOPE", "--json")
        assert got.exit_code == 4, got.output
        assert "no such port" in json.loads(got.stdout)["error"]


def test_cli_invalid_bundle_is_5(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    got = invoke("agent", "check", str(tmp_path), "--json")
    assert got.exit_code == 5
    assert not json.loads(got.stdout)["ok"]
    got = invoke("agent", "upload", str(tmp_path), "--device", f"unix:{tmp_path}", "--json")
    assert got.exit_code == 5


def test_cli_agent_check_and_run_on_the_host() -> None:
    bundle = str(paths.BUILD / "agents" / "template")
    got = invoke("agent", "check", bundle, "--json")
    assert (got.exit_code, json.loads(got.stdout)["ok"]) == (0, True)
    # Eight int16 of 2: their mean is 2.
    got = invoke("agent", "run", bundle, "--hex", "0200" * 8)
    assert got.stdout == "0\t0200\n"
    assert invoke("agent", "run", bundle, "--hex", "0").exit_code == 2


def test_cli_flash_keeps_files_unless_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    monkeypatch.setattr(paths, "SIM", tmp_path / "sim")
    board = next(b for b in boards.listing() if b.section("sim").get("kind") == "qemu")
    assert invoke("flash", board.name).exit_code == 3  # not built
    board.build_dir.mkdir()
    board.firmware.write_bytes(b"new")
    folder = tmp_path / "sim" / board.name
    folder.mkdir(parents=True)
    (folder / "flash.bin").write_bytes(b"files")
    got = invoke("flash", board.name, "--json")
    assert (got.exit_code, json.loads(got.stdout)["erased"]) == (0, False)
    assert (folder / simulator.IMAGE).read_bytes() == b"new"
    assert (folder / "flash.bin").read_bytes() == b"files"
    assert invoke("flash", board.name, "--erase").exit_code == 0
    assert not (folder / "flash.bin").exists()
    (folder / "flash.bin").write_bytes(b"files")
    got = invoke("flash", board.name, "--erase", "--dry-run", "--json")
    assert (got.exit_code, json.loads(got.stdout)["dry_run"]) == (0, True)
    assert (folder / "flash.bin").exists()
    assert invoke("flash", board.name, "--name", "../x").exit_code == 2
    assert invoke("flash", board.name, "--port", "/dev/ttyACM0").exit_code == 2


def test_cli_size_reports_every_firmware_and_agent() -> None:
    got = invoke("size", "--json")
    assert got.exit_code == 0, got.output
    figures: dict[str, Any] = json.loads(got.stdout)
    assert json.loads((paths.REPORT / "size.json").read_text()) == figures
    for board in boards.listing():
        if board.values["tier"] != "ci" and not board.firmware.exists():
            continue
        name = board.name.lower()
        total = figures[f"{name}_ram_bytes"]
        parts = [v for k, v in figures.items() if re.fullmatch(rf"{name}_ram_.+_bytes", k)]
        assert figures[f"{name}_flash_bytes"] > 0
        assert sum(parts) == total
        assert total <= (board.values["ram_bytes"] or total)
    assert figures["digits_linear_bytes"] <= 32 * 1024


def test_cli_shows_control_characters_and_does_not_send_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Output(False).say("a\x1b[2Jb\udcff\n\u00e9 c")
    complain("\x07\r", 1, False)
    assert capsys.readouterr() == ("a\\x1b[2Jb\\udcff\n\u00e9 c\n", "wasmote: error: \\x07\\r\n")


def test_cli_rows_are_tabs_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=False).rows(("a", "b"), [(1, "x"), (2, "y")])
    assert capsys.readouterr().out == "1\tx\n2\ty\n"
    Output(json=True).rows(("a", "b"), [(1, "x")])
    assert json.loads(capsys.readouterr().out) == [{"a": 1, "b": "x"}]
    with Output(json=True).progress("loading", 3) as advance:
        advance(3)
    assert capsys.readouterr().out == ""


def test_cli_doctor_names_the_command_that_fixes_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    got = invoke("doctor", "--json")
    assert got.exit_code == 3
    rows = {row["what"]: row for row in json.loads(got.stdout)}
    assert rows["source micropython"]["fix"] == ""
    for board in boards.listing():
        assert rows[f"firmware {board.name}"]["fix"] == f"make firmware BOARD={board.name}"
    assert "missing: firmware" in got.stderr
