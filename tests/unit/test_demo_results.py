"""The demo's verdict: green only if everything held."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from wasmote.agent.manifest import Tensor
from wasmote.cli.demo import picture
from wasmote.demo import confusion
from wasmote.demo.results import Tally, judge, parse_done, parse_result
from wasmote.errors import DeviceError

LOGITS = (Tensor("logits", "int8", (1, 10), 1.0, 0, 0),)
COUNTS = {"produced": 300, "acknowledged": 300, "queued": 0, "dropped": 0}


def answer(label: int) -> bytes:
    return bytes(100 if index == label else 0x80 for index in range(10))


def message(seq: int, label: int) -> dict[str, Any]:
    values = [value - 256 if value > 127 else value for value in answer(label)]
    outputs = {"logits": values}
    return {"seq": seq, "sample": seq, "infer_us": 2000, "ticks": 7, "outputs": outputs}


def full_tally(count: int = 300) -> Tally:
    labels = [seq % 10 for seq in range(count)]
    tally = Tally([answer(label) for label in labels], labels)
    for seq in range(count):
        tally.add(parse_result(message(seq, seq % 10), LOGITS))
    return tally


def failed(tally: Tally, counts: dict[str, int], ram: int = 262_144) -> list[str]:
    return [verdict.what for verdict in judge(tally, counts, ram, 262_144) if not verdict.ok]


def test_demo_holds_when_all_holds() -> None:
    tally = full_tally()
    assert failed(tally, COUNTS) == []
    assert tally.accuracy == 1.0
    assert tally.ticks() == 7
    assert tally.confusion[3][3] == 30


def test_demo_fails_on_one_other_byte() -> None:
    tally = full_tally()
    tally.expected[17] = bytes(10)
    again = Tally(tally.expected, tally.labels)
    for result in tally.results:
        again.add(result)
    assert failed(again, COUNTS) == ["output bytes equal to wasmtime's"]


def test_demo_fails_on_a_lost_result() -> None:
    tally = full_tally()
    tally.results.pop()
    assert "every sample answered" in failed(tally, COUNTS)
    assert "produced = acknowledged = received" in failed(tally, COUNTS)


def test_demo_fails_on_a_result_that_came_twice() -> None:
    tally = full_tally()
    tally.add(tally.results[0])
    assert "produced = acknowledged = received" in failed(tally, COUNTS)


@pytest.mark.parametrize("key", ["queued", "dropped"])
def test_demo_fails_on_what_was_not_acknowledged(key: str) -> None:
    assert failed(full_tally(), {**COUNTS, key: 1}) == ["produced = acknowledged = received"]


def test_demo_fails_on_accuracy_samples_and_ram() -> None:
    assert failed(full_tally(299), {**COUNTS, "produced": 299, "acknowledged": 299}) == [
        "held-out samples"
    ]
    assert failed(full_tally(), COUNTS, 262_145) == ["RAM"]
    tally = full_tally()
    wrong = dataclasses.replace(tally, correct=290)
    assert failed(wrong, COUNTS) == ["accuracy"]


@pytest.mark.parametrize(
    "change",
    [
        {"outputs": {"other": []}},
        {"outputs": {"logits": [200] * 10}},
        {"outputs": {"logits": "abc"}},
        {"sample": None},
    ],
)
def test_demo_refuses_what_is_no_result(change: dict[str, Any]) -> None:
    with pytest.raises(DeviceError, match="not a result"):
        parse_result({**message(0, 0), **change}, LOGITS)


def test_demo_refuses_a_sample_that_does_not_exist() -> None:
    tally = full_tally()
    with pytest.raises(DeviceError, match="sample 300 does not exist"):
        tally.add(parse_result(message(300, 0), LOGITS))


def test_demo_reads_the_nodes_last_line() -> None:
    line = "wasmote: done produced=360 acknowledged=359 queued=0 dropped=1"
    assert parse_done(line) == {"produced": 360, "acknowledged": 359, "queued": 0, "dropped": 1}
    assert parse_done("wasmote: mqtt connected") is None


def test_demo_draws_a_digit_in_block_characters() -> None:
    drawn = picture(bytes([0, 16] * 32)).splitlines()
    assert drawn == ["  ██" * 4] * 8
    assert picture(bytes(64)).splitlines() == [" " * 16] * 8


def test_demo_draws_the_confusion_matrix(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "confusion.png"
    confusion.draw(full_tally().confusion, "title", path)
    with Image.open(path) as image:
        assert image.format == "PNG"
        middle = confusion.MARGIN + confusion.CELL // 2 - 20
        assert image.getpixel((middle, middle)) == confusion.RIGHT
        assert image.getpixel((middle + confusion.CELL, middle)) == confusion.PAPER
