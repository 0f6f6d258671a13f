"""Frames between text: SPEC.md 9.1, whatever a serial line does to them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmote import paths
from wasmote.bridge.frames import (
    END,
    ESCAPE,
    FRAME_MAX,
    PAYLOAD_MAX,
    START,
    Frame,
    Splitter,
    encode,
)

VECTORS = json.loads((paths.TOP / "tests/vectors/bridge/frames.json").read_text())
STREAMS = json.loads((paths.TOP / "tests/vectors/bridge/streams.json").read_text())

frames = st.builds(
    Frame,
    st.sampled_from([b"O", b"D", b"A", b"C", b"o", b"d", b"a", b"c"]),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFF),
    st.binary(max_size=PAYLOAD_MAX),
)
texts = st.binary(max_size=60).map(lambda text: text.replace(bytes([START]), b"x"))


def split(*pieces: bytes) -> tuple[list[Frame], bytes]:
    """All frames, and all text in one piece."""
    splitter = Splitter()
    got = [item for piece in pieces for item in splitter.feed(piece)]
    text = b"".join(item for item in got if isinstance(item, bytes))
    return [item for item in got if isinstance(item, Frame)], text + splitter.abandon()


def chunks(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["what"])
def test_frames_are_these_bytes(vector: dict[str, str]) -> None:
    frame = Frame(
        vector["kind"].encode(),
        int(vector["connection"]),
        int(vector["number"]),
        bytes.fromhex(vector["payload"]),
    )
    assert encode(frame).hex() == vector["frame"]
    assert split(encode(frame)) == ([frame], b"")


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream["what"])
def test_streams_hold_these_frames(stream: dict[str, str]) -> None:
    found, _ = split(bytes.fromhex(stream["bytes"]))
    assert [frame.payload.hex() for frame in found] == stream["payloads"]


@given(frames)
def test_frame_cannot_be_taken_for_keys(frame: Frame) -> None:
    """No Ctrl-C, no line's end, no XON: a frame that meets a prompt runs nothing."""
    data = encode(frame)
    assert len(data) <= FRAME_MAX
    assert {byte for byte in data if byte < 0x20} <= {START, END, ESCAPE}


@given(st.lists(st.one_of(frames, texts), max_size=8), st.integers(1, 300))
def test_frames_and_text_come_apart_again(items: list[Frame | bytes], size: int) -> None:
    stream = b"".join(encode(item) if isinstance(item, Frame) else item for item in items)
    got, text = split(*chunks(stream, size))
    assert got == [item for item in items if isinstance(item, Frame)]
    assert text == b"".join(item for item in items if isinstance(item, bytes))


@given(
    st.lists(frames, min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3000), st.integers(0, 255)), max_size=9),
    frames,
)
def test_no_damage_makes_a_wrong_frame_or_costs_the_next_one(
    sent: list[Frame], damage: list[tuple[int, int, int]], last: Frame
) -> None:
    stream = bytearray(b"".join(map(encode, sent)))
    for kind, where, byte in damage:
        at = where % max(1, len(stream))
        if kind == 0:
            stream[at : at + 1] = bytes([byte])
        elif kind == 1:
            del stream[at : at + 1 + byte]
        else:
            stream[at:at] = bytes([byte]) * (1 + byte % 3)
    got, _ = split(bytes(stream), encode(last))
    assert got[-1] == last
    # Damage may repeat nothing and invent nothing.
    rest = iter(sent)
    assert all(any(frame == other for other in rest) for frame in got[:-1])


@given(st.binary(max_size=2000), frames)
def test_noise_before_a_frame_does_not_matter(noise: bytes, frame: Frame) -> None:
    got, _ = split(noise, encode(frame))
    assert got[-1] == frame


def test_frame_without_an_end_becomes_text() -> None:
    torn = encode(Frame(b"D", 1, 0, b"hello"))[:8]
    got, text = split(torn + b"\r\nMPY: soft reboot\r\n>>> ")
    assert got == []
    assert text == torn + b"\r\nMPY: soft reboot\r\n>>> "


def test_endless_frame_ends_at_the_longest() -> None:
    splitter = Splitter()
    data = bytes([START]) + b"x" * 5000
    assert b"".join(p for p in splitter.feed(data) if isinstance(p, bytes)) == data
    assert not splitter.waits
