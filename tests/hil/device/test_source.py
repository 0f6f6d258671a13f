# Files in pieces, asked for one by one: SPEC.md 11.4, against a host that the test plays.
import asyncio
import struct
from binascii import crc32

from devtest import equal, raises, run, true
from wasmote.update.source import NOBODY, Pieces, SourceError

DATA = bytes(i * 11 & 0xFF for i in range(1000))
HEADER = 8
WAIT_MS = 20


# Serves `files`. `moods`: function(tag, answer) -> answers, of the next requests.
class Host:
    def __init__(self, files=None, longest=128, tries=4, by_hand=False):
        self.files = files if files is not None else {"f": DATA}
        self.asked = []
        self.moods = []
        self.source = Pieces(NOBODY, self.hear, longest, WAIT_MS, tries, by_hand)

    def hear(self, request):
        at, length = struct.unpack("<IH", request[32:38])
        name = str(request[38:], "utf-8")
        self.asked.append((name, at, length))
        data = self.files.get(name)
        tag = crc32(request)
        if data is None:
            answer = struct.pack("<II", tag, 0xFFFFFFFF)
        else:
            answer = struct.pack("<II", tag, len(data)) + data[at : at + length]
        mood = self.moods.pop(0) if self.moods else one
        for said in mood(answer):
            self.source.take(said)

    def get(self, name="f", limit=2000, size=None, start=0):
        got = bytearray()
        asyncio.run(self.source.get(name, got.extend, limit, size, start))
        return bytes(got)


def one(answer):
    return [answer]


def nothing(answer):
    return []


def test_file_in_pieces():
    host = Host()
    equal(host.get(), DATA)
    equal([at for _, at, _ in host.asked], list(range(0, 1000, 120)))
    equal(host.get(size=1000, start=950), DATA[950:])
    equal(Host({"f": b""}).get(), b"")


def test_lost_pieces_are_asked_for_again_and_shorter():
    host = Host()
    host.moods = [one, nothing, nothing, one]
    equal(host.get(), DATA)
    equal([(at, n) for _, at, n in host.asked[1:5]], [(120, 120), (120, 60), (120, 32), (152, 64)])


def test_doubled_late_and_strange_pieces_do_no_harm():
    host = Host()
    kept = []

    def keep(answer):
        kept.append(answer)
        return []

    def late(answer):
        return kept + [answer, answer]

    def strange(answer):
        tag = answer[:4]
        return [
            b"",
            answer[:7],
            answer[:-1],
            answer + b"x",
            tag + b"\xff" * 4 + b"x",
            struct.pack("<II", 7, 1000) + answer[8:],
            answer,
        ]

    host.moods = [keep, late, strange, late]
    equal(host.get(), DATA)
    # Nobody has asked.
    host.source.take(kept[0])
    equal(host.get(), DATA)


def test_nobody_answers():
    host = Host(tries=3)
    host.moods = [nothing] * 3
    e = raises(SourceError, host.get)
    equal((e.code, e.missing, e.again, len(host.asked)), ("download", False, True, 3))
    host = Host(tries=1, by_hand=True)
    host.moods = [nothing]
    equal(raises(SourceError, host.get).again, False)


def test_file_that_is_not_there():
    e = raises(SourceError, Host().get, "other")
    equal((e.code, e.missing), ("download", True))


def test_other_sizes_than_are_taken():
    equal(raises(SourceError, Host().get, limit=999).code, "size")
    equal(raises(SourceError, Host().get, size=999).code, "size")
    equal(raises(SourceError, Host().get, size=1001).code, "size")
    host = Host()

    def grown(answer):
        host.files["f"] = DATA + b"x"
        return [answer]

    host.moods = [grown]
    equal(raises(SourceError, host.get).code, "size")


def test_each_piece_fits_its_link():
    host = Host(longest=32)
    true(all(n <= 32 - HEADER for _, _, n in host.asked))
    equal(host.get(), DATA)


run(globals())
