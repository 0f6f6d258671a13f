# TLS for the wire: a context out of the files that `mqtt.tls` names, and errors in words. The
# broker's certificate is always checked: its signatures, its dates, the host that it is for.
import errno
import gc
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
    ("signed by the trusted", "mqtt.tls.ca has not signed it (another CA's, or self-signed)"),
    ("Common Name", "it is for another host than {host} (mqtt.tls.server_name)"),
    ("Usage", "it may not be used for this (key usage)"),
    ("unacceptable hash", "it is signed with a hash that is not taken"),
    ("unacceptable key", "its key is too short, or on a curve that is not taken"),
)
_NO_VERSION = "no version of TLS in common with the broker (here: 1.2)"
_MEANINGS = {
    -0x7200: "no TLS: is this the broker's port for it?",
    -0x6E80: _NO_VERSION,
    -0x7100: "the broker's certificates are longer than this board's buffer",
}
# Of a broker that goes: Mbed TLS's, and a socket's.
_ENDED = (-0x7280, errno.ECONNRESET, 32)
# An alert that came. Ports with a Mbed TLS of their own do not say which; firmware/tls subtracts
# its number (RFC 5246, 7.2) from this.
_ALERT = const(-0x7780)
_ALERT_BASE = const(-0x10000)
_ALERTS = {45: "the broker says that the client certificate has expired", 70: _NO_VERSION}


# Mbed TLS's -0x34, of which the binding makes an errno
_NO_ENTROPY = const(0x34)


class TlsError(OSError):
    pass


# `options`: `mqtt.tls` of the configuration. `host`: the broker's.
class Tls:
    def __init__(self, options, host):
        self._options = options
        self._name = options["server_name"] or host
        self._context = None
        self.stands = False  # something came: the handshake is over

    # Before anything is connected to: the files have to be right, and the date possible.
    def prepare(self):
        wallclock.at_least_built()
        gc.collect()  # Mbed TLS wants pieces of 5 kB
        if self._context is None:
            try:
                self._context = self._new_context()
            except (OSError, MemoryError) as e:
                raise self.meaning(e)

    # The connecting `socket` with TLS over it; nothing is sent yet.
    def wrap(self, socket):
        self.stands = False
        try:
            return self._context.wrap_socket(
                socket, server_hostname=self._name, do_handshake_on_connect=False
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
        for certificate in _read("ca", options["ca"]):
            _load("ca", options["ca"], context.load_verify_locations, certificate)
        if options["cert"]:
            certificate = _read("cert", options["cert"])[0]
            key = _read("key", options["key"])[-1]
            _load("key", options["key"], context.load_cert_chain, certificate, key)
        return context

    # What an error of a wrapped socket means, as an OSError.
    def meaning(self, error):
        if type(error) is TlsError:
            return error
        if isinstance(error, MemoryError):
            return TlsError(errno.ENOMEM, "TLS: the heap is too small or in pieces: %s" % error)
        if isinstance(error, ValueError):
            return TlsError(errno.EACCES, "the broker's certificate: " + self._verdict(str(error)))
        code = error.errno or 0
        if code > 0 and (self.stands or code not in _ENDED):
            return error
        return TlsError(errno.EACCES, "TLS: " + self._words(code, error))

    def _verdict(self, said):
        date = wallclock.today()
        found = [t.format(date=date, host=self._name) for key, t in _VERDICTS if key in said]
        return "; ".join(found) or said.strip()

    def _words(self, code, error):
        does = "not take the client certificate"
        if not self._options["cert"]:
            does = "want a client certificate"
        if code in _ENDED:
            return "the broker closed in the handshake: it may %s, or have no TLS here" % does
        if code == _ALERT or code <= _ALERT_BASE:
            text = "the broker refuses the handshake (alert %d): it may %s, or other TLS than 1.2"
            return _ALERTS.get(_ALERT_BASE - code) or text % (max(_ALERT_BASE - code, 0), does)
        if self.stands and code in (-0x7100, -0x7200):
            return "the broker sends records longer than this board's buffer"
        return _MEANINGS.get(code) or str(error.args[-1])


def _load(entry, path, load, *data):
    try:
        load(*data)
    except ValueError as e:
        raise TlsError(errno.EINVAL, "mqtt.tls.%s: %s: %s" % (entry, path, e))


# The DER blocks of a file, which is DER itself or PEM: not every port's Mbed TLS reads PEM.
def _read(entry, path):
    where = "mqtt.tls.%s: %s: " % (entry, path)
    try:
        data = fs.read(path, _FILE_MAX)
    except OSError as e:
        raise TlsError(e.errno, where + errno.errorcode.get(e.errno, str(e)))
    if len(data) > _FILE_MAX:
        raise TlsError(errno.EFBIG, where + "longer than %d bytes" % _FILE_MAX)
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
    if not blocks:
        raise TlsError(errno.EINVAL, where + "neither DER nor PEM")
    return blocks
