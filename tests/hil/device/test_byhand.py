# Installs over the console of a node that runs: SPEC.md 9.3, against a host that the test plays.
import asyncio
import json
import struct
from binascii import crc32

from devtest import equal, run, true
from playedport import Port
from wasmote.update import byhand
from wasmote.links import bridge

DIGEST = b"\x03\x1c" * 16
FILE = bytes(300)


class Worker:
    def __init__(self, name, versions=True):
        self.name = name
        self.versions = versions or None


# An update engine whose updates fetch a file, and end as the test wants.
class Updates:
    def __init__(self):
        self.busy = False
        self.got = bytearray()
        self.report = self
        self.watcher = None

    def is_busy(self, worker):
        return self.busy

    def note(self, name, digest, state, error=None, message=None):
        self.watcher(name, {"state": state, "error": error, "message": message})

    async def install_by_hand(self, worker, digest, source):
        equal(digest, DIGEST)
        true(source.by_hand)
        try:
            await source.get("f", self.got.extend, 1000)
        except OSError as e:
            self.note(worker.name, digest, "failed", e.code, str(e))
            return
        if bytes(self.got) == b"worn out":
            raise OSError(5)
        self.watcher("another", {"state": "confirmed"})
        self.note(worker.name, digest, "confirmed", "x", "long " * 100)


class Setup:
    def __init__(self, file=FILE):
        self.port = Port()
        self.line = bridge.Line(self.port, self.port)
        self.workers = [Worker("plus"), Worker("fixed", False)]
        self.updates = Updates()
        self.file = file
        self.states = []
        self.answers = True
        bridge._line, self._old = self.line, bridge._line
        self.by_hand = byhand.ByHand(self, self.updates)

    def request(self, name=b"plus", number=7, digest=DIGEST):
        self.port.frame("i", 0, digest + name, number)

    def _answer(self, request):
        equal(request[:32], DIGEST)
        at, length = struct.unpack("<IH", request[32:38])
        head = struct.pack("<II", crc32(request), len(self.file))
        self.port.frame("p", 0, head + self.file[at : at + length])

    async def _play(self, steps):
        task = asyncio.create_task(self.by_hand.run())
        for _ in range(steps):
            await asyncio.sleep_ms(5)
            for kind, _, payload in self.port.said():
                if kind == "S":
                    self.states.append(json.loads(payload))
                elif kind == "Q" and self.answers:
                    self._answer(payload)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        self.by_hand.close()
        bridge._line = self._old

    def play(self, steps=60):
        asyncio.run(self._play(steps))
        return [(s["state"], s.get("error")) for s in self.states]


def test_install_and_its_end():
    setup = Setup()
    setup.request()
    equal(setup.play(), [("loading", None), ("confirmed", "x")])
    equal(bytes(setup.updates.got), FILE)
    equal(setup.line.on_install, None)


def test_asked_again_it_says_how_it_stands():
    setup = Setup()
    setup.port.typed += b"text \x1c"  # somebody's, and a frame that breaks off
    setup.request()
    setup.request()
    states = setup.play()
    equal(states[:2], [("loading", None)] * 2)
    equal(states[-1][0], "confirmed")
    setup.port.typed = b""


def test_agents_that_are_not_here():
    for name in (b"other", b"fixed"):
        setup = Setup()
        setup.request(name)
        equal(setup.play(20), [("refused", "wrong-agent")])


def test_busy():
    setup = Setup()
    setup.updates.busy = True
    setup.request()
    equal(setup.play(20), [("refused", "busy")])
    setup = Setup()
    setup.answers = False
    setup.request()
    setup.request(number=8)
    equal(setup.play(20), [("loading", None), ("refused", "busy")])


def test_store_that_cannot_be_written():
    setup = Setup(b"worn out")
    setup.request()
    equal(setup.play(), [("loading", None), ("failed", "download")])


def test_frames_that_are_no_requests():
    setup = Setup()
    for payload in (b"", DIGEST, DIGEST + b"n" * 33):
        setup.port.frame("i", 0, payload, 7)
    setup.port.frame("p", 0, bytes(20), 7)
    equal(setup.play(20), [])


def test_bridge_and_installs_share_the_port():
    setup = Setup()
    socket = bridge.Socket(setup.line)
    socket.setblocking(False)
    try:
        socket.connect(("broker", 1883))
    except OSError:
        pass
    connection = setup.port.connection
    setup.port.frame("o", 0, b"\x01\x00\x01", connection)
    setup.request()
    setup.port.frame("d", 0, b"mqtt", connection)
    equal(setup.play()[-1][0], "confirmed")
    equal(socket.read(10), b"mqtt")
    socket.close()


run(globals())
