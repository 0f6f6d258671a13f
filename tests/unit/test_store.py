"""The agent store's Python under CPython: long random work with power cuts, and its vectors."""

import importlib
import importlib.util
import random
import sys
import types
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from wasmote import paths

PACKAGE = "node_wasmote"
VECTORS = paths.TOP / "tests/vectors/store"
STEPS = 3000


@pytest.fixture(scope="module")
def node() -> Iterator[dict[str, ModuleType]]:
    """Modules of the node's package, and the simulated flash of the device tests."""
    before = dict(sys.modules)
    micropython: Any = types.ModuleType("micropython")
    micropython.const = lambda value: value
    package: Any = types.ModuleType(PACKAGE)
    package.__path__ = [str(paths.TOP / "firmware/lib/wasmote")]
    sys.modules |= {"micropython": micropython, PACKAGE: package}
    names = ("storeindex", "store")
    found = {name: importlib.import_module(f"{PACKAGE}.{name}") for name in names}
    # The simulator imports the store by its name on the node.
    wasm3: Any = types.ModuleType("wasm3")
    wasm3.pool_init = lambda size: None
    sys.modules |= {"wasm3": wasm3, "wasmote.store": found["store"]}
    sys.modules["wasmote.storeindex"] = found["storeindex"]
    path = paths.TOP / "tests/hil/device/flashsim.py"
    spec = importlib.util.spec_from_file_location("flashsim", path)
    assert spec and spec.loader
    found["flashsim"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found["flashsim"])
    yield found
    sys.modules.clear()
    sys.modules.update(before)


def test_vectors_are_what_their_script_makes() -> None:
    spec = importlib.util.spec_from_file_location("make", VECTORS / "make.py")
    assert spec and spec.loader
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    assert (VECTORS / "records.json").read_text() == make.text()


class Model:
    """A store, what it must hold, and what a loaded agent has pinned."""

    def __init__(self, node: dict[str, ModuleType], seed: int) -> None:
        self.sim, self.module = node["flashsim"], node["store"]
        self.random = random.Random(seed)
        self.flash = self._flash()
        self.store = self.module.Store(self.flash)
        self.owners: dict[str, dict[str, bytes]] = {}
        self.contents: dict[bytes, bytes] = {}
        self.pinned: dict[bytes, Any] = {}

    def _flash(self, image: bytes = b"") -> Any:
        return self.sim.Flash(blocks=56, image=image)

    def step(self) -> None:
        """One operation, perhaps interrupted by a power cut or Ctrl-C; then all is checked."""
        operation = self.random.choice([self._install, self._install, self._remove, self._pin])
        exception = self.random.choice([self.sim.PowerCut, KeyboardInterrupt])
        share = self.random.randrange(3) if exception is self.sim.PowerCut else self.sim.ALL
        self.flash.cut(self.random.randrange(1, 250), share, exception)
        old = self.owners
        try:
            operation()
        except self.module.StoreFull:
            self.owners = old
        except self.sim.PowerCut:
            self.flash.power_on()
            self.store = self.module.Store(self.flash)
            self.pinned = {}
            self._settle(old)
        except KeyboardInterrupt:
            self._settle(old)
        self.flash.power_on()
        self._check()

    def _settle(self, old: dict[str, dict[str, bytes]]) -> None:
        now = self.store.owners()
        assert now in (old, self.owners)
        self.owners = now

    def _install(self) -> None:
        owner = self.random.choice("abcde")
        files = {}
        for name in self.random.sample("xyz", self.random.randrange(1, 3)):
            size = self.random.randrange(1, 9 * self.sim.BLOCK)
            data = self.random.randbytes(size)
            files[name] = self.sim.digest(data)
            self.contents[files[name]] = data
        self.owners = {**self.owners, owner: files}
        for digest in files.values():
            self.sim.put(self.store, self.contents[digest])
            self.store.pin(digest)
            self.pinned[digest] = self.store.get(digest)
        self.store.hold(owner, files)

    def _remove(self) -> None:
        owner = self.random.choice("abcde")
        self.owners = {key: files for key, files in self.owners.items() if key != owner}
        self.store.release(owner)

    def _pin(self) -> None:
        for digest in list(self.pinned):
            if self.random.randrange(2):
                self.store.unpin(digest)
                del self.pinned[digest]

    def _check(self) -> None:
        assert self.store.check() == []
        assert self.store.owners() == self.owners
        after_reset = self.module.Store(self._flash(self.flash.data))
        assert after_reset.owners() == self.owners
        for files in self.owners.values():
            for digest in files.values():
                assert self.store.get(digest) == self.contents[digest]
        for digest, view in self.pinned.items():
            assert view == self.contents[digest], "pinned data was moved or overwritten"


@pytest.mark.parametrize("seed", range(4))
def test_random_work_with_power_cuts_and_interrupts(node: dict[str, ModuleType], seed: int) -> None:
    model = Model(node, seed)
    for _ in range(STEPS // 4):
        model.step()
