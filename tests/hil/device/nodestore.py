# The node's agent store, for as long as a test: one in RAM, and what goes into it.
import hashlib

import devtest
import wasm3
from wasmote import store, trust
from wasmote.store import Store

wasm3.pool_info()  # which reserves the pool: what is left of the memory becomes heap

FILES = ("manifest.json", "agent.wasm", "golden.bin")


# Flash in RAM for a store of a few kilobytes. `broken`: an error of each write.
class SmallFlash:
    erase_size = 512
    write_size = 16

    def __init__(self, size, broken=0):
        self.data = bytearray(8192 + size)
        # Behind it are the trust state's slots, which were never written.
        self.size = len(self.data) + 8192
        self.broken = broken

    def erase(self, offset):
        self.data[offset : offset + 512] = b"\xff" * 512

    def write(self, offset, data):
        if self.broken:
            raise OSError(self.broken)
        self.data[offset : offset + len(data)] = data

    def view(self, offset, size):
        if offset >= len(self.data):
            return memoryview(b"\xff" * size)
        return memoryview(self.data)[offset : offset + size]

    def sync(self):
        pass


# The node's store, for as long as the test: one in RAM.
class NodeStore:
    def __init__(self, size=8192, broken=0):
        self._new = Store(SmallFlash(size, broken))

    def __enter__(self):
        self._old = store._node_store, store._asked, trust._node_trust, trust._asked
        store._node_store, store._asked = self._new, True
        trust._node_trust, trust._asked = None, True  # it has no place for that
        return self._new

    def __exit__(self, *_):
        store._node_store, store._asked, trust._node_trust, trust._asked = self._old


def bundle(name):
    return devtest.path("agents/%s/manifest.json" % name).rsplit("/", 1)[0]


def data_of(name, file):
    return devtest.read("agents/%s/%s" % (name, file))


def digest(data):
    return hashlib.sha256(data).digest()


def put(found, data):
    writer = found.put(len(data), digest(data))
    if writer:
        with writer:
            writer.write(data)
    return digest(data)


def whole_bundle(found, name):
    return {file: put(found, data_of(name, file)) for file in FILES}
