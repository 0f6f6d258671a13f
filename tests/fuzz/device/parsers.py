# What a node parses of strangers' bytes: for each parser a function of the bytes, and what it may
# raise. Runs in CPython, where fuzz_parsers.py steers it, and in MicroPython, where
# test_parsers.py gives it the same bytes again. load("manifest"): that module of the node's.


def targets(load):
    made = {}
    for make in (_forms, _signatures, _streams, _http):
        made.update(make(load))
    return made


# ---- JSON documents, and signature files


def _forms(load):
    desired, config, keyset, manifest = (load(m) for m in ("update.desired", "config", "keyset", "manifest"))
    allowed = (load("check").FormError,)
    sensors = {"replay": {"path": ("str", None, 1, 128), "hz": ("number", 1)}}

    def parse_manifest(data):
        found = manifest.parse(data)
        assert 0 < found["input_bytes"] and 0 < found["output_bytes"]

    def parse_config(data):
        assert config.parse(data, sensors.get)["agents"]

    def parse_keyset(data):
        keys = keyset.KeySet(data)
        assert all(len(key) == 32 for key in list(keys.publishers) + keys.roots)
        assert all(keys.allows(key, "digits") >= 0 for key in keys.publishers)

    def parse_desired(data):
        agents = desired.parse(data)[0]
        assert all(len(digest) == 32 for digest, _ in agents.values())

    return {
        "manifest": (parse_manifest, allowed),
        "config": (parse_config, allowed),
        "keyset": (parse_keyset, allowed),
        "desired": (parse_desired, allowed),
    }


def _signatures(load):
    keyset = load("keyset")

    def parse(data):
        found = keyset.pairs(data)
        assert all(len(key) == 8 and len(signature) == 64 for key, signature in found)
        keyset.signers([bytes(32)], found, keyset.MANIFEST, data)

    return {"signatures": (parse, (keyset.Refused,))}


# ---- Streams, in pieces


def _streams(load):
    packets, frames = load("links.packets"), load("links.frames")
    session, queue = load("links.session"), load("queue")

    # What a broker sends, from CONNACK on, as Session takes it. The first byte says in what pieces.
    def read_packets(data):
        most = max(1 + data[0], len(data) // 64) if data else 1
        results, counters = queue.Queue(4), queue.Counters()
        for _ in range(4):
            results.put(counters, "agent/digits/out", session.record_of(b"a result"))
        peer = session.Session(OPTIONS, "lab", "n1", results, _Events(), None)
        peer._error = None
        peer.listen("cmd", 1, 512)
        peer.listen("desired", 0, 4096)
        peer._wire = _Wire()
        peer._begin("10.0.0.1")
        at = 1
        while at < len(data):
            space = peer._reader.space()
            piece = data[at : at + min(len(space), most)]
            assert piece, "no space for another byte"
            space[: len(piece)] = piece
            peer._reader.filled(len(piece))
            at += len(piece)
            peer._take_packets()
            assert counters.balanced()

    # What comes over a serial port.
    def read_frames(data):
        decoder = frames.Decoder(128)
        encoder = frames.Encoder(128)
        for byte in data:
            if decoder.take(byte) == frames.WHOLE:
                fields = decoder.kind, decoder.connection, decoder.number
                payload = bytes(decoder.payload())
                again = [decoder.take(byte) for byte in bytes(encoder.frame(*fields, payload))]
                assert again[-1] == frames.WHOLE and bytes(decoder.payload()) == payload

    return {"packets": (read_packets, (packets.ProtocolError,)), "frames": (read_frames, ())}


OPTIONS = {
    "prefix": "wasmote", "host": "h", "port": 1883, "qos": 1, "timeout_s": 10, "keepalive_s": 30,
    "user": None, "password": None, "tls": None,
}  # fmt: skip


class _Wire:
    collected = 0

    def open(self, host, port):
        pass

    def send_when_connected(self):
        pass

    def write(self, data, size=-1):
        return len(data)

    def stuck(self):
        return False

    def flush(self):
        return True


class _Events:
    def __init__(self):
        self.log = self.received = lambda *words: None
        self.came_up = self.made_room = self.refill = lambda: None


# ---- What a server answers


class _Server:
    def __init__(self, data):
        self._data = data
        self._at = 0

    async def send(self, data):
        pass

    # In pieces whose lengths are the data's own.
    async def readinto(self, view):
        left = len(self._data) - self._at
        count = min(left, len(view), 1 + self._data[self._at] * 4) if left else 0
        view[:count] = self._data[self._at : self._at + count]
        self._at += count
        return count

    def close(self):
        pass


# No clock: the server answers at once, or never.
class _Asyncio:
    TimeoutError = RuntimeError

    @staticmethod
    async def wait_for_ms(awaitable, _):
        return await awaitable


def _http(load):
    http = load("update.http")
    http.asyncio = _Asyncio

    # Its first byte says what is asked for.
    def get(data):
        how = data[0] if data else 0
        size, start = (300 if how & 1 else None), (10 if how & 2 else 0)
        etag = b'"x"' if how & 4 else None
        total = [0]

        async def connect(host, port):
            return _Server(data[1:])

        def write(view):
            total[0] += len(view)
            assert start + total[0] <= (size or 1000)

        coroutine = http.get(
            "http://h/f", write, 1000, size, start, etag, connects={"http": connect}
        )
        try:
            coroutine.send(None)
        except StopIteration:
            assert size is None or etag or start + total[0] == size

    return {"http": (get, (http.HttpError,))}
