# umqtt.simple's client over a Wire: its packets, none of its waiting.
import struct

import umqtt.simple as simple

# Flags of a PUBLISH packet's first byte.
RETAIN = 0x01
QOS1 = 0x02
DUP = 0x08


# Stands in for the module `socket` while umqtt.simple's connect() runs: the wire is on
# its way to the broker already, and the true CONNACK comes later, through Reader.
class _Connected:
    def __init__(self, wire):
        self._wire = wire
        self.write = wire.write

    def socket(self, *_):
        return self

    def getaddrinfo(self, *_):
        return ((None,),)

    def connect(self, _):
        pass

    def settimeout(self, _):
        pass

    def read(self, _):
        return b"\x20\x02\0\0"


class Client(simple.MQTTClient):
    # Collects a CONNECT packet for a clean session in `wire`.
    def connect_over(self, wire):
        theirs = simple.socket
        simple.socket = _Connected(wire)
        try:
            self.connect()
        finally:
            simple.socket = theirs
        self.sock = wire

    # Collects a PUBLISH. `record` is two bytes for the packet identifier and the
    # payload: umqtt.simple would wait for the PUBACK at QoS 1, so it is given QoS 0, the
    # flags by way of `retain`, and the identifier as the beginning of the message, which
    # makes the very same packet.
    def publish_record(self, topic, record, flags, pid):
        if flags & QOS1:
            struct.pack_into("!H", record, 0, pid)
            self.publish(topic, record, flags)
        else:
            self.publish(topic, memoryview(record)[2:], flags)

    # Collects a SUBSCRIBE to all `topics`, (topic, QoS) each; umqtt.simple's would wait for
    # the answer, and longer ones than a byte can say the length of are beyond it.
    def subscribe_later(self, topics, pid):
        length = 2 + sum([2 + len(topic) + 1 for topic, _ in topics])
        header = (0x82, length) if length < 128 else (0x82, length & 127 | 128, length >> 7)
        self.sock.write(bytes(header) + struct.pack("!H", pid))
        for topic, qos in topics:
            self._send_str(topic)
            self.sock.write(bytes((qos,)))

    def acknowledge(self, pid):
        self.sock.write(struct.pack("!BBH", 0x40, 2, pid))


# A bytearray for publish_record that holds `payload`.
def record_of(payload):
    record = bytearray(2 + len(payload))
    record[2:] = payload
    return record
