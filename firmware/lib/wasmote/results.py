# Results as they go over a link, SPEC.md 5.1 and 5.2: each is a bytearray with two bytes
# in front that the MQTT link needs for itself.
import json
import struct
from io import BytesIO

from micropython import const

from .manifest import DTYPES

_RAW_HEADER = "<2sBBIIQII"
_RAW_BYTES = const(28)
_PAYLOAD = const(2)


# Formats a result into a buffer that is kept; what is new each time is the record, a
# tuple of the elements of each tensor, and numbers too large for a small int.
class JsonResult:
    def __init__(self, agent, boot):
        self._buffer = BytesIO(256)
        self._head = b'{"agent": "%s", "version": "%s", "boot": %d, "seq": ' % (
            agent.name.encode(),
            agent.version.encode(),
            boot,
        )
        # Per tensor: the text in front of its elements, struct's format, offset, floats.
        self._tensors = []
        separator = '"outputs": {'
        for tensor in agent.manifest["outputs"]:
            letter = DTYPES[tensor["dtype"]][0]
            text = "%s%s: " % (separator, json.dumps(tensor["name"]))
            form = "<%d%s" % (tensor["count"], letter)
            self._tensors.append((text.encode(), form, tensor["offset"], letter == "f"))
            separator = ", "

    # `ticks`: None where the board does not count.
    def record(self, seq, time_us, infer_us, sample, ticks, output):
        buffer = self._buffer
        buffer.seek(0)
        buffer.write(b"\0\0")
        buffer.write(self._head)
        json.dump(seq, buffer)
        buffer.write(b', "time_us": ')
        json.dump(time_us, buffer)
        buffer.write(b', "infer_us": ')
        json.dump(infer_us, buffer)
        if ticks is not None:
            buffer.write(b', "ticks": ')
            json.dump(ticks, buffer)
        buffer.write(b', "sample": ')
        json.dump(sample, buffer)
        buffer.write(b", ")
        for text, form, offset, floats in self._tensors:
            buffer.write(text)
            elements = struct.unpack_from(form, output, offset)
            json.dump(_finite(elements) if floats else elements, buffer)
        buffer.write(b"}}")
        record = bytearray(buffer.tell())
        buffer.seek(0)
        buffer.readinto(record)
        return record


# JSON has no word for infinity and NaN: null.
def _finite(elements):
    return [e if e - e == 0 else None for e in elements]


def raw_record(boot, seq, time_us, infer_us, sample, output):
    record = bytearray(_PAYLOAD + _RAW_BYTES + len(output))
    struct.pack_into(
        _RAW_HEADER, record, _PAYLOAD, b"WR", 1, 0, boot, seq, time_us, infer_us, sample
    )
    record[_PAYLOAD + _RAW_BYTES :] = output
    return record


# Microseconds since the node's start. time.ticks_us wraps after some minutes: us() has
# to be called more often than half of that.
class Clock:
    def __init__(self, ticks_us, ticks_diff):
        self._ticks, self._diff = ticks_us, ticks_diff
        self._last = ticks_us()
        self._us = 0

    def us(self):
        now = self._ticks()
        self._us += self._diff(now, self._last)
        self._last = now
        return self._us
