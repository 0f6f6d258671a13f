# The results of a node that is offline, in flash: segments, files of records, each with
# its length and CRC. A record is written whole before put() returns, so a power cut costs
# none; a torn one at the end of a segment is left out when the next start counts them.
# A segment's file goes when each of its records is acknowledged; until then a cut makes
# the node send the segment's records again (boot and seq tell them apart). When the
# limit is reached the oldest segment makes room, and its unsent records are dropped.
import os
import struct
from binascii import crc32

from micropython import const

from . import fs
from .queue import WAITING

_HEADER = "<IIBBH"  # crc32 of all that follows, payload bytes, topic bytes, again, 0
_HEADER_BYTES = const(12)
_SEGMENTS = const(8)
_RECORD_MAX = const(65536)


class _Segment:
    def __init__(self, folder, number):
        self.number = number
        self.path = fs.path("%s/%08d" % (folder, number))
        self.bytes = 0
        self.unread = {}  # owner -> records not loaded yet
        self.at = 0  # where the next record to load begins
        self.loaded = 0  # records that are loaded and not settled
        self.gone = False

    def left(self):
        return sum(self.unread.values())

    # A record that came from here is acknowledged or dropped.
    def settled(self):
        self.loaded -= 1

    def remove(self):
        if not self.gone:
            self.gone = True
            os.remove(self.path)


class Spool:
    def __init__(self, folder, limit, log):
        self._folder = folder
        self._limit = limit
        self._log = log
        self._segments = []
        self._file = None  # the last segment, while it is written
        self._number = 0
        self._full = False
        self.left = 0  # records in flash that are not in the queue

    # Looks for what an earlier run left; it counts as produced and queued in this one.
    # `owner_of(topic)`: the counters of the agent whose topic it is.
    def recover(self, owner_of):
        self._owner_of = owner_of
        for name in self._names():
            if len(name) == 8 and name.isdigit():
                self._recover_segment(int(name))
        if self.left:
            self._log("queue: %d results found in flash" % self.left)

    def _names(self):
        try:
            return sorted(os.listdir(fs.path(self._folder)))
        except OSError:
            pass
        try:
            os.mkdir(fs.path(self._folder))
        except OSError as e:
            self._report(e)
        return []

    def _recover_segment(self, number):
        segment = _Segment(self._folder, number)
        self._number = number
        with open(segment.path, "rb") as f:
            record = _read_record(f)
            while record:
                owner = self._owner_of(record[0])
                owner.produced += 1
                owner.queued += 1
                segment.unread[owner] = segment.unread.get(owner, 0) + 1
                segment.bytes = f.tell()
                record = _read_record(f)
        if segment.left():
            self._segments.append(segment)
            self.left += segment.left()
        else:
            segment.remove()

    # Writes a new result to flash. False: it could not be, and is not counted.
    def put(self, owner, topic, record):
        if not self._write(owner, topic, record, 0):
            return False
        owner.produced += 1
        owner.queued += 1
        return True

    # The connection is lost: what the queue holds goes to flash, but for what came from
    # there and still lies there.
    def take_over(self, queue):
        for _ in range(len(queue)):
            slot = _first_own(queue)
            if slot < 0 or not self._write(
                queue.owner[slot], queue.topic[slot], queue.record[slot], queue.again[slot]
            ):
                return
            queue.free(slot)

    def _write(self, owner, topic, record, again):
        try:
            segment = self._open_segment(_HEADER_BYTES + len(topic) + len(record) - 2)
            segment.bytes += _write_record(self._file, topic, record, again)
        except OSError as e:
            self._report(e)
            return False
        segment.unread[owner] = segment.unread.get(owner, 0) + 1
        self.left += 1
        return True

    # Says once that flash takes nothing more: results stay in RAM meanwhile.
    def _report(self, error):
        self.seal()
        if not self._full:
            self._full = True
            self._log("error: queue in flash: %s" % error)

    # The segment that the next record of `size` bytes goes to, open for writing.
    def _open_segment(self, size):
        if self._file and self._segments[-1].bytes + size > self._limit // _SEGMENTS:
            self.seal()
        while self._segments and self.bytes() + size > self._limit:
            self._drop_segment()
        if not self._file:
            self._number += 1
            segment = _Segment(self._folder, self._number)
            self._file = open(segment.path, "wb")
            self._segments.append(segment)
        return self._segments[-1]

    def bytes(self):
        return sum(segment.bytes for segment in self._segments)

    def _drop_segment(self):
        if len(self._segments) == 1:
            self.seal()
        segment = self._segments.pop(0)
        self._forget(segment)
        segment.remove()

    # What of a segment is not loaded is lost, and counted as such.
    def _forget(self, segment):
        for owner, count in segment.unread.items():
            owner.dropped += count
            owner.queued -= count
            self.left -= count
        segment.unread.clear()

    # Nothing more is written to the last segment. What it holds was flushed by then, so
    # that a full file system which cannot even close it costs nothing.
    def seal(self):
        if self._file:
            f, self._file = self._file, None
            try:
                f.close()
            except OSError:
                pass

    # The link is up: moves records to the queue while it has room, and deletes the
    # segments that are done with.
    def load(self, queue):
        if not self._segments:
            return
        self.seal()
        for segment in self._segments:
            if not queue.full() and segment.left():
                self._load_segment(segment, queue)
        while self._segments and not self._segments[0].left() and not self._segments[0].loaded:
            self._segments.pop(0).remove()
            self._full = False

    def _load_segment(self, segment, queue):
        with open(segment.path, "rb") as f:
            f.seek(segment.at)
            while segment.left() and not queue.full():
                found = _read_record(f)
                if not found:
                    self._log("error: queue in flash: %d unreadable" % segment.left())
                    self._forget(segment)
                    return
                topic, record, again = found
                owner = self._owner_of(topic)
                queue.restore(owner, topic, record, segment, again)
                segment.unread[owner] -= 1
                segment.loaded += 1
                segment.at = f.tell()
                self.left -= 1


def _write_record(f, topic, record, again):
    payload = memoryview(record)[2:]
    name = topic.encode()
    header = bytearray(_HEADER_BYTES)
    struct.pack_into(_HEADER, header, 0, 0, len(payload), len(name), again, 0)
    crc = crc32(payload, crc32(name, crc32(memoryview(header)[4:])))
    struct.pack_into("<I", header, 0, crc)
    # One write, one flush: on LittleFS nothing of the record is there before the flush.
    f.write(header + name + payload)
    f.flush()
    return _HEADER_BYTES + len(name) + len(payload)


# (topic, record, again) of the record at the file's position; None: none, or torn.
def _read_record(f):
    header = f.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        return None
    crc, size, topic_size, again, _ = struct.unpack(_HEADER, header)
    if size > _RECORD_MAX:
        return None
    name = f.read(topic_size)
    record = bytearray(2 + size)
    payload = memoryview(record)[2:]
    if f.readinto(payload) != size:
        return None
    if crc32(payload, crc32(name, crc32(memoryview(header)[4:]))) != crc:
        return None
    return str(name, "utf-8"), record, again


# The oldest slot whose record is not in flash, -1 if there is none.
def _first_own(queue):
    for slot in queue.slots():
        if queue.state[slot] == WAITING and queue.origin[slot] is None:
            return slot
    return -1
