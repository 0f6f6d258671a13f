"""Types of the fixtures in conftest.py, and a client that sees all topics."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from wasmote.hil import Bench, Device

Boards = Callable[[str], Device]


@dataclass(frozen=True)
class BrokerAddress:
    """Where the tests reach the broker, and where a board does."""

    host: str
    port: int
    bench: Bench

    def for_board(self, device: Device) -> str:
        """The host as the board has to call it."""
        there = device.board.section("network").get("host_address", self.host)
        return self.bench.broker_host or str(there)

    def wait(self, topic: str, payload: bytes, timeout_s: float) -> None:
        """Until that message comes; a retained one counts."""
        came = threading.Event()

        def look(_client: Client, _data: object, message: MQTTMessage) -> None:
            if message.payload == payload:
                came.set()

        client = Client(CallbackAPIVersion.VERSION2)
        client.on_message = look
        client.on_connect = lambda connected, *_: connected.subscribe(topic, qos=1)
        client.connect(self.host, self.port)
        client.loop_start()
        try:
            assert came.wait(timeout_s), f"no {payload!r} on {topic} in {timeout_s:.0f} s"
        finally:
            client.disconnect()
            client.loop_stop()
