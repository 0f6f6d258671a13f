# Bundles from a web server in memory into a store in RAM, where the server, the store or the
# trust state do not do as one would like. Signatures: tests/e2e/test_update.py.
import asyncio
import hashlib
import json
from binascii import hexlify

from devtest import equal, raises, run, true
from flashsim import BLOCK, ZEROS, Flash, digest, put
from wasmote.keyset import Refused
from wasmote.store import Store
from wasmote.update import desired
from wasmote.update.desired import DesiredError
from wasmote.update.install import Failed, Installer
from wasmote.update.source import Web
from wasmote.update.versions import NEW, OLD, Versions

# The flash of each node: boards have no room for more.
DATA = bytearray(82 * BLOCK)
MODEL = bytes(i * 7 & 0xFF for i in range(5000))


# Believes everything, as long as it is asked.
class Trusting:
    def __init__(self):
        self.asked = []

    def check(self, data, signatures, name, kept):
        self.asked.append((hashlib.sha256(data).digest(), signatures, name, kept))
        return json.loads(data)


# Serves `files` by path. `cut`: bytes after which the next so many answers break off.
class Site:
    def __init__(self, files):
        self.files = files
        self.cuts = []
        self.asked = []

    async def connect(self, host, port):
        return Answering(self)


class Answering:
    def __init__(self, web):
        self._web = web
        self._left = []

    async def send(self, request):
        lines = str(request, "utf-8").split("\r\n")
        path = lines[0].split(" ")[1]
        start = 0
        for line in lines:
            if line.startswith("Range: bytes="):
                start = int(line[13:-1])
        web = self._web
        web.asked.append((path, start))
        body = web.files.get(path)
        if body is None:
            self._left = [b"HTTP/1.1 404 Not Found\r\n\r\n"]
            return
        head = "HTTP/1.1 200 OK\r\n"
        if start:
            head = "HTTP/1.1 206 Part\r\nContent-Range: bytes %d-%d/%d\r\n"
            head = head % (start, len(body) - 1, len(body))
        cut = web.cuts.pop(0) if web.cuts and len(body) > 1000 else len(body)
        head += "Content-Length: %d\r\n\r\n" % (len(body) - start)
        self._left = [head.encode(), memoryview(body)[start : start + cut]]

    async def readinto(self, view):
        while self._left:
            first = self._left.pop(0)
            part = first[: len(view)]
            view[: len(part)] = part
            if len(part) < len(first):
                self._left.insert(0, first[len(part) :])
            if len(part):
                return len(part)
        return 0

    def close(self):
        pass


def bundle(model=MODEL, memory=1024, **more):
    files = {"agent.wasm": b"wasm", "model.bin": model, "agent.simd.wasm": b"gateway's"}
    listed = {
        name: {"size": len(data), "sha256": str(hexlify(digest(data)), "utf-8")}
        for name, data in files.items()
    }
    builds = {"agent.simd.wasm": {"memory_bytes": 1}}
    manifest = {"files": listed, "builds": builds, "memory_bytes": memory, "sequence": 2}
    manifest.update(more)
    files["manifest.json"] = json.dumps(manifest).encode()
    files["manifest.sig"] = b"signature"
    return files


def flash_of(blocks):
    flash = Flash(1)
    flash.data = DATA
    flash.size += (blocks - 1) * BLOCK
    for at in range(0, len(DATA), BLOCK):
        DATA[at : at + BLOCK] = ZEROS
    return flash


class Node:
    def __init__(self, files, blocks=64, trust=None):
        self.files = files
        self.web = Site({"/x/" + name: data for name, data in files.items()})
        self.store = Store(flash_of(blocks))
        self.trust = trust or Trusting()
        self.versions = Versions(self.store, self.trust, "plus", "/agents/plus")
        self.percents = []

    def bring(self, manifest=None):
        connects = {"http": self.web.connect}
        source = Web("http://h/x/", connects)
        installer = Installer(self.versions, source, self.percents.append)
        wanted = digest(manifest or self.files["manifest.json"])
        return asyncio.run(installer.bring(wanted))


def fails(node, kind, code, again=None, **more):
    e = raises(kind, node.bring, **more)
    equal((e.code, str(e)), (code, str(e)))
    if again is not None:
        equal(e.again, again)


def test_all_that_a_node_uses():
    node = Node(bundle())
    files, sequence = node.bring()
    names = ("manifest.json", "manifest.sig", "agent.wasm", "model.bin")
    equal(files, {name: digest(node.files[name]) for name in names})
    equal(node.versions.files(NEW), files)
    equal(bytes(node.store.get(files["model.bin"])), MODEL)
    equal((sequence, node.percents[-1]), (2, 100))
    equal([path for path, _ in node.web.asked].count("/x/agent.simd.wasm"), 0)
    sha256 = digest(node.files["manifest.json"])
    equal(node.trust.asked, [(sha256, b"signature", "plus", [])])


def test_broken_transfers_go_on():
    node = Node(bundle())
    node.web.cuts = [1500, 2000]
    node.bring()
    equal([start for path, start in node.web.asked if path == "/x/model.bin"], [0, 1500, 3500])


def test_transfers_that_get_nowhere_end():
    node = Node(bundle())
    node.web.cuts = [0] * 50
    from wasmote.update import install

    sleep, install.asyncio = install.asyncio, Hasty()
    try:
        fails(node, Failed, "download", True)
    finally:
        install.asyncio = sleep
    equal(len([path for path, _ in node.web.asked if path == "/x/model.bin"]), 6)


# asyncio without its sleep.
class Hasty:
    async def sleep(self, s):
        pass


def test_nothing_is_fetched_before_the_manifest_is_trusted():
    class Strict(Trusting):
        def check(self, *_):
            raise Refused("bad-signature", "x")

    node = Node(bundle(), trust=Strict())
    fails(node, Refused, "bad-signature")
    equal([path for path, _ in node.web.asked], ["/x/manifest.json", "/x/manifest.sig"])
    equal(node.store.owners(), {})


# What is here may have been signed by a key that has been lost since.
def test_signature_is_asked_for_again():
    class Picky(Trusting):
        def check(self, data, signatures, name, kept):
            if signatures == b"signature":
                raise Refused("unknown-key", "x")
            return Trusting.check(self, data, signatures, name, kept)

    node = Node(bundle())
    node.bring()
    node.versions.trust = Picky()
    node.web.asked.clear()
    fails(node, Refused, "unknown-key")
    node.web.files["/x/manifest.sig"] = b"another"
    files, _ = node.bring()
    equal(files["manifest.sig"], digest(b"another"))
    equal([path for path, _ in node.web.asked].count("/x/agent.wasm"), 0)


def test_other_manifest_than_was_asked_for():
    node = Node(bundle())
    fails(node, Failed, "digest", True, manifest=b"another")
    equal(node.trust.asked, [])


def test_other_bytes_than_the_manifest_says():
    for end, more, code in ((-1, b"?", "digest"), (-1, b"", "size"), (None, b"?", "size")):
        model = MODEL[:1500]
        wrong = model[:end] + more
        node = Node(bundle(model))
        node.web.files["/x/model.bin"] = wrong
        fails(node, Failed, code, True)
        equal(node.store.get(digest(wrong)), None)
        # Cured: what had arrived is not asked for again.
        node.web.files["/x/model.bin"] = model
        node.web.asked.clear()
        node.bring()
        equal(node.web.asked, [("/x/model.bin", 0)])


def test_too_large():
    fails(Node(bundle(bytes(13000))), Refused, "too-large")
    fails(Node(bundle(memory=1 << 24)), Refused, "too-large")


def test_version_before_the_last_makes_room():
    node = Node(bundle(), blocks=82)
    for suffix, seed in (("", 1), (OLD, 2)):
        data = bytes((seed + i) & 0xFF for i in range(17 * BLOCK))
        files = {"manifest.json": put(node.store, suffix.encode()), "f": put(node.store, data)}
        node.store.hold("plus" + suffix, files)
    node.bring()
    true(node.versions.digest() and node.versions.digest(OLD) is None)


def test_desired():
    sha256 = "ab" * 32
    good = {"format": 1, "agents": {"a": {"manifest": sha256, "url": "http://h/x/"}}}
    agents, keysets, stamp = desired.parse(json.dumps(good).encode())
    equal(stamp, None)
    equal((agents, keysets), ({"a": (b"\xab" * 32, "http://h/x/")}, None))
    good["keysets"] = {"version": 3, "url": "https://h/"}
    equal(desired.parse(json.dumps(good).encode())[1], (3, "https://h/"))
    for url in ({}, {"url": "mqtt:"}):
        pieces = dict(good, agents={"a": dict(url, manifest=sha256)}, keysets=dict(url, version=3))
        found = desired.parse(json.dumps(pieces).encode())[:2]
        equal(found, ({"a": (b"\xab" * 32, "mqtt:")}, (3, "mqtt:")))
    good["timestamp"] = {"document": "{}", "signatures": "ab" * 8}
    equal(desired.parse(json.dumps(good).encode())[2], (b"{}", b"\xab" * 8))
    for bad in (7, {}, {"document": "{}", "signatures": "x" * 16}):
        wrong = dict(good, timestamp=bad)
        raises(DesiredError, desired.parse, json.dumps(wrong).encode(), words=("timestamp",))
    entry = good["agents"]["a"]
    for change, words in (
        ({"manifest": "AB" * 32}, "hex digits"),
        ({"manifest": "ab"}, "agents.a.manifest"),
        ({"url": "http://h/x"}, "not a folder"),
        ({"url": "ftp://h/x/"}, "not a folder"),
        ({"url": 7}, "agents.a.url"),
        ({"more": 1}, "agents.a.more: unknown"),
    ):
        bad = dict(good, agents={"a": dict(entry, **change)})
        raises(DesiredError, desired.parse, json.dumps(bad).encode(), words=(words,))
    for bad in (b"", b"[]", b"{}", b'{"format": 1}', b'{"format": 1, "agents": 7}', b" " * 4097):
        raises(DesiredError, desired.parse, bad)
    bad = b'{"format": 1, "agents": {"a": 7}, "keysets": {"version": 0}}'
    raises(DesiredError, desired.parse, bad, words=("agents.a", "keysets.version"))


def test_desired_in_the_clear():
    entry = {"manifest": "ab" * 32, "url": "http://h/x/"}
    folder = {"version": 3, "url": "http://h/k/"}
    pieces = {"manifest": "cd" * 32}
    plain = ({"a": entry}, None), ({"a": pieces, "b": entry}, None), ({"a": pieces}, folder)
    for agents, keysets in plain:
        wish = {"format": 1, "agents": agents, "keysets": keysets}
        if keysets is None:
            del wish["keysets"]
        for text, ca, has_tls, words in (
            (json.dumps(wish), "/ca", True, "url: http:// is refused where update.ca is set: 'http://h/"),
            (json.dumps(wish).replace("http:", "https:"), None, True, "url: https:// needs update.ca: "),
            (json.dumps(wish).replace("http:", "https:"), None, False, "this firmware has no TLS: "),
        ):
            refused = desired.not_taken(ca, has_tls)
            raises(DesiredError, desired.parse, text.encode(), refused, words=(words,))
            # The other way round, and in pieces, it is taken.
            desired.parse(text.encode(), desired.not_taken(None if ca else "/ca"))
    wish = {"format": 1, "agents": {"a": pieces}}
    for ca in (None, "/ca"):
        desired.parse(json.dumps(wish).encode(), desired.not_taken(ca))


run(globals())
