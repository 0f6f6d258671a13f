"""The bridge on ptys: wrong ports and brokers, many boards at once, the prompt's pty."""

import os
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import serial
from typer.testing import CliRunner

from wasmote.bridge import broker as brokers
from wasmote.bridge import run
from wasmote.bridge.frames import Frame, Splitter, encode
from wasmote.bridge.terminal import Terminal
from wasmote.broker import Broker
from wasmote.cli.main import app
from wasmote.errors import DeviceError

HELLO = b"\x01\x80\x00"
CONNECT = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01"  # and the client's name, a letter
CONNACK = b"\x20\x02\x00\x00"
WAIT_S = 5.0


class Board:
    """The board's end of a pty."""

    def __init__(self) -> None:
        self.end, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.name = os.ttyname(self._slave)
        os.set_blocking(self.end, False)
        self._splitter = Splitter()
        self.text = b""
        self.frames: list[Frame] = []

    def send(self, data: bytes) -> None:
        os.write(self.end, data)

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < end, f"{self.frames} {self.text!r}"
            try:
                for item in self._splitter.feed(os.read(self.end, 1000)):
                    if isinstance(item, Frame):
                        self.frames.append(item)
                    else:
                        self.text += item
            except BlockingIOError:
                time.sleep(0.01)

    def wait_for(self, kind: bytes) -> Frame:
        """The next frame of a kind."""
        self.until(lambda: any(frame.kind == kind for frame in self.frames))
        found = next(frame for frame in self.frames if frame.kind == kind)
        self.frames.clear()
        return found

    def open(self, connection: int) -> None:
        self.send(encode(Frame(b"O", connection, 0, HELLO)))
        self.wait_for(b"o")

    def close(self) -> None:
        os.close(self.end)
        os.close(self._slave)


@contextmanager
def bridged(broker: Broker, *boards: Board) -> Iterator[list[tuple[str, str, str]]]:
    """A bridge in a thread; what it tells."""
    told: list[tuple[str, str, str]] = []
    ended = threading.Event()
    address = brokers.find("127.0.0.1", broker.port)
    thread = threading.Thread(
        target=run.bridge,
        args=([b.name for b in boards], address, lambda *event: told.append(event), ended.is_set),
    )
    thread.start()
    try:
        prompt_of(told)  # opening a port drops what stands there
        yield told
    finally:
        ended.set()
        thread.join(WAIT_S)
        for board in boards:
            board.close()


def waited(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + WAIT_S
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


def test_many_boards_have_a_connection_each(broker: Broker) -> None:
    boards = [Board() for _ in range(8)]
    with bridged(broker, *boards) as told:
        for i, board in enumerate(boards):
            board.open(5)  # the same number: each port is by itself
            board.send(encode(Frame(b"D", 5, 0, CONNECT + b"abcdefgh"[i : i + 1])))
        for board in boards:
            assert board.wait_for(b"d").payload == CONNACK
            board.send(encode(Frame(b"A", 5, 0)))
        assert len([event for event in told if event[2] == "connected to the broker"]) == 8


def test_text_and_frames_come_apart(broker: Broker) -> None:
    board = Board()
    with bridged(broker, board) as told:
        board.send(b"hel" + encode(Frame(b"O", 1, 0, HELLO)) + b"lo\r\n")
        board.wait_for(b"o")
        assert waited(lambda: (board.name, "text", "hello") in told)


def test_begun_frame_is_text_after_a_while(broker: Broker) -> None:
    board = Board()
    with bridged(broker, board) as told:
        board.send(b"a\x1cb")
        time.sleep(1.3)
        board.send(b"c\n")
        assert waited(lambda: (board.name, "text", "a\x1cbc") in told)


def prompt_of(told: list[tuple[str, str, str]]) -> str:
    assert waited(lambda: any(event[1] == "prompt" for event in told))
    return next(text for _, kind, text in told if kind == "prompt")


def test_prompt_is_a_pty(broker: Broker) -> None:
    board = Board()
    with bridged(broker, board) as told:
        with serial.Serial(prompt_of(told), timeout=WAIT_S) as terminal:
            terminal.write(b"1 + 1\r")
            board.until(lambda: board.text == b"1 + 1\r")
            board.send(b"2\r\n>>> ")
            assert terminal.read(7) == b"2\r\n>>> "
        # Nobody looks any more: here again.
        time.sleep(0.1)
        board.send(b"alone\r\n")
        assert waited(lambda: (board.name, "text", "alone") in told)


def test_ctrl_c_reaches_a_node_and_the_rest_waits_until_it_has_left(broker: Broker) -> None:
    board = Board()
    with bridged(broker, board) as told, serial.Serial(prompt_of(told)) as terminal:
        board.open(1)
        terminal.write(b"nobody reads this\r\x03\r\x01")
        board.until(lambda: board.text == b"\x03")
        board.send(encode(Frame(b"D", 1, 0, b"bye")))
        board.wait_for(b"a")
        assert board.text == b"\x03"
        board.send(encode(Frame(b"C", 1, 0)))
        board.until(lambda: board.text == b"\x03\x03\r\x01")


def test_node_that_does_not_mind_ctrl_c_goes_on(broker: Broker) -> None:
    board = Board()
    with bridged(broker, board) as told, serial.Serial(prompt_of(told)) as terminal:
        board.open(1)
        terminal.write(b"\x03x")
        board.until(lambda: board.text == b"\x03\x03x")
        board.send(encode(Frame(b"D", 1, 0, CONNECT + b"a")))
        assert board.wait_for(b"d").payload == CONNACK


def test_node_that_dies_of_ctrl_c_is_not_spoken_to(broker: Broker) -> None:
    board = Board()
    with bridged(broker, board) as told, serial.Serial(prompt_of(told)) as terminal:
        board.open(1)
        board.send(encode(Frame(b"D", 1, 0, CONNECT + b"a")))
        board.wait_for(b"d")  # and no answer to it
        terminal.write(b"\x03\r\x01")
        board.until(lambda: board.text == b"\x03\x03\r\x01")
        board.frames.clear()
        terminal.write(b"print(1)")
        time.sleep(2)
        board.until(lambda: board.text.endswith(b"print(1)"))
        assert board.frames == []


def test_port_that_goes_away_ends_its_connection_only(broker: Broker) -> None:
    gone, stays = Board(), Board()
    with bridged(broker, gone, stays) as told:
        gone.open(1)
        stays.open(1)
        gone.close()
        gone.end, gone._slave = os.openpty()  # for the close at the end
        assert waited(lambda: any("the port went away" in text for *_, text in told))
        stays.send(encode(Frame(b"D", 1, 0, CONNECT + b"a")))
        assert stays.wait_for(b"d").payload == CONNACK


def test_terminal_knows_whether_it_is_open() -> None:
    terminal = Terminal()
    assert not terminal.is_open
    with serial.Serial(terminal.name):
        assert terminal.is_open
    assert not terminal.is_open
    terminal.close()


def complaint(*words: str) -> tuple[int, str]:
    got = CliRunner().invoke(app, ["bridge", *words])
    return got.exit_code, got.output


def test_port_that_is_not_there(broker: Broker) -> None:
    code, said = complaint("/dev/ttyNOPE", "--broker", f"127.0.0.1:{broker.port}")
    assert (code, "/dev/ttyNOPE: no such port" in said) == (4, True), said


def test_port_that_is_busy(broker: Broker) -> None:
    board = Board()
    with serial.Serial(board.name, exclusive=True):
        code, said = complaint(board.name, "--broker", f"127.0.0.1:{broker.port}")
    assert (code, "busy" in said) == (4, True), said
    board.close()


def test_port_without_permission(monkeypatch: pytest.MonkeyPatch, broker: Broker) -> None:
    board = Board()
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may open anything
    code, said = complaint(board.name, "--broker", f"127.0.0.1:{broker.port}")
    assert (code, "dialout" in said) == (4, True), said
    board.close()


def test_broker_that_is_not_there() -> None:
    with pytest.raises(DeviceError, match=r"broker 127\.0\.0\.1:1: connection refused; is it run"):
        brokers.find("127.0.0.1", 1)


def test_broker_without_an_address() -> None:
    with pytest.raises(DeviceError, match=r"broker nowhere\.invalid:1883: no such host"):
        brokers.find("nowhere.invalid", 1883)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["/dev/ttyNOPE", "--broker", "h:x"], "h:x"),
        (["ttyNOPE", "--broker", "h"], "ttyNOPE"),
        (["unix:x", "--broker", "h"], "no serial port"),
        (["/dev/a", "/dev/a", "--broker", "h"], "named twice"),
        (["/dev/a"], "--broker"),
        (["--broker", "h"], "PORT"),
    ],
)
def test_wrong_arguments(words: list[str], what: str) -> None:
    code, said = complaint(*words)
    assert (code, what in said) == (2, True), said
