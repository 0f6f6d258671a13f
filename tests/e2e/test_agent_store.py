"""The agent store of a device: a model larger than RAM, uploads that break off, folders."""

import hashlib
import json
import random
from pathlib import Path

import numpy as np
import pytest
from commands import Run
from convert_support import Net, O, T

from wasmote import paths
from wasmote.errors import DeviceError
from wasmote.links import bundles, connected, store
from wasmote.links.base import Link
from wasmote.links.lines import follow
from wasmote.sim import Simulator

TEMPLATE = paths.BUILD / "agents" / "template"
MODEL_BYTES = 300_000
HEAP = "import gc; gc.collect(); print(gc.mem_alloc(), gc.mem_alloc() + gc.mem_free())"
# The model's address and what hashing it in place gives, and the heap that its view takes.
LOOK = """
import gc, hashlib, binascii
from wasmote import store
s = store.default()
d = s.owners()['big']['model.bin']
gc.collect()
before = gc.mem_alloc()
view = s.get(d)
took = gc.mem_alloc() - before
import uctypes
h = hashlib.sha256(view)
print(len(view), took, uctypes.addressof(view) % 16, binascii.hexlify(h.digest()).decode())
del view, h
"""
# The heap that a loaded agent takes, all heap, and how many golden vectors agree.
RUN = """
import gc, wasm3, wasmote
wasm3.pool_info()
make = wasmote.Agent  # with the modules that it needs
gc.collect()
before = gc.mem_alloc()
agent = make('/agents/dense')
gc.collect()
print(gc.mem_alloc() - before, gc.mem_alloc() + gc.mem_free(), agent.verify())
agent.close()
"""
NODE = """
import time
from wasmote import store
s = store.default()
print('open')
time.sleep(60)
"""


def bundle(model: bytes, version: str = "1.0.0") -> dict[str, bytes]:
    """The template's files, with a model that its manifest lists."""
    data = {path.name: path.read_bytes() for path in TEMPLATE.iterdir()}
    manifest = json.loads(data.pop("manifest.json"))
    digest = hashlib.sha256(model).hexdigest()
    manifest["files"]["model.bin"] = {"size": len(model), "sha256": digest}
    text = json.dumps(manifest | {"name": "big", "version": version}).encode()
    return {"manifest.json": text, **data, "model.bin": model}


def heap(link: Link) -> tuple[int, int]:
    """(allocated, all of it) in bytes."""
    allocated, size = link.exec(HEAP).split()
    return int(allocated), int(size)


@pytest.mark.slow
def test_model_larger_than_ram_is_read_in_place(
    running: Simulator, mpremote: Run, tmp_path: Path
) -> None:
    kept = []
    for size in (3_000, MODEL_BYTES):
        model = random.Random(size).randbytes(size)
        with connected(running.port) as link:
            before, total = heap(link)
            assert bundles.upload(link, "big", bundle(model)).path == "/store/big"
            kept.append(heap(link)[0] - before)
            length, view, alignment, digest = link.exec(LOOK, timeout_s=60).split()
            store_owners = store.owners(link) or {}
        assert (int(length), int(alignment)) == (size, 0)
        assert digest == hashlib.sha256(model).hexdigest()
        assert store_owners["big"]["model.bin"] == size
        print(f"{size} bytes: heap {total}, kept {kept[-1]}, view {view}")
        assert int(view) < 500
    assert total < MODEL_BYTES
    assert kept[1] <= kept[0] + 500, "the heap that an upload takes depends on its size"
    _check_mpremote_reads(mpremote, running.port, model, tmp_path)


def dense(inputs: int, outputs: int) -> bytes:
    """A .tflite model of one fully connected layer with random weights."""
    draw = np.random.default_rng(1)
    weights = draw.integers(-127, 128, (outputs, inputs))
    bias = draw.integers(-1000, 1000, outputs)
    tensors = [
        T((1, inputs)),
        T((outputs, inputs), data=weights),
        T((outputs,), "int32", 0.0025, data=bias),
        T((1, outputs), scale=4.0),
    ]
    layer = O("FULLY_CONNECTED", [0, 1, 2], [3], ("FullyConnectedOptions", {}))
    return Net(tensors, [layer], [0], [3]).build()


@pytest.mark.slow
def test_model_larger_than_ram_runs_in_place(
    running: Simulator, wasmote: Run, tmp_path: Path
) -> None:
    model = tmp_path / "dense.tflite"
    model.write_bytes(dense(500, 600))
    made = tmp_path / "bundles"
    device = ("--device", running.port)
    for words in (
        ("convert", str(model), "--out", str(tmp_path / "dense")),
        ("agent", "build", str(tmp_path / "dense"), "--out", str(made)),
        ("agent", "upload", str(made / "dense"), *device),
    ):
        got = wasmote(*words)
        assert got.returncode == 0, got.stdout + got.stderr
    assert (made / "dense/model.bin").stat().st_size > MODEL_BYTES
    with connected(running.port) as link:
        # Of the other builds nothing was sent.
        there = {"manifest.json", "agent.wasm", "model.bin", "golden.bin"}
        assert (store.owners(link) or {})["dense"].keys() == there
        heap_bytes, total, pairs = link.exec(RUN, timeout_s=60).split()
    print(f"heap {total}, with the agent {heap_bytes} more")
    assert int(heap_bytes) < 4_000
    assert int(pairs) == 4


def _check_mpremote_reads(mpremote: Run, port: str, model: bytes, folder: Path) -> None:
    listed = mpremote(port, "fs", "ls", ":/store/big").stdout
    assert f"{len(model)} model.bin" in listed
    digest = mpremote(port, "fs", "sha256sum", ":/store/big/model.bin").stdout
    assert hashlib.sha256(model).hexdigest() in digest
    back = mpremote(port, "fs", "cp", ":/store/big/model.bin", str(folder / "back.bin"))
    assert back.returncode == 0, back.stdout + back.stderr
    assert (folder / "back.bin").read_bytes() == model
    refused = mpremote(port, "fs", "rm", ":/store/big/model.bin")
    assert refused.returncode != 0
    assert "Read-only file system" in refused.stderr


def test_only_what_is_new_is_sent(running: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    model = random.Random(1).randbytes(20_000)
    sent: list[int] = []
    put = store.put

    def counted(link: Link, name: str, content: bytes, *rest: object) -> None:
        sent.append(len(content))
        put(link, name, content, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "put", counted)
    with connected(running.port) as link:
        bundles.upload(link, "big", bundle(model))
        assert 20_000 in sent
        sent.clear()
        bundles.upload(link, "big", bundle(model))
        assert sent == []
        newer = bundle(model, "1.0.1")
        bundles.upload(link, "big", newer)
    assert sent == [len(newer["manifest.json"])]


def test_upload_that_breaks_off_keeps_the_old_version(running: Simulator) -> None:
    old, new = bundle(b"old"), bundle(random.Random(2).randbytes(50_000), "2.0.0")
    done = 0

    def break_off(count: int) -> None:
        nonlocal done
        done += count
        if done > 30_000:
            raise DeviceError("pulled")

    with connected(running.port) as link:
        bundles.upload(link, "big", old)
        before = store.owners(link)
        with pytest.raises(DeviceError, match="pulled"):
            bundles.upload(link, "big", new, break_off)
        assert store.owners(link) == before
        assert bundles.upload(link, "big", new).path == "/store/big"
        [entry] = [agent for agent in bundles.installed(link) if agent.name == "big"]
    assert entry.version == "2.0.0"


def test_folder_copied_by_mpremote_runs_from_the_store(running: Simulator, mpremote: Run) -> None:
    for step in (("mkdir", ":/agents"), ("cp", "-r", str(TEMPLATE), ":/agents/")):
        got = mpremote(running.port, "fs", *step)
        assert got.returncode == 0, got.stdout + got.stderr
    with connected(running.port) as link:
        code = "import wasmote\nwith wasmote.Agent('/agents/template') as a: print(a.verify() > 0)"
        assert link.exec(code).strip() == "True"
        taken = (store.owners(link) or {})["template"]
    assert taken == {"agent.wasm": (TEMPLATE / "agent.wasm").stat().st_size}


def test_store_survives_a_killed_emulator(running: Simulator) -> None:
    with connected(running.port) as link:
        bundles.upload(link, "big", bundle(b"kept"))
    running.kill()
    running.stop()
    running.fresh = False  # with the flash as it is
    running.start()
    with connected(running.port) as link:
        assert "big" in (store.owners(link) or {})
        said = link.exec("from wasmote import store; print(store.default().check())")
    assert said.strip() == "[]"


def test_unix_store_is_written_by_nobody_while_another_has_it_open(tmp_path: Path) -> None:
    """A node that runs keeps what it uses; an upload meanwhile says why it cannot be."""
    device = f"unix:{tmp_path}"
    with connected(device) as link:
        bundles.upload(link, "big", bundle(b"model"))
        link.write("/main.py", NODE.encode())
        node = follow(device)
        try:
            while "open" not in node.poll():
                pass
            assert "big" in (store.owners(link) or {})
            with pytest.raises(DeviceError, match="another process has this flash open"):
                bundles.upload(link, "big", bundle(b"another"))
        finally:
            node.close()
        bundles.upload(link, "big", bundle(b"another"))
