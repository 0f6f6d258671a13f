# Replays recorded samples out of a file of SPEC.md section 3.2.
import builtins
import struct

from .. import fs
from ..check import REQUIRED

OPTIONS = {
    "path": ("str", REQUIRED, 1, 128),
    "period_ms": ("int", 1000, 0, 3600000),
    "loop": ("bool", False),
    "count": ("int", 0, 0, 0x7FFFFFFF),
}

_HEADER = "<4sHHII"
_HEADER_BYTES = 16


class Replay:
    def __init__(self, options):
        self.period_ms = options["period_ms"]
        self._loop = options["loop"]
        self._left = options["count"] or -1
        self._next = 0
        self._number = 0
        self._file = builtins.open(fs.path(options["path"]), "rb")
        try:
            self._parse_header(options["path"])
        except ValueError:
            self._file.close()
            raise

    def _parse_header(self, path):
        header = self._file.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            raise ValueError("%s: %d bytes, no sample file" % (path, len(header)))
        magic, version, label, self.sample_bytes, self._count = struct.unpack(_HEADER, header)
        if magic != b"WMSF" or version != 1:
            raise ValueError("%s: no sample file of version 1" % path)
        if label > 16 or self.sample_bytes < 1 or self._count < 1:
            raise ValueError("%s: header says nothing that can be" % path)
        want = _HEADER_BYTES + self._count * (self.sample_bytes + label)
        got = self._file.seek(0, 2)
        if got != want:
            raise ValueError("%s: %d bytes, its header says %d" % (path, got, want))
        self._label = bytearray(label)
        self._file.seek(_HEADER_BYTES)

    def read_into(self, buffer):
        if self._left == 0:
            return -1
        if self._next == self._count:
            if not self._loop:
                return -1
            self._next = 0
            self._file.seek(_HEADER_BYTES)
        if self._file.readinto(buffer) != self.sample_bytes:
            raise OSError("sample file ends early")
        if self._label:
            self._file.readinto(self._label)
        number = self._number
        self._next += 1
        self._number = number + 1
        if self._left > 0:
            self._left -= 1
        return number

    def close(self):
        self._file.close()


def open(options):
    return Replay(options)
