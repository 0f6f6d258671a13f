"""The loop goes on: many publishes, brokers that stop at every point, names that nobody knows.

Driver.result() fails where anything kept the loop from running for more than 200 ms.
`make soak-publish N=140000` is the long run.
Rerun one: .venv/bin/pytest tests/e2e/test_soak_publish.py -k <name> -s
"""

import os
import time
from pathlib import Path

import pytest
from dns_server import Answer, DnsServer, address, failed
from mqtt_support import Connection, Driver, Hostile, mqtt_options, running

N = int(os.environ.get("SOAK_PUBLISHES", "5000"))
FIRST_PID = 65535 - min(2000, N // 2)  # identifiers start over in short runs, too
pytestmark = pytest.mark.timeout(120 + N // 200)


def tell(what: str, result: dict[str, int], began: float) -> None:
    print(
        f"{what}: {result['acknowledged']} acknowledged in {time.monotonic() - began:.0f} s, "
        f"{result['link_errors']} connections lost, "
        f"the loop stood still for {result['longest_stop_ms']} ms at most"
    )


class Script:
    """Serves `count` publishes well; then `silent`: takes everything, and answers nothing;
    `deaf`: does not even read; `no puback`: answers pings alone."""

    def __init__(self, count: int, then: str) -> None:
        self.count = count
        self.then = then

    def __call__(self, connection: Connection) -> None:
        connection.accept()
        for _ in range(self.count):
            connection.puback(connection.publish()[2])
        while self.then != "deaf":
            first, _ = connection.read()
            if self.then == "no puback" and first == 0xC0:
                connection.send(b"\xd0\x00")


def test_publishes(tmp_path: Path) -> None:
    """All acknowledged on one connection, past the last packet identifier."""
    began = time.monotonic()
    with Hostile() as broker:
        options = mqtt_options(broker.port, timeout_s=10)
        driver = Driver(tmp_path, options, count=N, last_pid=FIRST_PID, drain_ms=60000)
        with running(driver):
            result = driver.result(100 + N / 200)
        assert broker.connections == 1
        numbers = broker.results()
        used = [packet[2] for packet in broker.published]
    assert numbers == list(range(N))
    assert (result["acknowledged"], result["link_errors"]) == (N, 0)
    assert 0 not in used
    assert used.count(1) >= 1
    tell("one broker", result, began)


def test_publishes_to_brokers_that_stop(tmp_path: Path) -> None:
    """Silent at once, half open, and without PUBACK, each in the midst of the work; none hangs."""
    began = time.monotonic()
    scripts = [
        lambda connection: None,
        Script(N // 20, "no puback"),
        Script(N // 20, "silent"),
        Script(N // 20, "deaf"),
        Script(0, "no puback"),
    ]
    with Hostile(*scripts) as broker:
        options = mqtt_options(broker.port, timeout_s=2, keepalive_s=5)
        driver = Driver(
            tmp_path, options, count=N, last_pid=FIRST_PID, drain_ms=60000, patient=True
        )
        with running(driver):
            result = driver.result(160 + N / 200)
        assert broker.connections == len(scripts) + 1
        assert broker.results()[-1] == N - 1
    assert (result["acknowledged"], result["dropped"]) == (N, 0)
    assert result["link_errors"] == len(scripts)
    tell("brokers that stop", result, began)


# ---- Names ----


def wrong_number(query: bytes) -> bytes:
    """As somebody who has not seen the query would forge it."""
    honest = address(127, 0, 0, 2)(query)
    assert honest
    return bytes([query[0] ^ 1]) + honest[1:]


def test_name_is_asked_without_blocking(tmp_path: Path) -> None:
    """Silence, rubbish and forgeries, then an answer."""
    scripts: list[Answer] = [lambda query: None, lambda query: b"\xff" * 40, wrong_number]
    with Hostile() as broker, DnsServer(*scripts, address(127, 0, 0, 1)) as dns:
        options = mqtt_options(broker.port, host="broker.lab")
        driver = Driver(tmp_path, options, settle=False, dns_port=dns.port)
        with running(driver):
            result = driver.result()
        assert len(dns.queries) == 4
        assert len({query[:2] for query in dns.queries}) > 1
        assert b"\6broker\3lab\0" in dns.queries[0]
    assert (result["acknowledged"], result["link_errors"]) == (1, 0)
    print(f"names: the loop stood still for {result['longest_stop_ms']} ms at most")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda query: None, "no answer from the DNS server 127.0.0.1"),
        (failed(2), "no answer from the DNS server 127.0.0.1"),
        (failed(3), "no such host"),
    ],
)
def test_name_without_an_address(tmp_path: Path, answer: Answer, words: str) -> None:
    """It is said; the link tries again, and the loop goes on."""
    with Hostile() as broker, DnsServer(*[answer] * 4, address(127, 0, 0, 1)) as dns:
        options = mqtt_options(broker.port, host="broker.lab")
        with running(Driver(tmp_path, options, settle=False, dns_port=dns.port)) as driver:
            driver.wait_for(words)
            assert driver.result()["acknowledged"] == 1


def test_known_address_serves_when_dns_is_gone(tmp_path: Path) -> None:
    """A broker that comes back is found again without anybody to ask."""
    close = lambda connection: (connection.accept(), connection.socket.close())  # noqa: E731
    with Hostile(close) as broker, DnsServer(address(127, 0, 0, 1), lambda query: None) as dns:
        options = mqtt_options(broker.port, host="broker.lab")
        with running(Driver(tmp_path, options, dns_port=dns.port)) as driver:
            assert driver.result()["acknowledged"] == 1
        assert len(dns.queries) > 1
        assert broker.connections == 2
