# wasmote.links.tls where no server is asked: files, memory, and what errors are called.
import errno

from devtest import equal, raises, run, true

try:
    from wasmote.links.tls import Tls, TlsError

    MISSING = None
except ImportError:
    MISSING = "this firmware has no TLS"
try:
    import emulated

    emulated.seed(bytes(range(32)))  # boards without entropy of their own make no context
except (ImportError, AttributeError):
    pass

CA = "/test-ca"


def put(data):
    from wasmote import fs

    with open(fs.path(CA), "wb") as f:
        f.write(data)


def remove():
    from wasmote import fs

    fs.remove(CA)


def secure(ca=CA, **more):
    return Tls({"ca": ca}, "host", "update", "server", **more)


# (code, again, text) of what `error` means; `stands`: after the handshake.
def meaning(error, stands=False):
    tls = secure()
    tls.stands = stands
    e = tls.meaning(error)
    true(isinstance(e, TlsError), "%r" % e)
    return e.code, e.again, e.text


def test_files():
    e = raises(TlsError, secure("/nowhere").prepare)
    equal((e.code, e.again, e.text), ("tls", False, "update.ca: /nowhere: ENOENT"))
    for data, words in (
        (b"certificate" * 20, "update.ca: /test-ca: neither DER nor PEM"),
        (b"-----BEGIN CERTIFICATE-----\nMII", "update.ca: /test-ca: neither DER nor PEM"),
        (b"\x30" * 9000, "update.ca: /test-ca: longer than 8192 bytes"),
    ):
        put(data)
        equal(raises(TlsError, secure().prepare).text, words)
    remove()


def test_memory():
    e = raises(TlsError, secure(spare=1 << 29).prepare)
    equal((e.code, e.again, e.errno), ("memory", False, errno.ENOMEM))
    true("heap" in e.text and "of 536870912" in e.text, e.text)
    for error in (MemoryError("no"), OSError(errno.ENOMEM)):
        for stands in (False, True):
            code, again, text = meaning(error, stands)
            equal((code, again), ("memory", False))


def test_certificates():
    for said, words in (
        ("The certificate validity has expired\n", "it has expired"),
        ("The certificate Common Name (CN) does not match", "it is for another host than host"),
        ("not correctly signed by the trusted CA", "update.ca has not signed it"),
    ):
        code, again, text = meaning(ValueError(said))
        equal((code, again), ("tls", False))
        true(text.startswith("the server's certificate: " + words), text)
        true("mqtt" not in text and "broker" not in text, text)


def test_connections_that_end():
    # In the handshake it says something of the server; later it is a transfer to go on with.
    for number in (-0x7280, errno.ECONNRESET):
        code, again, text = meaning(OSError(number))
        equal((code, again), ("tls", False))
        true("the server closed in the handshake" in text, text)
    equal(meaning(OSError(-0x7280), True), ("download", True, "closed by the server"))
    code, again, text = meaning(OSError(-0x7180, "bad record"), True)
    equal((code, again, text), ("tls", True, "TLS: bad record"))
    # What is no matter of TLS stays what it is.
    for error, stands in ((OSError(errno.ECONNREFUSED), False), (OSError(errno.ECONNRESET), True)):
        tls = secure()
        tls.stands = stands
        true(tls.meaning(error) is error)


def test_broker_is_called_a_broker():
    options = {"ca": CA, "cert": None, "key": None, "server_name": "other"}
    tls = Tls(options, "host")
    text = tls.meaning(ValueError("Common Name")).text
    equal(text, "the broker's certificate: it is for another host than other (mqtt.tls.server_name)")
    true("of TLS in common with the broker" in tls.meaning(OSError(-0x6E80)).text)


run(globals(), MISSING)
