# wasmote.update.http against servers in memory: good ones, and what hostile ones do.
import asyncio
import gc

from devtest import equal, raises, run, true
from wasmote.update import http

DATA = bytes(i & 0xFF for i in range(1500))
URL = "http://host/a/file.bin"


# A server that says `answer`, in pieces; `endless`: what it goes on with for ever.
class Server:
    def __init__(self, answer, piece=700, endless=b"", slow=False):
        self.answer = answer
        self.piece = piece
        self.endless = endless
        self.slow = slow
        self.sent = b""
        self.read = 0
        self.closed = False
        self.place = None

    async def connect(self, host, port):
        self.place = (host, port)
        return self

    async def send(self, data):
        self.sent += data

    async def readinto(self, view):
        if self.slow:
            await asyncio.sleep_ms(self.slow)
        if not self.answer:
            self.answer = self.endless
        part = self.answer[: min(self.piece, len(view))]
        self.answer = self.answer[len(part) :]
        view[: len(part)] = part
        self.read += len(part)
        return len(part)

    def close(self):
        self.closed = True


def answer(body=DATA, status="200 OK", headers=(), length=True):
    lines = ["HTTP/1.1 " + status] + list(headers)
    if length:
        lines.append("Content-Length: %d" % len(body))
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def chunks(body, size):
    out = b""
    for at in range(0, len(body), size):
        part = body[at : at + size]
        out += b"%x;x=y\r\n%s\r\n" % (len(part), part)
    return out + b"0\r\n\r\n"


# What arrives, and the Answer; the connection is closed whatever happens.
def get(server, limit=4000, **more):
    got = bytearray()
    try:
        answer = asyncio.run(
            http.get(URL, got.extend, limit, connects={"http": server.connect}, **more)
        )
    finally:
        true(server.closed, "left open")
    return bytes(got), answer


def refused(server, *words, code="download", again=False, **more):
    e = raises(http.HttpError, get, server, words=words, **more)
    equal((str(e), e.code, e.again), (str(e), code, again))


def test_urls():
    equal(http.split("http://a.b:81/c/d"), ("http", "a.b", 81, "/c/d"))
    equal(http.split("https://10.0.2.2/"), ("https", "10.0.2.2", 443, "/"))
    equal(http.split("http://a"), ("http", "a", 80, "/"))
    bad = ("ftp://a/", "a/b", "http:///x", "http://a:x/", "http://a:0/", "http://a:70000/")
    more = ("http://u@a/", "http://a/ b", "http://a/\r\nX: y", "http://a/#x", "http://\xe4/")
    for url in bad + more:
        raises(ValueError, http.split, url)


def test_whole_file_in_any_pieces():
    for piece in (1, 3, 511, 5000):
        server = Server(answer(headers=("ETag: \"x\"", "Server: y")), piece)
        got, said = get(server, size=1500)
        equal((got == DATA, said.status, said.etag), (True, 200, b'"x"'))
    equal(server.place, ("host", 80))
    true(server.sent.startswith(b"GET /a/file.bin HTTP/1.1\r\nHost: host:80\r\n"), server.sent)
    true(b"Range" not in server.sent and server.sent.endswith(b"\r\n\r\n"), server.sent)


def test_chunks():
    for size, piece in ((7, 50), (999, 7), (1500, 4000)):
        headers = ("Transfer-Encoding: chunked",)
        server = Server(answer(chunks(DATA, size), headers=headers, length=False), piece)
        equal(get(server, size=1500)[0] == DATA, True)


def test_body_to_the_end_of_the_connection():
    equal(get(Server(answer(length=False)))[0] == DATA, True)


def test_goes_on_where_it_stopped():
    part = answer(DATA[500:], "206 Partial Content", ("Content-Range: bytes 500-1499/1500",))
    server = Server(part)
    equal(get(server, size=1500, start=500)[0] == DATA[500:], True)
    true(b"\r\nRange: bytes=500-\r\n" in server.sent, server.sent)
    # A server that knows no ranges sends all: what is there already is passed over.
    equal(get(Server(answer()), size=1500, start=500)[0] == DATA[500:], True)


def test_other_ranges():
    for said in ("bytes 0-1499/1500", "bytes 499-1499/1500", "bytes 500-", "lines 1000-1499/1500"):
        part = answer(DATA[500:], "206 Partial Content", ("Content-Range: " + said,))
        refused(Server(part), "bytes from 500 asked for", size=1500, start=500)
    part = answer(DATA[500:], "206 Partial Content", ("Content-Range: bytes 500-1499/5000",))
    refused(Server(part), "5000 bytes, not 1500", code="size", size=1500, start=500)
    refused(Server(answer(DATA, "206 Partial Content")), "status 206", size=1500)
    refused(Server(answer(b"", "416 Range Not Satisfiable")), "status 416", size=1500, start=9)


def test_unchanged():
    server = Server(answer(b"", "304 Not Modified", length=False))
    got, said = get(server, etag=b'"x"')
    equal((got, said.status, said.etag), (b"", 304, b'"x"'))
    true(b'If-None-Match: "x"' in server.sent, server.sent)
    refused(Server(answer(b"", "304 Not Modified", length=False)), "status 304")


def test_status():
    for status in ("301 Moved", "302 Found", "308 Permanent"):
        refused(Server(answer(b"", status, ("Location: http://b/",))), "not followed")
    refused(Server(answer(b"?", "404 Not Found")), "status 404")
    refused(Server(answer(b"?", "503 Busy")), "status 503", again=True)
    refused(Server(answer(b"?", "100 Continue")), "status 100")


def test_no_http():
    for said in (b"SSH-2.0-x\r\n", b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 20\r\n\r\n", b"\0" * 300 + b"\n"):
        refused(Server(said), "no HTTP answer")
    refused(Server(b"HTTP/1.1 200 OK\r\nfoo\r\n\r\n"), "without a colon")
    refused(Server(b""), "ended in the headers", again=True)


def test_headers_that_mean_another_body():
    for header in ("Content-Length: -1", "Content-Length: 1e3", "Content-Length: 99999999999"):
        refused(Server(answer(headers=(header,), length=False)), "content-length")
    refused(Server(answer(headers=("Content-Length: 5",))), "content-length")
    refused(Server(answer(headers=("Transfer-Encoding: gzip",))), "transfer-encoding")
    refused(Server(answer(headers=("Content-Encoding: gzip",))), "content-encoding")


def test_endless_headers():
    for endless in (b"x", b"X: y\r\n"):
        server = Server(b"HTTP/1.1 200 OK\r\n", endless=endless * 500)
        refused(server, "headers of more than 8192 bytes")
        true(server.read < 12000, server.read)


def test_long_line_is_cut():
    got, _ = get(Server(answer(headers=("X-Policy: " + "y" * 1200,)), 100))
    equal(got == DATA, True)


def test_endless_body():
    server = Server(answer(b"", length=False), endless=b"z" * 1000)
    refused(server, "more than the 4000 bytes", code="size")
    server = Server(answer(b"", headers=("Transfer-Encoding: chunked",), length=False), endless=b"1\r\nz\r\n")
    refused(server, "more than the 100 bytes", code="size", limit=100)
    true(server.read < 5000, server.read)


def test_wrong_length():
    refused(Server(answer(DATA[:-1])), "1499 bytes, not 1500", code="size", size=1500)
    refused(Server(answer(DATA + b"x")), "1501 bytes, not 1500", code="size", size=1500)
    refused(Server(answer()), "at most 1000", code="size", limit=1000)
    refused(Server(answer(DATA[:-1], length=False)), "1499 bytes, not", code="size", size=1500)
    refused(Server(answer(DATA + b"x", length=False)), "more than", code="size", size=1500)
    refused(Server(answer()[:-10]), "10 bytes are missing", again=True, size=1500)


def test_chunks_that_are_none():
    for body in (b"xyz\r\n", b"\r\n", b"-1\r\n", b"fffffffff\r\n", b"2\r\nabc\r\n0\r\n\r\n"):
        headers = ("Transfer-Encoding: chunked",)
        refused(Server(answer(body, headers=headers, length=False)), "chunk")
    body = b"ffffffff\r\n" + DATA
    server = Server(answer(body, headers=("Transfer-Encoding: chunked",), length=False))
    refused(server, "are missing", again=True)


def test_slow_servers():
    stall, grace = http.STALL_MS, http.GRACE_MS
    http.STALL_MS, http.GRACE_MS = 300, 1000
    try:
        refused(Server(b"", slow=2000), "nothing came", again=True)
        # A byte now and then is not enough.
        refused(Server(answer(), piece=1, slow=100), "too slow", again=True, size=1500)
    finally:
        http.STALL_MS, http.GRACE_MS = stall, grace


def test_unknown_scheme():
    call = http.get("https://host/", print, 10)
    e = raises(http.HttpError, asyncio.run, call, words=("does not speak https",))
    equal((e.code, e.again), ("download", False))


def test_who_has_an_authority_speaks_https_alone():
    for tls, url, words in ((object(), "http://h/", "speak http"), (None, "https://h/", "speak https")):
        call = http.get(url, print, 10, connects=http.openers(tls))
        e = raises(http.HttpError, asyncio.run, call, words=(words,))
        equal((e.code, e.again), ("download", False))
    # Nobody at all.
    raises(http.HttpError, asyncio.run, http.get(URL, print, 10, connects={}), words=("speak http",))


# A server whose handshake takes as long.
class Shaking(Server):
    def __init__(self, shake_ms, error=None):
        Server.__init__(self, answer())
        self.shake_ms = shake_ms
        self.error = error

    async def send(self, data):
        await asyncio.sleep_ms(self.shake_ms)
        if self.error:
            raise self.error
        await Server.send(self, data)


def get_secure(server, **more):
    got = bytearray()
    connects = {"https": server.connect}
    call = http.get("https://host/a", got.extend, 4000, connects=connects, **more)
    try:
        answer = asyncio.run(call)
    finally:
        true(server.closed, "left open")
    return bytes(got), answer


def test_handshake_has_a_time_of_its_own():
    stall, shake = http.STALL_MS, http.SHAKE_MS
    http.STALL_MS, http.SHAKE_MS = 100, 1500
    try:
        server = Shaking(500)
        got, said = get_secure(server)
        equal((got == DATA, said.status, server.place), (True, 200, ("host", 443)))
        http.SHAKE_MS = 300
        words = ("no connection and handshake within",)
        e = raises(http.HttpError, get_secure, Shaking(5000), words=words)
        equal((e.code, e.again), ("tls", True))
        # In the clear the connection has to stand as soon as anything else.
        refused(Shaking(5000), "nothing came", again=True)
    finally:
        http.STALL_MS, http.SHAKE_MS = stall, shake


def test_transfer_goes_on_and_is_unchanged_over_tls():
    part = answer(DATA[500:], "206 Partial Content", ("Content-Range: bytes 500-1499/1500",))
    server = Shaking(0)
    server.answer = part
    equal(get_secure(server, size=1500, start=500)[0] == DATA[500:], True)
    server = Shaking(0)
    server.answer = answer(b"", "304 Not Modified", length=False)
    equal(get_secure(server, etag=b'"x"')[1].status, 304)
    server = Shaking(0)
    server.answer = answer(b"", "302 Found", ("Location: http://h/",))
    raises(http.HttpError, get_secure, server, words=("not followed",))


def test_error_of_the_handshake_is_the_error():
    class TlsError(OSError):
        pass

    e = TlsError(13, "the server's certificate: x")
    equal(raises(TlsError, get_secure, Shaking(0, e)) is e, True)


def test_ram_does_not_depend_on_the_file():
    class Blank(Server):
        async def readinto(self, view):
            if self.answer:
                return await Server.readinto(self, view)
            self.read += len(view)
            return len(view)

    for size in (2000, 100000):
        gc.collect()
        free = [gc.mem_free()]
        before = free[0]
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size

        def write(view):
            if len(view) % 7 == 3:
                gc.collect()
                free[0] = min(free[0], gc.mem_free())

        server = Blank(head)
        asyncio.run(http.get(URL, write, size, size=size, connects={"http": server.connect}))
        gc.collect()
        free[0] = min(free[0], gc.mem_free())
        true(before - free[0] < 6000, "%d bytes of heap for %d" % (before - free[0], size))


run(globals())
