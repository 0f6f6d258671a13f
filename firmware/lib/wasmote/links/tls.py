# TLS for a connection (tcp.py): a context out of the files that the configuration names, and errors
# in words. The server's certificate is always checked: its signatures, its dates, the host that it
# is for.
import errno
import gc
import io
from binascii import a2b_base64

import tls
from micropython import const

from .. import fs, wallclock

_FILE_MAX = const(8192)
_BEGIN = b"-----BEGIN "
_END = b"-----END "

# What Mbed TLS says of a certificate, by words of its own, and what it means here.
_VERDICTS = (
    ("expired", "it has expired (the date here is {date})"),
    ("future", "it is not valid yet (the date here is {date}; network.ntp sets it)"),
    ("signed by the trusted", "{entry}.ca has not signed it (another CA's, or self-signed)"),
    ("Common Name", "it is for another host than {host}{named}"),
    ("Usage", "it may not be used for this (key usage)"),
    ("unacceptable hash", "it is signed with a hash that is not taken"),
    ("unacceptable key", "its key is too short, or on a curve that is not taken"),
)
_NO_VERSION = "no version of TLS in common with the %s (here: 1.2)"
_MEANINGS = {
    -0x7200: "no TLS: is this the %s's port for it?",
    -0x6E80: _NO_VERSION,
    -0x7100: "the %s's certificates are longer than this board's buffer",
}
# Of a server that goes: Mbed TLS's, and a socket's.
_GONE = const(-0x7280)
_ENDED = (_GONE, errno.ECONNRESET, 32)
# An alert that came. Ports with a Mbed TLS of their own do not say which; firmware/tls subtracts
# its number (RFC 5246, 7.2) from this.
_ALERT = const(-0x7780)
_ALERT_BASE = const(-0x10000)
_ALERTS = {45: "the %s says that the client certificate has expired", 70: _NO_VERSION}


# Mbed TLS's -0x34, of which the binding makes an errno
_NO_ENTROPY = const(0x34)


# `code`: "tls"; "memory"; "download" for a connection that broke. `again`: whether the next
# attempt may go otherwise.
class TlsError(OSError):
    def __init__(self, number, text, code="tls", again=False):
        super().__init__(number, text)
        self.text = text
        self.code = code
        self.again = again


# One connection after the other. `options`: what `entry` of the configuration holds: ca; cert, key
# and server_name where it has them. `host`: whom we speak to, the `peer`. `spare`: bytes of the
# heap that have to be free.
class Tls:
    def __init__(self, options, host, entry="mqtt.tls", peer="broker", spare=0):
        self._options = options
        self.name = options.get("server_name") or host  # whom the certificate must be for
        self._entry = entry
        self._peer = peer
        self._spare = spare
        self._context = None
        self.stands = False  # something came: the handshake is over
        self._room = None

    # Takes room for the first connection, as long as there is some: Mbed TLS wants 4 and 2 kB in a
    # row, and a heap that has been at work is in pieces. A connection to nobody has just that.
    def hold(self):
        try:
            self.prepare()
            self._room = self.wrap(io.BytesIO())
        except OSError:
            pass  # it is told when it is needed

    # Before anything is connected to: the files have to be right, and the date possible.
    def prepare(self):
        wallclock.at_least_built()
        gc.collect()
        if gc.mem_free() < self._spare:
            raise _no_memory("%d bytes are free, of %d" % (gc.mem_free(), self._spare))
        if self._context is None:
            try:
                self._context = self._new_context()
            except (OSError, MemoryError) as e:
                raise self.meaning(e)

    # The connecting `socket` with TLS over it; nothing is sent yet.
    def wrap(self, socket):
        self.stands = False
        if self._room:
            self._room.close()
            self._room = None
            gc.collect()
        try:
            return self._context.wrap_socket(
                socket, server_hostname=self.name, do_handshake_on_connect=False
            )
        except (OSError, ValueError, MemoryError) as e:
            raise self.meaning(e)

    def _new_context(self):
        options = self._options
        try:
            context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        except OSError as e:
            if e.errno != _NO_ENTROPY:
                raise
            raise TlsError(errno.EIO, "TLS: no entropy: this board wants a seed (README, TLS)")
        context.verify_mode = tls.CERT_REQUIRED
        for certificate in self._read("ca"):
            self._load("ca", context.load_verify_locations, certificate)
        if options.get("cert"):
            certificate, key = self._read("cert")[0], self._read("key")[-1]
            self._load("key", context.load_cert_chain, certificate, key)
        return context

    def _where(self, key):
        return "%s.%s: %s: " % (self._entry, key, self._options[key])

    def _load(self, key, load, *data):
        try:
            load(*data)
        except ValueError as e:
            raise TlsError(errno.EINVAL, self._where(key) + str(e))

    # The DER blocks of a file.
    def _read(self, key):
        where = self._where(key)
        try:
            data = fs.read(self._options[key], _FILE_MAX)
        except OSError as e:
            raise TlsError(e.errno, where + errno.errorcode.get(e.errno, str(e)))
        if len(data) > _FILE_MAX:
            raise TlsError(errno.EINVAL, where + "longer than %d bytes" % _FILE_MAX)
        blocks = _blocks(data)
        if not blocks:
            raise TlsError(errno.EINVAL, where + "neither DER nor PEM")
        return blocks

    # What an error of a wrapped socket means, as an OSError.
    def meaning(self, error):
        if type(error) is TlsError:
            return error
        if isinstance(error, MemoryError):
            return _no_memory(error)
        if isinstance(error, ValueError):
            verdict = self._verdict(str(error))
            return TlsError(errno.EACCES, "the %s's certificate: %s" % (self._peer, verdict))
        code = error.errno or 0
        if code == errno.ENOMEM:
            return _no_memory("Mbed TLS")
        if self.stands and code == _GONE:
            return TlsError(errno.ECONNRESET, "closed by the " + self._peer, "download", True)
        if code > 0 and (self.stands or code not in _ENDED):
            return error
        return TlsError(errno.EACCES, "TLS: " + self._words(code, error), again=self.stands)

    def _verdict(self, said):
        date = wallclock.today()
        named = " (%s.server_name)" % self._entry if "server_name" in self._options else ""
        known = {"date": date, "host": self.name, "entry": self._entry, "named": named}
        found = [text.format(**known) for key, text in _VERDICTS if key in said]
        return "; ".join(found) or said.strip()

    def _words(self, code, error):
        does = "not take the client certificate"
        if not self._options.get("cert"):
            does = "want a client certificate"
        peer = self._peer
        if code in _ENDED:
            text = "the %s closed in the handshake: it may %s, or have no TLS here"
            return text % (peer, does)
        if code == _ALERT or code <= _ALERT_BASE:
            number = max(_ALERT_BASE - code, 0)
            if number in _ALERTS:
                return _ALERTS[number] % peer
            text = "the %s refuses the handshake (alert %d): it may %s, or other TLS than 1.2"
            return text % (peer, number, does)
        if self.stands and code in (-0x7100, -0x7200):
            return "the %s sends records longer than this board's buffer" % peer
        return _MEANINGS[code] % peer if code in _MEANINGS else str(error.args[-1])


def _no_memory(what):
    return TlsError(errno.ENOMEM, "TLS: the heap is too small or in pieces: %s" % what, "memory")


# Of a file, which is DER itself or PEM: not every port's Mbed TLS reads PEM.
def _blocks(data):
    if data[:1] == b"\x30":
        return [data]
    blocks = []
    at = data.find(_BEGIN)
    while at >= 0:
        start, end = data.find(b"\n", at) + 1, data.find(_END, at)
        if b"PARAMETERS" not in data[at:start] and 0 < start < end:
            try:
                blocks.append(a2b_base64(data[start:end]))
            except ValueError:
                break
        at = data.find(_BEGIN, at + 1)
    return blocks
