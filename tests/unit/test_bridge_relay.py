"""The bridge's end of a connection: what it answers, repeats and gives up (SPEC.md 9.2)."""

from collections import deque

import pytest

from wasmote.bridge.frames import Frame
from wasmote.bridge.relay import CONNECT_TIMEOUT_S, SILENCE_S, Relay

HELLO = b"\x01\x80\x00"  # version 1, 128 bytes
OPENED = b"\x01\x00\x01"


class FakeBroker:
    """The socket, as the test wants it to be."""

    def __init__(self) -> None:
        self.stands = True
        self.takes = 10_000
        self.sent = b""
        self.comes: deque[bytes | OSError] = deque()
        self.closed = False

    def needs(self) -> tuple[bool, bool]:
        return False, True

    def connected(self) -> bool:
        return self.stands

    def pending(self) -> bool:
        return False

    def send(self, data: bytes) -> int:
        taken = data[: self.takes]
        self.sent += taken
        return len(taken)

    def receive(self, limit: int) -> bytes | None:
        if not self.comes:
            return None
        item = self.comes.popleft()
        if isinstance(item, OSError):
            raise item
        if len(item) > limit:
            self.comes.appendleft(item[limit:])
        return item[:limit]

    def close(self) -> None:
        self.closed = True


class Bench:
    """A relay, and the time and frames around it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.frames: list[Frame] = []
        self.told: list[str] = []
        self.brokers: list[FakeBroker] = []
        self.refuses = False
        self.stands = True
        self.relay = Relay(self.dial, self.frames.append, self.told.append, "host:1883")

    def dial(self) -> FakeBroker:
        if self.refuses:
            raise ConnectionRefusedError(111, "Connection refused")
        self.brokers.append(FakeBroker())
        self.brokers[-1].stands = self.stands
        return self.brokers[-1]

    def take(self, kind: bytes, number: int = 0, payload: bytes = b"", connection: int = 7) -> None:
        self.relay.take(Frame(kind, connection, number, payload), self.now)

    def ready(self) -> None:
        self.relay.ready(*self.relay.wants(), self.now)

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds * 20)):
            self.now += 0.05
            self.relay.tick(self.now)

    def said(self) -> list[Frame]:
        """What was sent to the board since the last call."""
        frames, self.frames[:] = list(self.frames), []
        return frames

    def opened(self) -> FakeBroker:
        self.take(b"O", payload=HELLO)
        self.ready()
        self.said()
        return self.brokers[-1]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_open_is_answered_at_once_and_when_the_broker_is_there(bench: Bench) -> None:
    bench.stands = False
    bench.take(b"O", payload=HELLO)
    bench.ready()
    assert bench.said() == [Frame(b"a", 7, 0)]
    bench.brokers[0].stands = True
    bench.ready()
    assert bench.said() == [Frame(b"o", 7, 0, OPENED)]


def test_repeated_open_makes_no_second_connection(bench: Bench) -> None:
    bench.opened()
    bench.take(b"O", payload=HELLO)
    assert len(bench.brokers) == 1
    assert bench.said() == [Frame(b"o", 7, 0, OPENED)]


@pytest.mark.parametrize("connection", [7, 8])
def test_open_of_a_board_that_was_reset_begins_anew(bench: Bench, connection: int) -> None:
    broker = bench.opened()
    bench.take(b"D", 0, b"hi")
    bench.take(b"O", payload=HELLO, connection=connection)
    assert broker.closed
    assert len(bench.brokers) == 2


def test_data_is_answered_once_the_network_has_it(bench: Bench) -> None:
    broker = bench.opened()
    broker.takes = 2
    bench.take(b"D", 0, b"hello")
    assert (broker.sent, bench.said()) == (b"he", [])
    bench.take(b"D", 0, b"hello")  # repeated meanwhile
    broker.takes = 100
    bench.ready()
    assert (broker.sent, bench.said()) == (b"hello", [Frame(b"a", 7, 0)])


def test_data_that_comes_twice_goes_out_once(bench: Bench) -> None:
    broker = bench.opened()
    for number, data in ((0, b"a"), (0, b"a"), (1, b"b"), (0, b"a"), (1, b"b"), (2, b"c")):
        bench.take(b"D", number, data)
    assert broker.sent == b"abc"
    assert [frame.number for frame in bench.said()] == [0, 0, 1, 1, 2]


def test_numbers_begin_again_after_255(bench: Bench) -> None:
    broker = bench.opened()
    for i in range(600):
        bench.take(b"D", i & 0xFF, bytes([i & 0xFF]))
        broker.comes.append(b"x")
        bench.ready()
        bench.take(b"A", i & 0xFF)
    assert len(broker.sent) == 600
    assert bench.relay.received_bytes == 600


def test_brokers_bytes_come_in_frames_that_the_board_can_take(bench: Bench) -> None:
    bench.opened().comes.append(bytes(300))
    sizes = []
    for number in range(3):
        bench.ready()
        bench.ready()  # nothing more until it is answered
        (frame,) = bench.said()
        assert (frame.kind, frame.number) == (b"d", number)
        sizes.append(len(frame.payload))
        bench.take(b"A", number)
    assert sizes == [128, 128, 44]


def test_what_is_not_answered_is_repeated_less_and_less_often(bench: Bench) -> None:
    bench.opened().comes.append(b"x")
    bench.ready()
    bench.wait(10)
    frames = bench.said()
    assert 4 <= len(frames) <= 7
    assert set(frames) == {Frame(b"d", 7, 0, b"x")}
    bench.take(b"A", 5)  # of something else
    assert not bench.relay.wants()[0]
    bench.take(b"A", 0)
    bench.wait(20)
    assert bench.said() == []


def test_board_that_stays_silent_is_given_up(bench: Bench) -> None:
    broker = bench.opened()
    broker.comes.append(b"x")
    bench.ready()
    bench.wait(SILENCE_S + 10)
    assert broker.closed
    bench.said()
    bench.wait(60)
    assert bench.said() == []


def test_idle_board_is_kept(bench: Bench) -> None:
    broker = bench.opened()
    bench.wait(3600)
    assert not broker.closed
    assert bench.said() == []


def test_nothing_is_repeated_while_the_prompt_is_used(bench: Bench) -> None:
    bench.opened().comes.append(b"x")
    bench.ready()
    bench.said()
    bench.relay.quiet = True
    bench.wait(5)
    assert bench.said() == []


def test_silent_board_is_given_up_while_the_prompt_is_used(bench: Bench) -> None:
    broker = bench.opened()
    bench.relay.quiet = True
    bench.wait(SILENCE_S + 1)
    assert broker.closed
    assert bench.said() == []


def test_end_is_not_told_to_a_prompt_that_is_used(bench: Bench) -> None:
    broker = bench.opened()
    bench.relay.quiet = True
    broker.comes.append(b"")
    bench.relay.ready(True, False, bench.now)
    bench.relay.forget()
    bench.relay.quiet = False
    bench.wait(10)
    assert broker.closed
    assert bench.said() == []


def test_broker_that_refuses_is_told_with_its_reason(bench: Bench) -> None:
    bench.refuses = True
    bench.take(b"O", payload=HELLO)
    assert bench.said() == [Frame(b"c", 7, 0, b"broker host:1883: connection refused")]
    bench.wait(30)
    assert len(bench.said()) == 2  # repeated, but not for ever
    bench.refuses = False
    bench.take(b"O", payload=HELLO, connection=8)
    bench.ready()
    assert bench.said()[-1] == Frame(b"o", 8, 0, OPENED)


def test_broker_that_does_not_answer_is_given_up(bench: Bench) -> None:
    bench.stands = False
    bench.take(b"O", payload=HELLO)
    bench.said()
    bench.wait(CONNECT_TIMEOUT_S + 0.2)
    assert bench.said() == [Frame(b"c", 7, 0, b"broker host:1883: no answer")]


@pytest.mark.parametrize("end", [b"", ConnectionResetError(104, "Connection reset by peer")])
def test_broker_that_goes_is_told_until_the_board_has_heard(
    bench: Bench, end: bytes | OSError
) -> None:
    broker = bench.opened()
    broker.comes.append(end)
    bench.ready()
    (frame,) = bench.said()
    assert frame.kind == b"c"
    assert broker.closed
    bench.take(b"D", 0, b"late")
    assert bench.said() == [frame]
    bench.take(b"C")
    bench.wait(10)
    assert bench.said() == []


def test_board_that_closes_ends_the_connection(bench: Bench) -> None:
    broker = bench.opened()
    bench.take(b"C")
    assert broker.closed
    assert not bench.relay.is_open
    assert bench.said() == []


def test_data_of_before_the_bridge_was_restarted_is_refused(bench: Bench) -> None:
    bench.take(b"D", 3, b"x", connection=99)
    assert bench.said() == [Frame(b"c", 99, 0, b"the bridge knows no such connection")]
    bench.take(b"A", 3, connection=99)
    bench.take(b"C", 3, connection=99)
    assert bench.said() == []


@pytest.mark.parametrize("payload", [b"", b"\x02\x80\x00", b"\x01\x80"])
def test_other_versions_are_refused(bench: Bench, payload: bytes) -> None:
    bench.take(b"O", payload=payload)
    (frame,) = bench.said()
    assert frame.kind == b"c"
    assert b"another version" in frame.payload


@pytest.mark.parametrize("kind", [b"D", b"A", b"C", b"o", b"d", b"?", b"\x00"])
def test_frames_out_of_turn_harm_nothing(bench: Bench, kind: bytes) -> None:
    bench.take(kind, 5, b"junk")
    broker = bench.opened()
    if kind != b"C":
        bench.take(kind, 5, b"junk")
        assert bench.relay.is_open
        assert broker.sent == b""
