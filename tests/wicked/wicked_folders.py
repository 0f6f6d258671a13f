"""Bundles whose files are not what their manifest says, or not what an agent is made of."""

from collections.abc import Iterator
from random import Random

from wasm_bytes import (
    EXPORT,
    HEAD,
    IMPORT,
    MEMORY,
    TYPE_INDEX,
    Module,
    const,
    named,
    section,
    uleb,
    vector,
)  # fmt: skip
from wicked_bundle import (
    AGENT,
    GOOD,
    MODEL_BYTES,
    PAIRS,
    Bundle,
    bundle,
    golden,
    honest,
    manifest,
    stated,
    without,
)  # fmt: skip
from wicked_case import LOOP_FOR_EVER

_SIZE = "of its manifest"
_DIGEST = "its SHA-256 is not that of its manifest"
_HEXADECIMAL = "0123456789abcdef"


def lies(chance: Random) -> Iterator[Bundle]:
    """What the manifest says of a file is not so."""
    for file, data in GOOD.items():
        key, true = file.partition(".")[0], stated(GOOD)[file]
        sizes = (0, 1, len(data) - 1, len(data) + 1, 2 * len(data), 4096, 2**24 + 1, 2**31 - 1)
        for size in sizes:
            says = manifest(files=stated(GOOD) | {file: true | {"size": size}})
            yield bundle(f"{file}: {size} bytes", _SIZE, "the manifest's", says)
        for _ in range(3):
            at = chance.randrange(64)
            other = chance.choice(_HEXADECIMAL.replace(true["sha256"][at], ""))
            digest = true["sha256"][:at] + other + true["sha256"][at + 1 :]
            says = manifest(files=stated(GOOD) | {file: true | {"sha256": digest}})
            yield bundle(f"{file}: digit {at} of its digest", _DIGEST, "SHA-256", says)
        for _ in range(3):
            at, bit = chance.randrange(len(data)), 1 << chance.randrange(8)
            changed = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
            name = f"{file}: byte {at} changed by {bit}"
            yield bundle(name, _DIGEST, "SHA-256", None, **{key: changed})
        for cut in chance.sample(range(1, len(data) - 1), 2):
            yield bundle(f"{file}: cut at {cut}", _SIZE, "bytes, not", None, **{key: data[:cut]})
        more = data + chance.randbytes(chance.randrange(1, 5000))
        yield bundle(f"{file}: {len(more)} bytes", _SIZE, "longer than", None, **{key: more})
        yield bundle(f"{file}: empty", _SIZE, "bytes, not", None, **{key: b""})
        yield bundle(f"{file}: a folder", "cannot be read", "lists it", None, **{key: None})
        missing = bundle(f"{file}: not there", "cannot be read", "lists it")
        yield without(missing, file)
    # Each file another's.
    swapped = bundle("model and golden vectors swapped", _SIZE, "the manifest's", None,
                     model=GOOD["golden.bin"], golden=GOOD["model.bin"])  # fmt: skip
    yield swapped
    missing = bundle("a file that is nowhere", "", "lists it", manifest(
        files=stated(GOOD) | {"agent.simd.wasm": {"size": 9, "sha256": "0" * 64}}
    ))  # fmt: skip
    yield missing


def folders(chance: Random) -> Iterator[Bundle]:
    """Files that are missing, folders, or too many."""
    bare = bundle("no manifest", "manifest.json: cannot be read", "cannot be read")
    yield without(bare, "manifest.json")
    yield without(
        Bundle("an empty folder", bare.files, bare.node, bare.host), "manifest.json", *GOOD
    )
    says = "manifest.json: cannot be read", "cannot be read"
    yield Bundle("the manifest is a folder", {"manifest.json": None, **GOOD}, *says)
    yield Bundle("the manifest alone", bundle("", "").files | dict.fromkeys(GOOD), "cannot be read",
                 "lists it")  # fmt: skip
    # Not to be run here; a host cannot know where it will be.
    for boards in (["NO_SUCH"], ["m4f-256", "unix "], ["Host", "MPS2_AN38"]):
        says = manifest(boards=boards)
        yield bundle(f"for {', '.join(boards)}", f"it is for {', '.join(boards)}, not", "", says)
    # Nobody asks for these.
    for name in ("x", "README.md", "agent.wasm.new", "..data", "Agent.wasm", "\u00e9", "\x1b[2J"):
        yield bundle(f"besides there is {name}", "", "", None, **{name: chance.randbytes(100)})
    yield bundle("besides there is a folder", "", "", None, sub=None)
    yield bundle("40 files besides", "", "", None, **{f"more{i}": b"x" for i in range(40)})
    for name, data in (
        ("empty", b""), ("of zeros", bytes(80)), ("too long", b"WMSG\1\0\1\0" + bytes(2000)),
        ("of no key", b"WMSG\1\0\0\0"), ("cut", b"WMSG\1\0\1\0" + bytes(71)), ("a folder", None),
    ):  # fmt: skip
        # A node without a key set does not look at it.
        signed = {"manifest.sig": data}
        yield bundle(f"a signature file, {name}", "", "manifest.sig", None, **signed)


def _exports(but: str) -> bytes:
    module = Module()
    names = [name for name in ("abi", "init", "input", "infer", "output") if name != but]
    made = [named(name) + b"\0" + uleb(module.index(name)) for name in names]
    return vector(*([] if but == "memory" else [named("memory") + b"\2\0"]), *made)


def _import(name: str) -> bytes:
    module, _, function = name.partition(".")
    return vector(named(module) + named(function) + b"\0" + uleb(TYPE_INDEX["I()"]))


def modules(chance: Random) -> Iterator[Bundle]:
    """Modules that are honest about their bytes, and no agents, or not of this manifest."""
    noise = {
        "nothing": b"", "one byte": b"\0", "the magic": HEAD[:4], "text": b"(module)" * 20,
        "another version": HEAD[:4] + b"\2\0\0\0" + AGENT[8:], "ELF": b"\x7fELF" + bytes(500),
        "noise": chance.randbytes(700), "noise behind a head": HEAD + chance.randbytes(700),
        "the golden vectors": GOOD["golden.bin"], "cut": AGENT[: len(AGENT) // 2],
        "a section twice": AGENT + section(EXPORT, _exports("")), "zeros behind": AGENT + bytes(20),
    }  # fmt: skip
    for name, wasm in noise.items():
        yield honest(f"agent.wasm: {name}", "malformed", "agent.wasm", agent=wasm)
    yield honest("agent.wasm: an empty module", "missing-export", "missing-export", agent=HEAD)
    for name in ("memory", "abi", "init", "input", "infer", "output"):
        wasm = Module(sections={EXPORT: _exports(name)}).encode()
        yield honest(f"it exports no {name}", "missing-export", "missing-export", agent=wasm)
    wrong = _exports("memory") + b""
    wasm = Module(sections={EXPORT: bytes([wrong[0] + 1]) + wrong[1:] + named("memory") + b"\3\0"})
    yield honest("memory is a global", "export-type", "export-type", agent=wasm.encode())
    for name in ("env.log", "nn.read", "env.exec", "wasi_snapshot_preview1.fd_write",
                 "nn.conv2d_s8", "e.n.v"):  # fmt: skip
        wasm = Module(sections={IMPORT: _import(name)}).encode()
        yield honest(f"it imports {name}, unsaid", "import-denied", "import-denied", agent=wasm)
        # Unknown, or known by another type.
        says = {"imports": [name]}
        yield honest(f"it imports {name}", "import-denied", "agent.wasm", says, agent=wasm)
    yield honest("its import is not said", "import-denied", "import-denied", {"imports": []})
    for version in (0, 2, -1):
        wasm = Module().with_body("abi", const(version)).encode()
        yield honest(f"abi says {version}", "abi-version", "abi-version", agent=wasm)
    for memory in (65537, 70000, 131072, 16777216):
        says = {"memory_bytes": memory}
        yield honest(f"{memory} bytes in one page", "memory-limit", "memory-limit", says)
    for pages in (2, 256):
        wasm = Module(sections={MEMORY: vector(b"\1" + uleb(pages) * 2)}).encode()
        name = f"1024 bytes in {pages} pages"
        yield honest(name, "memory-limit", "memory-limit", agent=wasm)
    for pages in (257, 65536):
        wasm = Module(sections={MEMORY: vector(b"\1" + uleb(pages) * 2)}).encode()
        says = {"memory_bytes": 16777216}
        yield honest(f"{pages} pages", "memory-limit", "memory-limit", says, agent=wasm)
    large = Module().with_body("model", const(64))
    large.sections[MEMORY] = vector(b"\1" + uleb(256) * 2)
    says = {"memory_bytes": 16777216}
    # A host has that much.
    yield honest("more than a node's pool", "no-memory", "", says, agent=large.encode())
    yield honest("less than its data", "memory-limit", "memory-limit", {"memory_bytes": 259})
    for name, body in (("traps", b"\0"), ("does not end", LOOP_FOR_EVER)):
        wasm = Module().with_body("model", const(64)).with_body("init", body).encode()
        reason = "trap" if name == "traps" else "deadline"
        says = {"deadline_ms": 2}
        yield honest(f"init {name}", reason, reason, says, agent=wasm)


def models(chance: Random) -> Iterator[Bundle]:
    """Models that are not of the agent's length, and stated truly."""
    for size in (0, 1, MODEL_BYTES - 1, MODEL_BYTES + 1, 900):
        data = chance.randbytes(size)
        yield honest(f"a model of {size}", "init-failed", "init-failed", model=data)
    yield honest("a model longer than the memory", "bad-address", "bad-address", model=bytes(4096))
    files = {name: data for name, data in GOOD.items() if name != "model.bin"}
    says = manifest(files=stated(files))
    yield bundle("a model that is not listed", "init-failed", "init-failed", says)


def vectors(chance: Random) -> Iterator[Bundle]:
    """Golden vectors that are none, or wrong, and stated truly."""
    whole = golden()
    heads = {
        "magic": (b"WMGW", b"\0\0\0\0", b"wmgv"), "version": (0, 2, 65535), "zero": (1, 65535),
        "count": (0, 1, 3, 2**16, 2**31, 2**32 - 1), "given": (0, 3, 5, 2**31, 2**32 - 1),
        "want": (0, 3, 5, 2**31, 2**32 - 1),
    }  # fmt: skip
    for key, values in heads.items():
        for value in values:
            data = golden(**{key: value})
            yield honest(f"golden.bin: {key} is {value}", "golden.bin: ", "golden.bin", golden=data)
    # As long together.
    data = golden(given=2, want=6)
    yield honest("golden.bin: 2 and 6 bytes", "not of this agent's", "golden.bin", golden=data)
    for size in (0, 1, 4, 19, 20, len(whole) - 1, len(whole) - 8):
        data = whole[:size]
        yield honest(f"golden vectors: {size} bytes", "golden.bin: ", "golden.bin", golden=data)
    for more in (1, 8):
        data = whole + bytes(more)
        name = f"golden vectors: {more} bytes more"
        yield honest(name, "not what it says", "golden.bin", golden=data)
    for _ in range(4):
        number, at = chance.randrange(len(PAIRS)), chance.randrange(4)
        pairs = [list(pair) for pair in PAIRS]
        answer = bytearray(pairs[number][1])
        answer[at] ^= 1 << chance.randrange(8)
        pairs[number][1] = bytes(answer)
        name = f"golden.bin: {answer.hex()} in pair {number}"
        data = golden([(given, want) for given, want in pairs])
        says = f"golden vector {number} gave other bytes", f"pair {number}: byte {at}"
        yield honest(name, *says, golden=data)


KINDS = (lies, folders, modules, models, vectors)
