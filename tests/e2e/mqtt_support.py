"""What the MQTT tests share: the link's driver under MicroPython, and brokers with bad manners."""

import json
import queue
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from wasmote.links.mqtt import Listener
from wasmote.links.process import environment, program
from wasmote.paths import TOP

DEVICE_SCRIPTS = TOP / "tests" / "hil" / "device"
TOPIC = "wasmote/v1/site/node/"
LOOP_STOP_MS = 200  # no task may keep the loop from running for longer


def mqtt_options(port: int, **changes: Any) -> dict[str, Any]:
    """The configuration's entry `mqtt` with every default filled in and short time-outs."""
    options = {
        "host": "127.0.0.1",
        "port": port,
        "tls": None,
        "user": None,
        "password": None,
        "prefix": "wasmote",
        "qos": 1,
        "keepalive_s": 30,
        "timeout_s": 2,
        "queue": 64,
        "durable": False,
        "durable_always": False,
        "durable_bytes": 65536,
    }
    return options | changes


# Results of 60 kB, several at a time, break the default heap of 2 MB into pieces.
HEAP = ("-X", "heapsize=16m")


class Process:
    """A MicroPython process whose lines are read as they come."""

    def __init__(self, arguments: list[str], folder: Path) -> None:
        """Runs MicroPython in `folder`, which is also the device's file system."""
        self.process = subprocess.Popen(
            [*program(), *HEAP, *arguments],
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._new: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._new.put(line.rstrip("\n"))
        self._new.put(None)

    def wait_for(self, words: str, timeout_s: float = 20) -> str:
        """The next line that holds `words`; AssertionError shows what came instead."""
        end = time.monotonic() + timeout_s
        while True:
            try:
                line = self._new.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"no line with {words!r} in:\n" + "\n".join(self.lines))
            self.lines.append(line)
            if words in line:
                return line

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self.process.kill()
        self.process.wait()


class Driver(Process):
    """link_driver.py: makes `count` results from number `first` on and publishes them.

    Options: `count`, `first`, `bytes` of filler in each, `period_ms`, `settle` (wait for the
    first attempt to connect), `drain_ms` (longest wait for the queue to empty), `linger_ms`
    (go on after that), `last_pid` (packet identifier before the first one), `dns_port` (where a
    DNS server is asked on the loopback), `patient` (no results while the broker is away).
    """

    def __init__(self, folder: Path, mqtt: dict[str, Any], **changes: Any) -> None:
        """Starts it."""
        options = {
            "mqtt": mqtt,
            "count": 1,
            "first": 0,
            "bytes": 0,
            "period_ms": 0,
            "settle": True,
            "drain_ms": 20000,
            "linger_ms": 0,
            "last_pid": 0,
            "dns_port": 0,
            "patient": False,
        } | changes
        # A file, for the unix port takes no argument of more than 255 characters.
        (folder / "options.json").write_text(json.dumps(options))
        super().__init__([str(DEVICE_SCRIPTS / "link_driver.py"), "options.json"], folder)

    def result(self, timeout_s: float = 40) -> dict[str, int]:
        """Its last line, when the invariant held and the loop was never stopped for long."""
        line = self.wait_for("result ", timeout_s)
        result: dict[str, int] = json.loads(line.removeprefix("result "))
        sums = result["acknowledged"] + result["queued"] + result["dropped"]
        assert result["produced"] == sums, result
        assert result["longest_stop_ms"] <= LOOP_STOP_MS, result
        self.process.wait(10)
        return result


@contextmanager
def running(process: Process) -> Iterator[Any]:
    """Sees to it that a process ends with the test."""
    try:
        yield process
    finally:
        process.kill()


def sequence(listener: Listener, last: int, timeout_s: float = 20) -> list[int]:
    """The numbers of the results that arrive, in order, until `last` has come."""
    numbers: list[int] = []
    end = time.monotonic() + timeout_s
    while last not in numbers[-1:]:
        message = listener.next(end - time.monotonic())
        if message is None:
            raise AssertionError(f"result {last} did not come; {len(numbers)} others did")
        if message.path == "agent/a/out":
            numbers.append(message.json()["seq"])
    return numbers


class Connection:
    """One client at a hostile broker, packet by packet."""

    def __init__(self, peer: socket.socket) -> None:
        """Takes over an accepted socket."""
        self.socket = peer
        self.socket.settimeout(15)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def read(self) -> tuple[int, bytes]:
        """The next packet: its first byte and its body."""
        first = self._exactly(1)[0]
        length = shift = 0
        while True:
            byte = self._exactly(1)[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return first, self._exactly(length)

    def read_kind(self, kind: int) -> tuple[int, bytes]:
        """The next packet of a kind (the upper half of the first byte); others are passed over."""
        while True:
            first, body = self.read()
            if first & 0xF0 == kind:
                return first, body

    def send(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self.socket.sendall(data)

    def accept(self, suback: int = 1) -> bytes:
        """Reads CONNECT and SUBSCRIBE and agrees to both. Returns CONNECT's body."""
        _, connect = self.read_kind(0x10)
        self.send(b"\x20\x02\x00\x00")
        _, subscribe = self.read_kind(0x80)
        self.send(b"\x90\x03" + subscribe[:2] + bytes([suback]))
        return connect

    def publish(self) -> tuple[int, str, int, bytes]:
        """The next QoS 1 PUBLISH: first byte, topic, packet identifier, payload."""
        first, body = self.read_kind(0x30)
        (size,) = struct.unpack_from("!H", body)
        (pid,) = struct.unpack_from("!H", body, 2 + size)
        return first, body[2 : 2 + size].decode(), pid, body[4 + size :]

    def puback(self, pid: int) -> None:
        """Acknowledges a PUBLISH."""
        self.send(struct.pack("!BBH", 0x40, 2, pid))

    def serve(self, seen: list[tuple[int, str, int, bytes]]) -> None:
        """Behaves well until the client goes: answers everything; `seen` gets what it publishes."""
        with suppress(EOFError, OSError):
            while True:
                first, body = self.read()
                if first & 0xF0 == 0x30:
                    (size,) = struct.unpack_from("!H", body)
                    (pid,) = struct.unpack_from("!H", body, 2 + size)
                    seen.append((first, body[2 : 2 + size].decode(), pid, body[4 + size :]))
                    self.puback(pid)
                elif first == 0xC0:
                    self.send(b"\xd0\x00")


class Hostile:
    """A broker that treats its first, second, ... client as its scripts say, the rest well."""

    def __init__(self, *scripts: Callable[[Connection], None]) -> None:
        """Listens on a free loopback port."""
        self._scripts = list(scripts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.published: list[tuple[int, str, int, bytes]] = []
        self.connections = 0
        self._kept: list[Connection] = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            script = self._scripts.pop(0) if self._scripts else self._well
            connection = Connection(peer)
            # A script that ends leaves its socket open: half-open peers are wanted.
            self._kept.append(connection)
            with suppress(EOFError, OSError):
                script(connection)

    def _well(self, connection: Connection) -> None:
        connection.accept()
        connection.serve(self.published)

    def results(self) -> list[int]:
        """The numbers of the results that the well-behaved part received, in order."""
        return [json.loads(p[3])["seq"] for p in self.published if p[1].endswith("/out")]

    def __enter__(self) -> "Hostile":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for connection in self._kept:
            connection.socket.close()
