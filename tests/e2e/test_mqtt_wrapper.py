"""The MQTT link against a real mosquitto and against brokers that misbehave.

Rerun one: .venv/bin/pytest tests/e2e/test_mqtt_wrapper.py -k <name>
"""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mqtt_support import (
    TOPIC,
    Connection,
    Driver,
    Hostile,
    mqtt_options,
    running,
    sequence,
)

from wasmote.broker import Broker
from wasmote.links.mqtt import Listener

pytestmark = pytest.mark.timeout(90)


# ---- A real broker ----


def test_thousand_results_arrive_once(tmp_path: Path) -> None:
    """A window of publishes in flight: in order, none twice, far faster than one a round trip."""
    with Broker(tmp_path / "broker") as broker, Listener("127.0.0.1", broker.port) as listener:
        with running(Driver(tmp_path, mqtt_options(broker.port), count=1000)) as driver:
            result = driver.result()
        assert sequence(listener, 999) == list(range(1000))
    assert result["acknowledged"] == 1000
    assert result["link_errors"] == 0


def test_large_results_at_qos_0_arrive(tmp_path: Path) -> None:
    """20 kB each, more than the network takes at once: partial writes keep the frames whole."""
    with Broker(tmp_path / "broker") as broker, Listener("127.0.0.1", broker.port) as listener:
        options = mqtt_options(broker.port, qos=0)
        with running(Driver(tmp_path, options, count=300, bytes=20000)) as driver:
            result = driver.result()
        assert sequence(listener, 299) == list(range(300))
    assert result["acknowledged"] == 300


def test_broker_absent_at_start(tmp_path: Path) -> None:
    """Results wait for the broker; it gets them when it comes."""
    broker = Broker(tmp_path / "broker")
    with running(Driver(tmp_path, mqtt_options(broker.port), count=50)) as driver:
        assert "ECONNREFUSED" in driver.wait_for("error: mqtt")
        driver.wait_for("produced")
        with broker, Listener("127.0.0.1", broker.port) as listener:
            result = driver.result()
            assert sequence(listener, 49) == list(range(50))
    assert result["acknowledged"] == 50


def test_offline_the_oldest_results_are_dropped(tmp_path: Path) -> None:
    """A bounded queue without a broker: the newest stay, what is dropped is counted."""
    port = Broker(tmp_path / "broker").port
    options = mqtt_options(port, queue=10)
    with running(Driver(tmp_path, options, count=35, drain_ms=0)) as driver:
        result = driver.result()
    assert (result["queued"], result["dropped"], result["acknowledged"]) == (10, 25, 0)


def test_broker_restarted_in_mid_run_loses_nothing(tmp_path: Path) -> None:
    """The broker is killed and comes back: every result arrives, some perhaps twice."""
    broker = Broker(tmp_path / "broker").start()
    try:
        with Listener("127.0.0.1", broker.port, client_id="test") as listener:
            options = mqtt_options(broker.port, queue=1000)
            with running(Driver(tmp_path, options, count=600, period_ms=5)) as driver:
                driver.wait_for("connected")
                time.sleep(1)
                broker.kill()
                driver.wait_for("error: mqtt")
                broker.start()
                result = driver.result()
            received = sequence(listener, 599)
    finally:
        broker.stop()
    assert result["acknowledged"] == 600
    assert result["dropped"] == 0
    assert set(received) == set(range(600))


def test_last_will_when_the_node_dies(tmp_path: Path) -> None:
    """The broker says `offline` for a node that is gone; at a proper end the node says it."""
    with Broker(tmp_path / "broker") as broker, Listener("127.0.0.1", broker.port) as listener:
        with running(Driver(tmp_path, mqtt_options(broker.port), linger_ms=30000)) as driver:
            listener.wait("state", b"online", 10)
            driver.kill()
            listener.wait("state", b"offline", 10)
        with running(Driver(tmp_path, mqtt_options(broker.port))) as driver:
            listener.wait("state", b"online", 10)
            driver.result()
            listener.wait("state", b"offline", 10)
        assert logs(broker, "Client wasmote-site-node disconnected.")


def logs(broker: Broker, words: str) -> bool:
    """True when the broker has logged `words`, which takes it a moment."""
    for _ in range(50):
        if words in broker.log.read_text():
            return True
        time.sleep(0.1)
    return False


def test_commands_come_also_after_a_reconnect(tmp_path: Path) -> None:
    """A clean session: the link subscribes anew at each connection."""
    broker = Broker(tmp_path / "broker").start()
    try:
        with running(Driver(tmp_path, mqtt_options(broker.port), linger_ms=60000)) as driver:
            for payload in ("one", "two"):
                driver.wait_for("connected")
                time.sleep(0.3)
                with Listener("127.0.0.1", broker.port) as listener:
                    listener.publish(TOPIC + "cmd", payload)
                driver.wait_for(f"command b'{payload}'")
                broker.kill()
                driver.wait_for("error: mqtt")
                broker.start()
    finally:
        broker.stop()


def test_durable_queue_survives_a_kill(tmp_path: Path) -> None:
    """Results of a node that is offline lie in flash; the next run publishes them."""
    broker = Broker(tmp_path / "broker")
    options = mqtt_options(broker.port, durable=True, queue=8)
    with running(Driver(tmp_path, options, count=100, drain_ms=60000)) as driver:
        driver.wait_for("produced")
        driver.kill()
    with broker, Listener("127.0.0.1", broker.port) as listener:
        with running(Driver(tmp_path, options, first=100, count=100)) as driver:
            assert "100 results" in driver.wait_for("found in flash")
            result = driver.result()
        received = sequence_of_all(listener, 200)
    assert result["produced"] == result["acknowledged"] == 200
    assert sorted(received) == list(range(200))
    assert list((tmp_path / "wasmote.queue").iterdir()) == []


def sequence_of_all(listener: Listener, count: int) -> list[int]:
    """The numbers of the next `count` results, in whatever order they come."""
    numbers: list[int] = []
    while len(numbers) < count:
        message = listener.next(10)
        assert message, f"{len(numbers)} of {count} results came"
        if message.path == "agent/a/out":
            numbers.append(message.json()["seq"])
    return numbers


def test_durable_queue_is_written_only_while_offline(tmp_path: Path) -> None:
    """With the broker there, no file appears."""
    with Broker(tmp_path / "broker") as broker:
        options = mqtt_options(broker.port, durable=True)
        with running(Driver(tmp_path, options, count=200)) as driver:
            assert driver.result()["acknowledged"] == 200
    assert list((tmp_path / "wasmote.queue").iterdir()) == []


def test_durable_queue_is_bounded(tmp_path: Path) -> None:
    """The oldest segment makes room; what it held is counted as dropped."""
    port = Broker(tmp_path / "broker").port
    options = mqtt_options(port, durable=True, durable_bytes=8192)
    with running(Driver(tmp_path, options, count=200, bytes=200, drain_ms=0)) as driver:
        result = driver.result()
    files = list((tmp_path / "wasmote.queue").iterdir())
    assert sum(f.stat().st_size for f in files) <= 8192
    assert result["dropped"] > 100
    assert result["queued"] > 20


def test_durable_queue_skips_a_torn_record(tmp_path: Path) -> None:
    """A power cut in the middle of a write costs that record alone."""
    broker = Broker(tmp_path / "broker")
    options = mqtt_options(broker.port, durable=True)
    with running(Driver(tmp_path, options, count=20, drain_ms=0)) as driver:
        driver.result()
    last = sorted((tmp_path / "wasmote.queue").iterdir())[-1]
    last.write_bytes(last.read_bytes()[:-5])
    with broker, Listener("127.0.0.1", broker.port) as listener:
        with running(Driver(tmp_path, options, first=20, count=1)) as driver:
            assert "19 results" in driver.wait_for("found in flash")
            assert driver.result()["acknowledged"] == 20
        assert sorted(sequence_of_all(listener, 20)) == [*range(19), 20]


# ---- Brokers that misbehave ----


def test_silent_broker_is_left(tmp_path: Path) -> None:
    """One that accepts the connection and says nothing costs one time-out."""
    with Hostile(lambda connection: None) as broker:
        with running(Driver(tmp_path, mqtt_options(broker.port, timeout_s=1))) as driver:
            driver.wait_for("no answer to CONNECT")
            assert driver.result()["acknowledged"] == 1
        assert broker.connections == 2


def test_refused_connection_says_why(tmp_path: Path) -> None:
    """CONNACK's code becomes words, and the link tries again."""
    with (
        Hostile(lambda connection: connection.send(b"\x20\x02\x00\x05")) as broker,
        running(Driver(tmp_path, mqtt_options(broker.port))) as driver,
    ):
        driver.wait_for("not authorised")
        assert driver.result()["acknowledged"] == 1


def huge_header(connection: Connection) -> None:
    """Announces a PUBLISH of 268 MB."""
    connection.accept()
    connection.send(b"\x30\xff\xff\xff\x7f")


def five_length_bytes(connection: Connection) -> None:
    """A length that MQTT does not know."""
    connection.accept()
    connection.send(b"\x30\xff\xff\xff\xff\x01")


def short_puback(connection: Connection) -> None:
    """A PUBACK without an identifier."""
    connection.accept()
    connection.send(b"\x40\x00")


def topic_beyond_packet(connection: Connection) -> None:
    """A topic that claims to be longer than its packet."""
    connection.accept()
    connection.send(b"\x32\x06\x00\x40abcd")


def unknown_packet(connection: Connection) -> None:
    """A packet that a broker never sends."""
    connection.accept()
    connection.send(b"\xf0\x00")


def closes(connection: Connection) -> None:
    """Goes at once."""
    connection.accept()
    connection.socket.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (huge_header, "a packet of 268435455 bytes"),
        (five_length_bytes, "more than four bytes"),
        (short_puback, "cut short"),
        (topic_beyond_packet, "does not fit together"),
        (unknown_packet, "unexpected packet 0xf0"),
        (closes, "closed by the broker"),
    ],
)
def test_nonsense_ends_the_connection_and_no_more(
    tmp_path: Path, script: Callable[[Connection], None], words: str
) -> None:
    """The link says what was wrong, connects anew, and every result arrives."""
    with Hostile(script) as broker:
        options = mqtt_options(broker.port)
        with running(Driver(tmp_path, options, count=30, period_ms=10)) as driver:
            driver.wait_for(words)
            result = driver.result()
        assert set(broker.results()) == set(range(30))
    assert (result["acknowledged"], result["dropped"]) == (30, 0)


def test_stray_puback_is_ignored(tmp_path: Path) -> None:
    """An identifier that waits for nothing changes nothing, and the connection stays."""

    def stray(connection: Connection) -> None:
        connection.accept()
        connection.puback(40000)
        connection.serve(broker.published)

    with Hostile(stray) as broker:
        with running(Driver(tmp_path, mqtt_options(broker.port), count=100)) as driver:
            result = driver.result()
        assert broker.results() == list(range(100))
        assert broker.connections == 1
    assert result["acknowledged"] == 100


def test_half_open_peer_is_found_by_the_ping(tmp_path: Path) -> None:
    """A peer that takes everything and answers nothing is left after ping and time-out."""

    def takes(connection: Connection) -> None:
        connection.accept()

    began = time.monotonic()
    with Hostile(takes) as broker:
        options = mqtt_options(broker.port, keepalive_s=5, timeout_s=1, qos=0)
        with running(Driver(tmp_path, options, count=1, linger_ms=7000)) as driver:
            driver.wait_for("no acknowledgement")
            driver.result()
        assert broker.connections == 2
    assert time.monotonic() - began < 20


def test_silent_after_answering_is_found_by_the_ping(tmp_path: Path) -> None:
    """The session is in order and idle, then the peer is gone without a word."""

    def answers_then_sleeps(connection: Connection) -> None:
        connection.accept()
        connection.puback(connection.publish()[2])
        connection.puback(connection.publish()[2])
        connection.read_kind(0xC0)

    with Hostile(answers_then_sleeps) as broker:
        options = mqtt_options(broker.port, keepalive_s=5, timeout_s=1)
        with running(Driver(tmp_path, options, linger_ms=8000)) as driver:
            driver.wait_for("no answer to PINGREQ")
            driver.result()
        assert broker.connections == 2


def test_pings_keep_an_idle_connection(tmp_path: Path) -> None:
    """Twice in each keep-alive interval; the broker's log and the connection agree."""
    with Broker(tmp_path / "broker") as broker:
        options = mqtt_options(broker.port, keepalive_s=5)
        with running(Driver(tmp_path, options, linger_ms=9000)) as driver:
            assert driver.result()["link_errors"] == 0
    with Hostile(pings := Pings()) as hostile:
        options = mqtt_options(hostile.port, keepalive_s=5)
        with running(Driver(tmp_path, options, linger_ms=6000)) as driver:
            driver.result()
    assert pings.seen == 2


class Pings:
    """A well-behaved broker that counts pings."""

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, connection: Connection) -> None:
        """Serves one client."""
        connection.accept()
        while True:
            first, body = connection.read()
            if first == 0xC0:
                self.seen += 1
                connection.send(b"\xd0\x00")
            elif first & 0xF0 == 0x30:
                size = int.from_bytes(body[:2])
                connection.puback(int.from_bytes(body[2 + size : 4 + size]))


def test_dropped_pubacks_are_sent_again_as_duplicates(tmp_path: Path) -> None:
    """No acknowledgement in time: a new connection, and the same results with DUP."""
    first: list[tuple[int, str, int, bytes]] = []

    def takes_eight(connection: Connection) -> None:
        connection.accept()
        while len(first) < 8:
            packet = connection.publish()
            if packet[1].endswith("/out"):
                first.append(packet)
            else:
                connection.puback(packet[2])

    with Hostile(takes_eight) as broker:
        options = mqtt_options(broker.port, timeout_s=1)
        with running(Driver(tmp_path, options, count=20)) as driver:
            driver.wait_for("no acknowledgement")
            result = driver.result()
        again = [p for p in broker.published if p[1].endswith("/out")]
    assert [p[0] & 0x08 for p in first] == [0] * 8
    assert [p[0] & 0x08 for p in again] == [8] * 8 + [0] * 12
    assert [json.loads(p[3])["seq"] for p in again] == list(range(20))
    assert result["acknowledged"] == 20


def test_refused_subscription_is_reported(tmp_path: Path) -> None:
    """No commands then, but the results go on."""

    def refuses(connection: Connection) -> None:
        connection.accept(suback=0x80)
        connection.serve(broker.published)

    with (
        Hostile(refuses) as broker,
        running(Driver(tmp_path, mqtt_options(broker.port), count=10)) as driver,
    ):
        driver.wait_for("cmd refused")
        assert driver.result()["acknowledged"] == 10


def test_packet_identifiers_wrap_past_zero(tmp_path: Path) -> None:
    """65,535 is followed by 1, and each identifier is in use once at a time."""
    with Hostile() as broker:
        options = mqtt_options(broker.port)
        with running(Driver(tmp_path, options, count=50, last_pid=65500)) as driver:
            assert driver.result()["acknowledged"] == 50
        used = [p[2] for p in broker.published]
    assert 0 not in used
    assert used[0] > 65500
    assert used[-1] < 50
    assert sorted(set(used)) == sorted(used)


def test_acknowledgements_out_of_order_count_once(tmp_path: Path) -> None:
    """Acknowledged from the newest to the oldest, and each twice."""
    seen: list[int] = []

    def backwards(connection: Connection) -> None:
        connection.accept()
        for _ in range(3):
            batch = [connection.publish() for _ in range(4)]
            for packet in reversed(batch):
                seen.append(packet[2])
                connection.puback(packet[2])
                connection.puback(packet[2])
        connection.serve([])

    with Hostile(backwards) as broker:
        with running(Driver(tmp_path, mqtt_options(broker.port), count=11)) as driver:
            result = driver.result()
        assert broker.connections == 1
    assert len(seen) == 12
    assert (result["acknowledged"], result["link_errors"]) == (11, 0)


def test_slow_reader_does_not_stop_the_loop(tmp_path: Path) -> None:
    """A peer that hardly reads fills the network's buffers; the node's other tasks go on."""

    def slow(connection: Connection) -> None:
        connection.accept()
        time.sleep(2)
        connection.serve(broker.published)

    with Hostile(slow) as broker:
        options = mqtt_options(broker.port, timeout_s=5, queue=4)
        with running(Driver(tmp_path, options, count=100, bytes=60000)) as driver:
            result = driver.result()
        assert broker.results() == list(range(100))
    assert result["acknowledged"] == 100
