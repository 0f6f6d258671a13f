# A serial port whose other end a test plays, frame by frame.
import errno
import io

from wasmote.links.frames import WHOLE, Decoder, Encoder


# Both directions of a port, in memory; `typed` is what comes from the host.
class Port(io.IOBase):
    def __init__(self):
        self.typed = b""
        self.sent = []
        self.encoder = Encoder(256)
        self.decoder = Decoder(256)

    def ioctl(self, request, flags):
        return flags & (5 if self.typed else 4) if request == 3 else -errno.EINVAL

    def readinto(self, buffer):
        buffer[0] = self.typed[0]
        self.typed = self.typed[1:]
        return 1

    def write(self, data):
        for byte in bytes(data):
            if self.decoder.take(byte) == WHOLE:
                frame = self.decoder
                self.sent.append((chr(frame.kind), frame.number, bytes(frame.payload())))
                self.connection = frame.connection
        return len(data)

    # What the board has sent since the last call.
    def said(self):
        sent, self.sent = self.sent, []
        return sent

    def frame(self, kind, number=0, payload=b"", connection=None):
        if connection is None:
            connection = self.connection
        self.typed += bytes(self.encoder.frame(ord(kind), connection, number, payload))
