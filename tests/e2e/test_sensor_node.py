"""A node whose accelerometer is on a bus that a file stands in for: through the motion agents, onto
a real broker."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from motion_support import CLASSES, STAGES, WINDOWS, Window
from mqtt_support import DEVICE_SCRIPTS, Process, running
from node_support import SLOW_WAT, Node, add_agent
from sensor_support import STEPS, STILL, measured, script, taken, watched

from wasmote import paths
from wasmote.broker import Broker
from wasmote.links.mqtt import Listener

pytestmark = pytest.mark.timeout(90)

SENSOR = {"kind": "lsm6dsox", "hz": 10, "gravity": False, "scl": 13, "sda": 12}
ENTRY = {"name": "motion", "stages": STAGES, "sensor": SENSOR}
# A board with a bus has `machine` by itself.
MAIN = """
import standin
import wasmote
lines = open("bus.txt")
standin.install(standin.I2CMachine(standin.Traffic(lines)))
wasmote.run()
print("back")
"""
FIFO_READINGS = 256
ENODEV = 19


def bus(root: Path, *parts: list[Window]) -> None:
    """What an LSM6DSOX would say while these are danced before it; then it is unplugged.

    Between two parts its FIFO runs over.
    """
    make = script()
    made = make.Script("lsm6dsox", 0x6A, {}, {"dtype": "int16", "shape": [STEPS, 6], "scale": 1})
    make.lsm_start(made, 104, 8, 2000, 0)
    watch = watched(*(window for part in parts for window in part))
    readings = [tuple(reading) for reading in measured(watch, 2).tolist()]
    at = 0
    for part in parts:
        if at:
            make.lsm_overrun(made)
        first = at
        for last in taken(len(part))[STEPS - 1 :: STEPS]:
            while at <= first + last:
                upto = min(first + last + 1, at + FIFO_READINGS)
                make.lsm_poll(made, make.lsm_words(readings[at:upto], at, True))
                at = upto
    made.fail("3a", ENODEV, "FIFO_STATUS")
    for _ in range(3):
        made.fail("0a 00", ENODEV, "FIFO_CTRL4")
    made.fail("12 01", ENODEV, "CTRL3_C")
    lines = [line for line in made.lines if line.startswith("6a")]
    (root / "bus.txt").write_text("\n".join(lines) + "\n")


def of_each_class() -> list[Window]:
    return [next(w for w in WINDOWS if w.label == label) for label in CLASSES]


def results(root: Path, broker: Broker) -> tuple[list[dict[str, Any]], dict[str, Any], list[str]]:
    """The agent's results, its last counters, and what the node printed."""
    for stage in STAGES:
        shutil.copytree(paths.BUILD / "agents" / stage, root / "agents" / stage)
    shutil.copy(DEVICE_SCRIPTS / "standin.py", root)
    mqtt = {"host": "127.0.0.1", "port": broker.port}
    config = {"site": "site", "node": "node", "mqtt": mqtt, "agents": [ENTRY]}
    (root / "wasmote.json").write_text(json.dumps(config))
    (root / "main.py").write_text(MAIN)
    found, stat = [], {}
    with Listener("127.0.0.1", broker.port) as listener:
        with running(Process(["main.py"], root)) as node:
            node.wait_for("back", 60)
        while message := listener.next(1):
            if message.path == "agent/motion/out":
                found.append(message.json())
            elif message.path == "agent/motion/stat":
                stat = message.json()
    return found, stat, node.lines


def test_sensor_through_the_motion_agents(tmp_path: Path, broker: Broker) -> None:
    """Each activity twenty seconds long: its second window is known as what it is.

    One sample is lost on the way.
    """
    shown = of_each_class()
    windows = [STILL, *(window for each in shown for window in (each, each))]
    bus(tmp_path, windows[:5], windows[5:])
    found, stat, lines = results(tmp_path, broker)
    assert [result["sample"] for result in found] == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    now = [result["outputs"]["now"][0] for result in found]
    assert [CLASSES[number] for number in now[2::2]] == [window.label for window in shown]
    assert (stat["produced"], stat["missed"], stat["errors"]) == (9, 1, 1)
    words = "error: agent motion: sensor: lsm6dsox: I2C 0, no answer from address 0x6a"
    assert any(words in line for line in lines), lines


def test_sensor_that_is_not_there(tmp_path: Path, broker: Broker) -> None:
    """The node says so, in words that help."""
    (tmp_path / "bus.txt").write_text(f"6a w 0f ! {ENODEV}\n")
    found, _, lines = results(tmp_path, broker)
    assert found == []
    assert any("is it wired, and is that its address? (error 19)" in line for line in lines), lines


# A sensor of one's own: a byte each 0.1 s, from hardware that holds three.
OWN = """
import time
OPTIONS = {}
class Own:
    sample_bytes, period_ms, missed = 1, 0, 0
    def __init__(self):
        self.looked = self.made = time.ticks_ms()
        self.number = 0
    def wait_ms(self):
        now = time.ticks_ms()
        if time.ticks_diff(now, self.looked) > 300:
            self.missed += 1
        self.looked = now
        return max(0, 100 - time.ticks_diff(now, self.made))
    def read_into(self, buffer):
        self.made = time.ticks_ms()
        buffer[0] = 8
        self.number += 1
        return self.number - 1 if self.number < 3 else -1
    def close(self):
        pass
def open(options):
    return Own()
"""


def test_sensor_is_looked_after_while_the_agent_computes(tmp_path: Path, broker: Broker) -> None:
    """For 0.8 s, in slices: longer than the hardware can wait."""
    add_agent(tmp_path, "slow", SLOW_WAT, imports=["env.now_us"], deadline_ms=2000)
    (tmp_path / "sensor_own.py").write_text(OWN)
    agent = {"name": "slow", "sensor": {"kind": "own"}}
    mqtt = {"host": "127.0.0.1", "port": broker.port}
    with Listener("127.0.0.1", broker.port) as listener:
        with running(Node(tmp_path, [agent], mqtt=mqtt)) as node:
            assert node.done()["produced"] == 2
        while message := listener.next(1):
            if message.path == "agent/slow/stat":
                missed = message.json()["missed"]
    assert missed == 0
