"""What libFuzzer's targets begin with: valid inputs, made anew each time."""

import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import smith_make
from wasmtime import wat2wasm

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "unit"), str(TESTS / "kernels")]

from cases import OPS  # noqa: E402
from random_cases import RANDOM  # noqa: E402
from signature_support import by_host, forged, rfc8032  # noqa: E402

MODULES = 150
AGENTS = 60
CASES_OF_AN_OP = 12
NN_HEAD = "<HHHH"  # fuzz_nn.c: operation, multiply-accumulates of a slice, sizes
MEMORY_MAX = 0xFFFF
# SPEC.md 1.2: what an agent exports
AGENT = """(module (memory (export "memory") 1 1)
  (func (export "abi") (result i32) i32.const 1)
  (func (export "init") (param i32) (result i32) i32.const 0)
  (func (export "input") (param i32) (result i32) i32.const 0)
  (func (export "infer") (param i32) (result i32) i32.const 0)
  (func (export "output") (result i32) i32.const 0)
  (func (export "begin") (param i32) (result i32) i32.const 0)
  (func (export "step") (result i32) i32.const 0))"""


def modules() -> Iterator[bytes]:
    for seed in range(MODULES):
        yield smith_make.module(seed)
    for wat in sorted((TESTS / "vectors/modules").glob("*.wat")):
        yield bytes(wat2wasm(wat.read_text()))


def nn_imports() -> str:
    block = "(param i32 i32 i32 i32) (result i32)"
    lines = [f'(import "nn" "{op}" (func {block}))' for op in OPS]
    lines.append('(import "nn" "read" (func (param i32 i32 i32) (result i32)))')
    return "(module " + " ".join(lines) + ")"


def smith_agent(seed: int) -> bytes:
    """A module with an agent's exports and whatever code, which may call all of `nn`."""
    words = list(smith_make.options(seed % 8))
    at = words.index("--export-everything")
    del words[at : at + 2]
    words += ["--exports", smith_make.file_of(AGENT)]
    words += ["--available-imports", smith_make.file_of(nn_imports())]
    return smith_make.generate(seed, words)


def calls_nn(seed: int, blob_at: int) -> bytes:
    """An agent whose `infer` gives one operation a block of its data, with its tensors behind."""
    op = sorted(RANDOM)[seed % len(RANDOM)]
    case = RANDOM[op](np.random.default_rng(seed))
    linear = case.linear[: 65536 - blob_at]
    data = case.block().ljust(blob_at, b"\0") + linear
    text = "".join(f"\\{byte:02x}" for byte in data)
    infer = f"(call $op (i32.const 0) (i32.const {blob_at}) (i32.const {len(linear) & ~3})"
    return bytes(
        wat2wasm(f"""(module
      (import "nn" "{case.op}" (func $op (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1 1)
      (func (export "abi") (result i32) i32.const 1)
      (func (export "init") (param i32) (result i32) i32.const 0)
      (func (export "input") (param i32) (result i32) i32.const 64)
      (func (export "infer") (param i32) (result i32) {infer} (i32.const -1)))
      (func (export "output") (result i32) i32.const 64)
      (data (i32.const 0) "{text}"))""")
    )


def agents() -> Iterator[bytes]:
    for seed in range(AGENTS):
        yield smith_agent(seed)
        yield calls_nn(seed, 256)
    for wat in sorted((TESTS / "vectors/abi").glob("*.wat")):
        yield bytes(wat2wasm(wat.read_text()))


def blocks() -> Iterator[bytes]:
    for _, make in sorted(RANDOM.items()):
        for seed in range(CASES_OF_AN_OP):
            case = make(np.random.default_rng(seed))
            if max(len(case.linear), len(case.blob)) > MEMORY_MAX:
                continue
            # Some in slices
            sizes = (500 * (seed % 2), len(case.linear), len(case.blob))
            head = struct.pack(NN_HEAD, OPS.index(case.op), *sizes)
            yield head + case.block() + case.linear + case.blob


def signatures() -> Iterator[bytes]:
    for case in [*rfc8032(), *by_host(), *forged()]:
        yield case.key + case.signature + case.message


# ---- For the parsers of the node


def rows(name: str) -> list[dict[str, Any]]:
    """Test vectors, in either form."""
    text = (TESTS / "vectors" / name).read_text()
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in text.splitlines()]
    found: list[dict[str, Any]] = json.loads(text)
    return found


def manifests() -> Iterator[bytes]:
    for row in rows("manifest/manifests.json"):
        yield row["manifest"].encode()


def keysets() -> Iterator[bytes]:
    for row in rows("trust/keysets.jsonl"):
        yield bytes.fromhex(row["keyset"])


def signature_files() -> Iterator[bytes]:
    for row in rows("trust/signatures.jsonl"):
        yield bytes.fromhex(row["sig"])


def documents(*each: object) -> Iterator[bytes]:
    for document in each:
        yield json.dumps(document).encode()


def configurations() -> Iterator[bytes]:
    sensor = {"kind": "replay", "path": "/x", "hz": 2.5}
    agent = {"name": "digits", "path": "/agents/digits", "out": "both", "sensor": sensor}
    node = {"site": "lab", "node": "n1", "pool_bytes": 65536, "stat_s": 10, "agents": [agent]}
    mqtt = {"host": "10.0.2.2", "port": 1883, "user": "u", "password": "p", "prefix": "w", "qos": 1}
    wifi = {"kind": "wifi", "timeout_s": 30, "ssid": "net", "password": "12345678"}
    stages = {"name": "motion", "stages": ["a", "/agents/b"], "sensor": sensor}
    update = {"trial_runs": 20, "trial_s": 300, "url": "http://h/", "poll_s": 300}
    more = {"keepalive_s": 30, "timeout_s": 10, "queue": 64, "durable": True, "durable_bytes": 8192}
    yield from documents(
        node,
        {**node, "mqtt": mqtt, "network": wifi, "update": update},
        {**node, "mqtt": {**mqtt, **more}, "network": {"kind": "serial"}, "agents": [stages]},
    )


def wishes() -> Iterator[bytes]:
    agents = {"digits": {"manifest": "0a" * 32, "url": "http://10.0.2.2:8000/digits/"}}
    keys = {"version": 3, "url": "https://h/keys/"}
    yield from documents(
        {"format": 1, "agents": {}},
        {"format": 1, "agents": agents},
        {"format": 1, "agents": agents, "keysets": keys},
    )


def packets() -> Iterator[bytes]:
    """A broker's in pieces of some lengths: CONNACK, SUBACK, PUBACK, PINGRESP, PUBLISH."""
    for how in (0, 1, 255):
        yield from (bytes([how]) + stream for stream in streams())


def streams() -> Iterator[bytes]:

    def packet(first: int, body: bytes) -> bytes:
        length, size = len(body), b""
        while length > 127:
            size, length = size + bytes([length & 127 | 128]), length >> 7
        return bytes([first]) + size + bytes([length]) + body

    def text(topic: str) -> bytes:
        return struct.pack(">H", len(topic)) + topic.encode()

    begin = b"\x20\x02\0\0"
    topics = text("wasmote/v1/lab/n1/cmd"), text("wasmote/v1/lab/n1/desired")
    yield b"\x20\x02\0\5"
    for number in (1, 2, 3):
        pid = struct.pack(">H", number)
        yield begin + packet(0x90, pid + b"\1\0") + packet(0x40, pid) + packet(0xD0, b"")
        yield begin + packet(0x90, pid + b"\1\x80") + packet(0x32, topics[0] + pid + b"stop")
        yield begin + packet(0x31, topics[1] + b"{}" * 500 * number) + packet(0x40, pid)
        yield begin + packet(0x30, topics[1] + bytes(5000)) + packet(0x34, topics[0] + pid)


def frames() -> Iterator[bytes]:
    for row in rows("bridge/streams.json"):
        yield bytes.fromhex(row["bytes"])
    for row in rows("bridge/frames.json"):
        yield bytes.fromhex(row["frame"])


def answers() -> Iterator[bytes]:
    heads = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\nETag: \"y\"\r\n\r\n" + bytes(300),
        b"HTTP/1.1 206 Partial\r\nContent-Range: bytes 10-299/300\r\n\r\n" + bytes(290),
        b"HTTP/1.0 200 OK\nContent-Encoding: identity\n\n" + bytes(300),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=1\r\nabcde\r\n0\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n",
    )
    for how in range(8):
        yield from (bytes([how]) + head for head in heads)


PARSERS = {
    "manifest": manifests,
    "config": configurations,
    "keyset": keysets,
    "desired": wishes,
    "signatures": signature_files,
    "packets": packets,
    "frames": frames,
    "http": answers,
}
CORPORA = {"module": modules, "agent": agents, "nn": blocks, "sign": signatures, **PARSERS}


def write(target: str, folder: Path) -> int:
    """Fills `folder`; returns how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for count, data in enumerate(CORPORA[target](), 1):
        (folder / f"seed-{count:04}").write_bytes(data)
    return count
