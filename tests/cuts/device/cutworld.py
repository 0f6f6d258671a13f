# A node whose power can be cut: the node's own code over flash and a file system in RAM that
# share one power supply, and a web server in memory.
import asyncio
import hashlib
import os
from errno import EIO

import wasm3

wasm3.pool_init(65536)
from flashsim import Flash, PowerCut
from wasmote import config, fs, sensors, store, storeslots, trust, trustrecord
from wasmote.storeindex import Layout
from wasmote.storeindex import slots as index_slots
from wasmote.update import http
from wasmote.update.updates import Updates
from wasmote.update.versions import OLD, TRIAL
from wasmote.worker import Worker

NAME = "plus"
BLOCK = 512
DISK = "/disk"
DISK_BLOCK, DISK_BLOCKS = 512, 48
_TURNS = 20000  # of the loop, until a node is one that does not get there


# Counts what all flash of a board does. From its cut on nothing changes any more.
class Power:
    def __init__(self):
        self.operations = 0
        self.dead = False
        self._at = -1
        self._share = 0

    # Goes in the n-th operation, counted from 1, of which `share` is done: flashsim's.
    def cut(self, n, share):
        self._at, self._share = n, share

    # How many of the `size` bytes of an operation are changed.
    def begin(self, size):
        if self.dead:
            raise PowerCut
        self.operations += 1
        if self.operations != self._at:
            return size
        self.dead = True
        return (0, size // 2, size)[self._share]


class CutFlash(Flash):
    def __init__(self, power, image):
        super().__init__(1, BLOCK)
        self.data = bytearray(image)
        self.size = len(self.data)
        self._power = power

    def _begin(self, size):
        return self._power.begin(size)

    def _end(self):
        if self._power.dead:
            raise PowerCut


# For LittleFS, which wants errors returned: an exception would unwind its own frames.
class Disk:
    def __init__(self, power, image):
        self.data = bytearray(image)
        self._power = power

    def readblocks(self, block, buffer, offset=0):
        at = block * DISK_BLOCK + offset
        buffer[:] = memoryview(self.data)[at : at + len(buffer)]

    def _change(self, at, data):
        if self._power.dead:
            return -EIO
        size = self._power.begin(len(data))
        self.data[at : at + size] = memoryview(data)[:size]
        return -EIO if self._power.dead else 0

    def writeblocks(self, block, buffer, offset=0):
        return self._change(block * DISK_BLOCK + offset, buffer)

    def ioctl(self, operation, argument):
        if operation == 4:
            return len(self.data) // DISK_BLOCK
        if operation == 5:
            return DISK_BLOCK
        if operation == 6:
            return self._change(argument * DISK_BLOCK, b"\xff" * DISK_BLOCK)
        return 0


# Files by path, over connections that never leave this process.
class Web:
    def __init__(self, files):
        self.files = files

    async def connect(self, host, port):
        return _Answer(self.files)


class _Answer:
    def __init__(self, files):
        self._files = files

    async def send(self, request):
        body = self._files.get(str(request, "utf-8").split(" ")[1])
        head = "404 No" if body is None else "200 OK\r\nContent-Length: %d" % len(body)
        self._left = b"HTTP/1.1 " + head.encode() + b"\r\n\r\n" + (body or b"")

    async def readinto(self, view):
        part = self._left[: len(view)]
        self._left = self._left[len(part) :]
        view[: len(part)] = part
        return len(part)

    def close(self):
        pass


# What lasts: two images, and which records were written before the power went, and which one was
# being written.
class Board:
    def __init__(self, flash_image, disk_image=None):
        self.flash_image = flash_image
        self.disk_image = disk_image or _formatted()
        self.before = {}  # kind -> the record that was last written whole
        self.pending = {}  # the one that was being written

    def copy(self):
        return Board(self.flash_image, self.disk_image)

    # The power comes; nothing of Python's is what it was.
    def power_on(self, n=-1, share=0):
        self.power = Power()
        self.power.cut(n, share)
        self.flash = CutFlash(self.power, self.flash_image)
        self.disk = Disk(self.power, self.disk_image)
        store._node_store, store._asked, store.problem = None, False, None
        trust._node_trust, trust._asked, trust.problem = None, False, None
        store.partition = lambda: self.flash
        fs.ROOT = DISK
        os.mount(os.VfsLfs2(self.disk, progsize=32, readsize=32, lookahead=32), DISK)
        if not self.before:
            self.before = self._records()
        _watch(self)

    def power_off(self):
        os.umount(DISK)
        self.flash_image, self.disk_image = bytes(self.flash.data), bytes(self.disk.data)

    # The records that count.
    def _records(self):
        layout = Layout(self.flash.size, self.flash.erase_size)
        index, state = index_slots(self.flash, layout), trustrecord.slots(self.flash)
        return {"index": _bytes(index, index.newest()[1]), "trust": _bytes(state, state.newest()[1])}

    # Each is the last one that was written, or the one that was being written.
    def check_records(self):
        found = self._records()
        for kind, record in found.items():
            if record not in (self.before[kind], self.pending.get(kind)):
                raise AssertionError("%s: neither the record before nor the one after" % kind)
        self.before, self.pending = found, {}


def _formatted():
    disk = Disk(Power(), bytes(DISK_BLOCK * DISK_BLOCKS))
    os.VfsLfs2.mkfs(disk, progsize=32, readsize=32, lookahead=32)
    return bytes(disk.data)


def _bytes(slots, record):
    return bytes(slots._encode(record))


_write = storeslots.Slots.write


# Notes each record that `board` writes.
def _watch(board):
    def write(slots, slot, record):
        kind = "trust" if isinstance(record, trustrecord.State) else "index"
        board.pending[kind] = _bytes(slots, record)
        _write(slots, slot, record)
        board.before[kind] = board.pending.pop(kind)

    storeslots.Slots.write = write


# The parts of a node that updates concern, without its link.
class Node:
    boot = 1
    watchdog = None

    def __init__(self, trial_runs=3, period_ms=0):
        sensor = {"kind": "replay", "path": "/x.bin", "period_ms": period_ms, "loop": True}
        given = {
            "site": "site",
            "node": "node",
            "mqtt": {"host": "none"},
            "update": {"trial_runs": trial_runs},
            "agents": [{"name": NAME, "sensor": sensor}],
        }
        self.config = config.check(given, sensors.options)
        self.link = self.clock = self
        self.going = asyncio.Event()
        self.going.set()
        self.said = []
        self.updates = Updates(self)
        self.worker = Worker(self.config["agents"][0], self)
        self.workers = [self.worker]
        self.is_open = False

    def open(self):
        self.is_open = self.worker.open()
        return self.is_open

    def us(self):
        return 0

    async def room(self, results):
        pass

    def put(self, counters, topic, record):
        pass

    def tell(self, topic, payload, retain=False):
        pass

    def log(self, text):
        self.said.append(text)

    def update_state(self):
        return self.updates.report._notes.get(NAME, {}).get("state")

    # Works until goal(self) or the power's end.
    def work(self, power, desired, goal):
        asyncio.new_event_loop()
        asyncio.run(self._work(power, desired, goal))

    async def _work(self, power, desired, goal):
        failed = []
        asyncio.get_event_loop().set_exception_handler(
            lambda loop, context: failed.append(context["exception"])
        )
        if desired:
            self.updates._hear(desired)
        tasks = [asyncio.create_task(self.updates.run())]
        if self.worker.agent or self.worker.can_be_updated():
            tasks.append(asyncio.create_task(self.worker.run()))
        turns = 0
        while not power.dead and not goal(self):
            await asyncio.sleep_ms(0)
            turns += 1
            if turns > _TURNS:
                raise AssertionError("it does not come to its end: %s" % self.said[-4:])
        for task in tasks:
            task.cancel()
        await asyncio.sleep_ms(0)
        for error in failed:
            if not isinstance(error, (PowerCut, asyncio.CancelledError)) and not power.dead:
                raise error
        if power.dead:
            raise PowerCut


# The names of what each owner of the agent's holds, as (manifest's digest, whole).
def owners(bundles):
    found = store.default().owners()
    result = {}
    for suffix in ("", OLD, TRIAL):
        files = found.get(NAME + suffix)
        if files is None:
            continue
        bundle = bundles.get(files.get("manifest.json"))
        # A folder's own owner has what is used in place, without the manifest.
        if bundle is None:
            continue
        for name, data in bundle.items():
            if bytes(store.default().get(files[name])) != data:
                raise AssertionError("%s%s/%s is a mixture" % (NAME, suffix, name))
        result[suffix] = files["manifest.json"]
    return result


# What the node believes, but how often a trial was started.
def believed():
    it = trust.default()
    state = it._state
    if state.threshold and it._keyset().version != state.keyset_version:
        raise AssertionError("another key set than the trust state says")
    agents = {name: entry[1:] for name, entry in state.agents.items()}
    return state.mode, state.keyset_version, state.keyset_digest, state.roots, agents, state.bad


def serve(files):
    http.connect = Web(files).connect


def sha256(data):
    return hashlib.sha256(data).digest()
