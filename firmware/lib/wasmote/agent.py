# One agent: its bundle on the node, loaded and ready to infer.
import asyncio
import struct

import wasm3

from .bundle import Bundle, BundleError
from .watchdog import feed

_GOLDEN_HEADER = "<4sHHIII"
_GOLDEN_BYTES = 20


# An agent that answers otherwise than its golden vectors.
class GoldenError(BundleError):
    pass


# Loads the bundle in the folder `path`, or of the owner of that name in the agent store; with
# `owner`, of that one. `grants`: the imports that it may have, `module.name` or `module.*`; None:
# all that its manifest lists.
# Attributes: name, version, manifest, input_bytes, output_bytes and infer, which is the C
# method itself: infer(buffer) -> memoryview of the output, the same object each time.
class Agent:
    def __init__(self, path, owner=None, grants=None):
        self._grants = grants
        self._bundle = Bundle(path, owner)
        self.path = self._bundle.path
        self.digest = self._bundle.digest  # of its manifest
        self.manifest = m = self._bundle.manifest
        self.name = m["name"]
        self.version = m["version"]
        self.input_bytes = m["input_bytes"]
        self.output_bytes = m["output_bytes"]
        self._vm = None
        self._sliced = None  # the vm that infer_async has begun in
        self.load()

    # Loads the module afresh, as is needed after a trap.
    def load(self):
        self.close()
        try:
            self._load(*self._bundle.take(("agent.wasm", "model.bin")))
        finally:
            if self._vm is None:
                self._bundle.let_go()

    def _load(self, wasm, model):
        m = self.manifest
        self._vm = wasm3.Agent(
            wasm,
            name=self.name,
            memory_bytes=m["memory_bytes"],
            vm_stack_bytes=m["vm_stack_bytes"],
            deadline_ms=m["deadline_ms"],
            inputs_bytes=self.input_bytes,
            outputs_bytes=self.output_bytes,
            model=model,
            imports=tuple([name for name in m["imports"] if self._is_granted(name)]),
        )
        self.infer = self._vm.infer

    def _is_granted(self, name):
        grants = self._grants
        return grants is None or name in grants or name.partition(".")[0] + ".*" in grants

    # infer() in slices, between which the loop's other tasks run; whole where the module has
    # no slices. Meanwhile infer() and another infer_async() raise AgentBusy. Cancelled, or
    # after load(), the agent is ready for the next sample.
    async def infer_async(self, buffer):
        vm = self._vm
        if vm is None or vm is self._sliced or not vm.slices:
            return self.infer(buffer)
        self._sliced, self.infer = vm, self._busy
        try:
            vm.begin(buffer)
            view = vm.step()
            while view is None:
                await asyncio.sleep_ms(0)
                view = vm.step()
            return view
        finally:
            if self._vm is vm:
                self._sliced, self.infer = None, vm.infer

    def _busy(self, _):
        raise busy(self.name)

    # What a node says of it.
    def meta(self):
        return {key: self.manifest[key] for key in ("name", "version", "sequence")}

    # Refused: no key of the node's has signed it.
    def check_signature(self):
        self._bundle.check_signature()

    # Its bundle moves from a folder to the store.
    def leave_folder(self, versions):
        versions.leave_folder(self._bundle)

    # False: a trap has dropped it, or it is closed.
    @property
    def loaded(self):
        return self._vm is not None and self._vm.memory_bytes > 0

    @property
    def memory_bytes(self):
        return self._vm.memory_bytes

    @property
    def pool_bytes(self):
        return self._vm.pool_bytes

    def close(self):
        if self._vm is not None:
            self._vm.close()
            self._vm = self._sliced = None
            self.infer = _closed
            self._bundle.let_go()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()

    # Runs the pairs of golden.bin. Returns how many there are; BundleError names the
    # first one whose output differs. They are for an agent without a past, and are none of
    # the samples': the agent is loaded afresh before and after.
    def verify(self):
        if "golden.bin" not in self.manifest["files"]:
            raise BundleError("%s: its bundle has no golden.bin" % self.path)
        self.load()
        count = self._verify()
        self.load()
        return count

    def _verify(self):
        with self._bundle.open_whole("golden.bin") as f:
            count = self._golden_count(f)
            given, want = bytearray(self.input_bytes), bytearray(self.output_bytes)
            for i in range(count):
                f.readinto(given)
                f.readinto(want)
                feed()
                if bytes(self.infer(given)) != want:
                    raise GoldenError("%s: golden vector %d gave other bytes" % (self.name, i))
        return count

    # The same for an agent that has not been used yet, beside the loop's other tasks; 0 where
    # there are none.
    async def verify_async(self):
        if "golden.bin" not in self.manifest["files"]:
            return 0
        with self._bundle.open_whole("golden.bin") as f:
            count = self._golden_count(f)
            given, want = bytearray(self.input_bytes), bytearray(self.output_bytes)
            for i in range(count):
                f.readinto(given)
                f.readinto(want)
                if bytes(await self.infer_async(given)) != want:
                    raise GoldenError("%s: golden vector %d gave other bytes" % (self.name, i))
                await asyncio.sleep_ms(0)
        self.load()
        return count

    # What the next version of the agent goes on with; None where it has none.
    def state(self):
        return self._vm.state() if self.loaded else None

    # ValueError: its state is of another length.
    def set_state(self, state):
        self._vm.set_state(state)

    def _golden_count(self, f):
        header = f.read(_GOLDEN_BYTES)
        if len(header) < _GOLDEN_BYTES:
            raise BundleError("%s/golden.bin: %d bytes" % (self.path, len(header)))
        magic, version, zero, count, given, want = struct.unpack(_GOLDEN_HEADER, header)
        if magic != b"WMGV" or version != 1 or zero or not count:
            raise BundleError("%s/golden.bin: no golden vectors of version 1" % self.path)
        if given != self.input_bytes or want != self.output_bytes:
            raise BundleError("%s/golden.bin: not of this agent's tensors" % self.path)
        size = f.seek(0, 2)
        if size != _GOLDEN_BYTES + count * (given + want):
            raise BundleError("%s/golden.bin: %d bytes, not what it says" % (self.path, size))
        f.seek(_GOLDEN_BYTES)
        return count


# What a call between two slices raises.
def busy(name):
    return wasm3.AgentBusy(name + ": busy: between two slices", "busy", None)


def _closed(*_):
    raise wasm3.Error("the agent is closed")
