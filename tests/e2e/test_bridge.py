"""Boards without a network publish through `wasmote bridge`; what can go wrong on the way."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from bridge_support import Bridge, Cable, Noise, UnixNode, config
from commands import Run
from node_support import add_agent, add_samples

from wasmote import boards, paths
from wasmote.agent import golden
from wasmote.boards import Board
from wasmote.broker import Broker
from wasmote.links import bundles, connected, files
from wasmote.links.lines import SerialLines
from wasmote.links.mqtt import Listener
from wasmote.sim import Simulator, simulator

AGENT = "digits"
BUNDLE = paths.BUILD / "agents" / AGENT
SAMPLES = "/samples/digits.bin"
COUNT = 60
LONG = 250
WITHOUT_NETWORK = [
    board
    for board in boards.listing()
    if board.values["tier"] == "ci"
    and board.section("sim")["kind"] == "qemu"
    and board.section("network")["kind"] == "none"
]


@pytest.fixture(scope="module", params=WITHOUT_NETWORK, ids=lambda board: board.name)
def wired(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """A board that has only a serial port, with the agent in its store and its golden inputs."""
    board: Board = request.param
    assert board.firmware.exists(), f"{board.name} is not built: make firmware BOARD={board.name}"
    name = f"test-bridge-{board.name}"
    simulator.install(board, name)
    with Simulator(board, name, fresh=True) as booted:
        manifest, data = bundles.load(BUNDLE)
        with connected(booted.port) as link:
            bundles.upload(link, manifest.name, data)
            files.mkdirs(link, "/samples")
            link.write(SAMPLES, golden_samples())
        yield booted


def pairs() -> list[tuple[bytes, bytes]]:
    return golden.read((BUNDLE / golden.FILE_NAME).read_bytes()).pairs


def golden_samples() -> bytes:
    """The golden inputs as a sample file (SPEC.md, 3.2)."""
    inputs = [given for given, _ in pairs()]
    head = b"WMSF" + (1).to_bytes(2, "little") + bytes(2)
    sizes = len(inputs[0]).to_bytes(4, "little") + len(inputs).to_bytes(4, "little")
    return head + sizes + b"".join(inputs)


def start_node(port: str, count: int, **mqtt: Any) -> None:
    """Configures the node and restarts the board into it."""
    settings = config(AGENT, SAMPLES, count, **mqtt)
    settings["agents"][0]["sensor"]["loop"] = True
    with connected(port) as link:
        link.write("/wasmote.json", json.dumps(settings).encode())
        link.write("/main.py", b"import wasmote\nwasmote.run()\n")
        link.restart()


def stop_node(port: str) -> None:
    with connected(port) as link:
        files.remove(link, "/main.py")


def collect(listener: Listener, last: int, timeout_s: float = 60) -> dict[int, list[int]]:
    """Results by their number until `last` and all before it have come: their output."""
    found: dict[int, list[int]] = {}
    end = time.monotonic() + timeout_s
    while len(found) <= last:
        message = listener.next(end - time.monotonic())
        assert message, f"{len(found)} of {last + 1} results came"
        if message.path == f"agent/{AGENT}/out":
            result = message.json()
            (output,) = result["outputs"].values()
            assert found.setdefault(result["seq"], output) == output
    return found


def expected(count: int) -> dict[int, list[int]]:
    outputs = [list(memoryview(out).cast("b")) for _, out in pairs()]
    return {seq: outputs[seq % len(outputs)] for seq in range(count)}


def test_bridge_carries_the_golden_outputs(wired: Simulator, broker: Broker) -> None:
    with Listener("127.0.0.1", broker.port) as listener, Bridge(broker.port, wired.port) as bridge:
        start_node(bridge.prompts[0], COUNT)
        bridge.wait_for("mqtt connected")
        assert collect(listener, COUNT - 1) == expected(COUNT)
        done = bridge.wait_for("wasmote: done ")
        assert f"acknowledged={COUNT} queued=0 dropped=0" in done
        stop_node(bridge.prompts[0])


def test_bridge_leaves_the_prompt_usable(wired: Simulator, broker: Broker, mpremote: Run) -> None:
    """mpremote on the bridge's pty: Ctrl-C, exec, and the broker hears that the node has left."""
    with Listener("127.0.0.1", broker.port) as listener, Bridge(broker.port, wired.port) as bridge:
        (prompt,) = bridge.prompts
        start_node(prompt, 0)
        listener.wait(f"agent/{AGENT}/out", None, 30)
        started = time.monotonic()
        got = mpremote(prompt, "exec", "print(6 * 7)")
        assert (got.returncode, got.stdout.strip()) == (0, "42"), got.stdout + got.stderr
        assert time.monotonic() - started < 6
        listener.wait("state", b"offline", 10)
        # And what it does there may be a node again.
        got = mpremote(prompt, "exec", "--no-follow", "import wasmote; wasmote.run()")
        assert got.returncode == 0, got.stdout + got.stderr
        listener.wait(f"agent/{AGENT}/out", None, 30)
        stop_node(prompt)


def test_ctrl_c_may_strike_anywhere(wired: Simulator, broker: Broker, mpremote: Run) -> None:
    with Bridge(broker.port, wired.port) as bridge:
        (prompt,) = bridge.prompts
        for i in range(12):
            start_node(prompt, 0)
            bridge.wait_for("mqtt connected")
            time.sleep(0.03 * i)
            got = mpremote(prompt, "exec", "print(6 * 7)")
            assert (got.returncode, got.stdout.strip()) == (0, "42"), got.stdout + got.stderr
        stop_node(prompt)


def test_bridge_is_restarted_in_the_middle(wired: Simulator, broker: Broker) -> None:
    bridge = Bridge(broker.port, wired.port).start()
    try:
        with Listener("127.0.0.1", broker.port, client_id="e2e") as listener:
            start_node(bridge.prompts[0], LONG, queue=LONG)
            bridge.wait_for("mqtt connected")
            listener.wait("meta", None, 10)
            bridge.kill()
            time.sleep(1)
            bridge.start()
            assert collect(listener, LONG - 1) == expected(LONG)
        bridge.wait_for(f"acknowledged={LONG} queued=0 dropped=0")
        stop_node(bridge.prompts[0])
    finally:
        bridge.stop()


def test_broker_is_restarted_in_the_middle(wired: Simulator, broker: Broker) -> None:
    with (
        Listener("127.0.0.1", broker.port, client_id="e2e") as listener,
        Bridge(broker.port, wired.port) as bridge,
    ):
        start_node(bridge.prompts[0], LONG, queue=LONG)
        bridge.wait_for("mqtt connected")
        listener.wait("meta", None, 10)
        broker.kill()
        bridge.wait_for("error: mqtt bridge:1883: ")
        bridge.wait_for("connection refused")
        broker.start()
        bridge.wait_for(f"acknowledged={LONG} queued=0 dropped=0", 60)
        assert collect(listener, LONG - 1) == expected(LONG)
        stop_node(bridge.prompts[0])


@pytest.mark.parametrize("percent", [0.1, 0.3])
def test_noise_on_the_line_loses_nothing(wired: Simulator, broker: Broker, percent: float) -> None:
    with (
        Cable(wired.port) as cable,
        Listener("127.0.0.1", broker.port) as listener,
        Bridge(broker.port, cable.name) as bridge,
    ):
        start_node(bridge.prompts[0], COUNT, timeout_s=20)
        noise = cable.to_board, cable.to_host = Noise(1, percent), Noise(2, percent)
        assert collect(listener, COUNT - 1, 120) == expected(COUNT)
        assert all(way.hits for way in noise)
        cable.to_board = cable.to_host = bytes
        stop_node(bridge.prompts[0])


def test_board_that_is_reset_begins_anew(wired: Simulator, broker: Broker) -> None:
    with Listener("127.0.0.1", broker.port) as listener, Bridge(broker.port, wired.port) as bridge:
        start_node(bridge.prompts[0], 0)
        first = listener.wait(f"agent/{AGENT}/out", None, 30)
        with connected(bridge.prompts[0]) as link:
            link.exec("import machine, wasmote\nwasmote.fs.next_boot()")
            link.restart()
        boot = first.json()["boot"]
        end = time.monotonic() + 30
        while boot == first.json()["boot"]:
            assert time.monotonic() < end
            boot = listener.wait(f"agent/{AGENT}/out", None, 30).json()["boot"]
        stop_node(bridge.prompts[0])


def test_cable_that_is_pulled_out_and_put_back(
    wired: Simulator, broker: Broker, tmp_path: Path
) -> None:
    """The port's name goes and comes, as that of a USB adapter does."""
    name = tmp_path / "tty"
    with Listener("127.0.0.1", broker.port, client_id="e2e") as listener:
        cable = Cable(wired.port).start()
        name.symlink_to(cable.name)
        with Bridge(broker.port, str(name)) as bridge:
            start_node(bridge.prompts[0], LONG, queue=LONG)
            bridge.wait_for("mqtt connected")
            listener.wait("meta", None, 10)
            name.unlink()
            cable.stop()
            bridge.wait_for("the port went away")
            cable = Cable(wired.port).start()
            name.symlink_to(cable.name)
            bridge.wait_for("the port is back")
            assert collect(listener, LONG - 1) == expected(LONG)
            bridge.wait_for(f"acknowledged={LONG} queued=0 dropped=0")
            stop_node(bridge.prompts[0])
        cable.stop()


def test_umqtt_simple_by_itself(wired: Simulator, broker: Broker) -> None:
    """As a program uses it that knows nothing of nodes: it blocks."""
    program = '''
from wasmote.links import bridge
bridge.sockets()
from umqtt.simple import MQTTClient
got = []
client = MQTTClient("me", "bridge")
client.set_callback(lambda topic, text: got.append(text))
client.connect()
client.subscribe(b"wasmote/v1/e2e/plain/in", 1)
for i in range(20):
    client.publish(b"wasmote/v1/e2e/plain/in", b"%d " % i * 60, qos=1)
while len(got) < 20:
    client.wait_msg()
client.publish(b"wasmote/v1/e2e/plain/out", b"0123456789abcdef" * 64, qos=1)
client.disconnect()
print(got == [b"%d " % i * 60 for i in range(20)])
'''
    with Listener("127.0.0.1", broker.port) as listener, Bridge(broker.port, wired.port) as bridge:
        with connected(bridge.prompts[0]) as link:
            assert link.exec(program, 30).strip() == "True"
        assert listener.wait("out", None, 10).payload == b"0123456789abcdef" * 64


def test_node_without_a_bridge_says_so(wired: Simulator) -> None:
    start_node(wired.port, 0)
    lines = SerialLines(wired.port)
    said = lines.wait("error: mqtt", 30)[-1]
    assert "wasmote bridge" in said
    lines.close()
    stop_node(wired.port)


def test_node_that_runs_without_a_bridge_is_still_at_the_prompt(
    wired: Simulator, broker: Broker, mpremote: Run
) -> None:
    """The bridge was ended, mpremote has the port itself: no frame is in its way."""
    with Listener("127.0.0.1", broker.port) as listener:
        with Bridge(broker.port, wired.port) as bridge:
            start_node(bridge.prompts[0], 0)
            listener.wait(f"agent/{AGENT}/out", None, 30)
            bridge.kill()
        got = mpremote(wired.port, "exec", "print(6 * 7)")
        assert (got.returncode, got.stdout.strip()) == (0, "42"), got.stdout + got.stderr
        stop_node(wired.port)


def test_five_boards_share_a_bridge(broker: Broker, tmp_path: Path) -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(Listener("127.0.0.1", broker.port))
        nodes = []
        for i in range(5):
            folder = tmp_path / str(i)
            folder.mkdir()
            add_agent(folder, "plus")
            add_samples(folder, "plus", list(range(i, 50 + i)))
            settings = config("plus", "/samples/plus.bin", 50) | {"node": f"n{i}"}
            nodes.append(UnixNode(folder, settings))
        bridge = stack.enter_context(Bridge(broker.port, *[node.name for node in nodes]))
        for node in nodes:
            stack.enter_context(node)
        found: dict[str, list[int]] = {node.folder.name: [] for node in nodes}
        while sum(map(len, found.values())) < 250:
            message = listener.next(20)
            assert message, found
            if message.path == "agent/plus/out":
                found[message.node[-1]] += message.json()["outputs"]["y"]
        assert found == {str(i): list(range(i + 1, 51 + i)) for i in range(5)}
        for _ in nodes:
            bridge.wait_for("done produced=50 acknowledged=50 queued=0 dropped=0")


def test_power_cut_lets_the_broker_say_offline(wired: Simulator, broker: Broker) -> None:
    """The last one: the board is gone afterwards."""
    with Listener("127.0.0.1", broker.port) as listener, Bridge(broker.port, wired.port) as bridge:
        start_node(bridge.prompts[0], 0)
        listener.wait("state", b"online", 30)
        wired.kill()
        bridge.wait_for("the port went away")
        listener.wait("state", b"offline", 10)
