"""The host's end of the nodes' MQTT topics (SPEC.md, 5)."""

import json
import queue
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from wasmote.errors import DeviceError, TimedOutError, UsageError
from wasmote.running import Running

PORT, TLS_PORT = 1883, 8883
CONNECT_TIMEOUT_S = 10.0
# CONNECT of MQTT 3.1.1: clean session, keep-alive 5 s, no client id.
_CONNECT = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x05\x00\x00"


@dataclass(frozen=True)
class Message:
    """A message of a node: its topic's parts and its payload."""

    topic: str
    node: str
    path: str
    payload: bytes

    def json(self) -> dict[str, Any]:
        """The payload as an object. Raises DeviceError where it is none."""
        try:
            value = json.loads(self.payload)
        except ValueError as error:
            raise DeviceError(f"{self.topic}: not JSON: {error}") from None
        if not isinstance(value, dict):
            raise DeviceError(f"{self.topic}: {value!r} is not an object")
        return value


def parse_address(text: str, default: int = PORT) -> tuple[str, int]:
    """`host` or `host:port`."""
    host, colon, port = text.partition(":")
    if not host or (colon and not (port.isdigit() and 0 < int(port) < 65536)):
        raise UsageError(f"{text!r} is no broker: host or host:port (1..65535)")
    return host, int(port) if colon else default


def probe(host: str, port: int, timeout_s: float = 3.0) -> None:
    """Asks for a connection and lets it go. Raises DeviceError where no broker takes us."""
    code = connack(host, port, timeout_s)
    if code:
        raise DeviceError(f"the broker at {host}:{port} refuses us (code {code}): user, password?")


def connack(host: str, port: int, timeout_s: float = 3.0) -> int:
    """The broker's answer to a client without a name: 0, it is let in; else why not."""
    where = f"{host}:{port}"
    try:
        with socket.create_connection((host, port), timeout_s) as connection:
            connection.sendall(_CONNECT)
            answer = connection.recv(4)
    except OSError as error:
        raise DeviceError(f"no broker at {where} ({error})") from None
    if answer[:3] != b"\x20\x02\x00" or len(answer) != 4:
        raise DeviceError(f"{where} answers, but not as an MQTT broker does")
    return answer[3]


class Listener(Running):
    """Receives everything that nodes publish below a prefix, in order, into a queue."""

    def __init__(
        self,
        host: str,
        port: int,
        prefix: str = "wasmote",
        client_id: str | None = None,
        below: str = "+/+/#",
        *,
        user: str = "",
        password: str = "",
        authority: Path | None = None,
    ) -> None:
        """`below`: <site>/<node>/<topic>, which may be wildcards.

        With a `client_id` the broker keeps the session, and what comes while we are away.
        `authority`: TLS, and a file of the authorities that may have signed the broker's
        certificate.
        """
        self.address = (host, port)
        self.filter = f"{prefix}/v1/{below}"
        self._queue: queue.Queue[Message] = queue.Queue()
        self._subscribed: queue.Queue[str] = queue.Queue()  # the error, where there is one
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id or "", clean_session=client_id is None
        )
        self._client.reconnect_delay_set(min_delay=1, max_delay=2)
        if user:
            self._client.username_pw_set(user, password)
        if authority:
            self._client.tls_set(ca_certs=str(authority))
        self._client.on_connect = self._connected
        self._client.on_subscribe = lambda *_: self._subscribed.put("")
        self._client.on_message = self._received

    def _connected(
        self, client: Client, _data: object, _flags: object, code: ReasonCode, *_: object
    ) -> None:
        if code.is_failure:
            self._subscribed.put(str(code))
        else:
            client.subscribe(self.filter, qos=1)

    def _received(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        parts = message.topic.split("/", 4)
        self._queue.put(Message(message.topic, parts[3], parts[4], bytes(message.payload)))

    def start(self) -> Self:
        """Connects and subscribes. Raises DeviceError where there is no broker."""
        host, port = self.address
        try:
            self._client.connect(host, port)
        except OSError as error:
            raise DeviceError(f"no broker at {host}:{port} ({error}); is mosquitto up?") from None
        self._client.loop_start()
        try:
            refused = self._subscribed.get(timeout=CONNECT_TIMEOUT_S)
        except queue.Empty:
            self.stop()
            raise TimedOutError(f"broker {host}:{port}: no answer to a subscription") from None
        if refused:
            self.stop()
            raise DeviceError(f"broker {host}:{port}: {refused}: user, password?")
        return self

    def next(self, timeout_s: float) -> Message | None:
        """The next message, or None when none came in that time."""
        try:
            return self._queue.get(timeout=max(timeout_s, 0))
        except queue.Empty:
            return None

    def wait(self, path: str, payload: bytes | None, timeout_s: float) -> Message:
        """The next message on `path` (with that payload, where one is given).

        Others on the way are dropped. Raises TimedOutError.
        """
        end = time.monotonic() + timeout_s
        while (left := end - time.monotonic()) > 0:
            message = self.next(left)
            if message and message.path == path and payload in (None, message.payload):
                return message
        raise TimedOutError(f"nothing on {path} in {timeout_s:.0f} s")

    def publish(self, topic: str, payload: str, retain: bool = False) -> None:
        """Publishes at QoS 1 and waits until the broker has it."""
        sent = self._client.publish(topic, payload, qos=1, retain=retain)
        sent.wait_for_publish(CONNECT_TIMEOUT_S)

    def send(self, topic: str, payload: bytes) -> None:
        """Publishes at QoS 0, which may be lost."""
        self._client.publish(topic, payload)

    def stop(self) -> None:
        """Disconnects."""
        self._client.disconnect()
        self._client.loop_stop()
