"""A session of real mpremote with an emulated board: recorded, then played without the board."""

import json
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from commands import Run

from wasmote.errors import DeviceError, UsageError
from wasmote.hil import session
from wasmote.sim import Simulator

ASK = ("exec", "print([i * i for i in range(10)])")
ANSWER = "[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]"


@pytest.fixture(scope="module")
def recorded(running: Simulator, mpremote: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("session") / "session.jsonl"
    words = ["record", running.port, str(path), "--seconds", "20", "--json"]
    command = [sys.executable, "-m", "wasmote.cli.main", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as recorder:
        port = json.loads(recorder.stdout.readline())["port"]
        got = mpremote(port, *ASK)
        recorder.terminate()
    assert got.stdout.strip() == ANSWER, got.stderr
    return path


def playing(path: Path, ask: tuple[str, ...], mpremote: Run) -> tuple[str, Exception | None]:
    """What mpremote says to the recorded board; what the player raised."""
    errors: list[Exception] = []

    def play() -> None:
        try:
            for _ in session.play(terminal, session.load(path), 10):
                pass
        except DeviceError as error:
            errors.append(error)

    with closing(session.Terminal()) as terminal:
        player = threading.Thread(target=play)
        player.start()
        if ask == ASK:
            said = mpremote(terminal.port, *ask).stdout.strip()
        else:
            with subprocess.Popen(
                [sys.executable, "-m", "mpremote", "connect", terminal.port, *ask]
            ) as tool:
                player.join(20)
                tool.kill()
            said = ""
        player.join(20)
    return said, errors[0] if errors else None


def test_a_recorded_board_answers_without_being_there(recorded: Path, mpremote: Run) -> None:
    assert playing(recorded, ASK, mpremote) == (ANSWER, None)


def test_another_question_is_told_apart(recorded: Path, mpremote: Run) -> None:
    _, error = playing(recorded, ("exec", "print('else')"), mpremote)
    assert "of the recording: the host sent" in str(error)


def test_a_session_can_be_read(recorded: Path, wasmote: Run) -> None:
    got = wasmote("replay", str(recorded), "--show")
    assert got.returncode == 0
    assert "host  b'" in got.stdout
    assert "board b'" in got.stdout
    assert "81]" in got.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("{}\n", ":1: no line of a recording"),
        ('{"wasmote-session": 1}\n[]\n', ":2: no line of a recording"),
        ('{"wasmote-session": 1}\n{"ms": 1, "from": "me", "data": ""}\n', ":2: no line"),
        ('{"wasmote-session": 1}\n{"ms": 1, "from": "host", "data": "\\u1234"}\n', ":2: no line"),
    ],
)
def test_what_is_no_session_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "s"
    path.write_text(text)
    with pytest.raises(UsageError, match=words):
        session.load(path)
