# The queue of results in RAM and in flash, and the bytes of MQTT that need no network.
import os

import devtest
from devtest import equal, raises, true
from wasmote.links.packets import PacketIds, ProtocolError, Reader
from wasmote.queue import SENT, WAITING, Counters, Queue
from wasmote.spool import Spool

FOLDER = "test_queue.tmp"


def record(number):
    return bytearray(b"\0\0%d" % number)


# produced, acknowledged, queued, dropped; which must agree with each other and the queue.
def figures(owner, queue, in_flash=0):
    true(owner.balanced(), "out of balance")
    equal(owner.queued, len(queue) + in_flash)
    return owner.produced, owner.acknowledged, owner.queued, owner.dropped


def filled(limit, count):
    queue, owner = Queue(limit), Counters()
    for i in range(count):
        queue.put(owner, "t", record(i))
    return queue, owner


def test_oldest_first():
    queue, owner = filled(4, 3)
    for want in (0, 1, 2):
        slot = queue.oldest(WAITING)
        equal(queue.record[slot], record(want))
        queue.sent(slot, want + 1, 0)
    equal(queue.oldest(WAITING), -1)
    equal((owner.in_flight, queue.in_flight), (3, 3))
    equal(figures(owner, queue), (3, 0, 3, 0))


def test_full_queue_drops_the_oldest():
    queue, owner = filled(4, 10)
    equal(figures(owner, queue), (10, 0, 4, 6))
    equal(queue.record[queue.oldest(WAITING)], record(6))


def test_acknowledged_out_of_order():
    queue, owner = filled(4, 4)
    for pid in (10, 11, 12, 13):
        queue.sent(queue.oldest(WAITING), pid, 0)
    for pid in (12, 11, 13):
        queue.acknowledge(queue.find_pid(pid))
        true(queue.full(), "its oldest is still there")
    equal(queue.find_pid(12), -1)
    queue.acknowledge(queue.find_pid(10))
    equal(figures(owner, queue), (4, 4, 0, 0))
    equal(queue.in_flight, 0)
    queue.put(owner, "t", record(4))
    equal(queue.record[queue.oldest(WAITING)], record(4))


def test_lost_connection_sends_again():
    queue, owner = filled(4, 3)
    queue.sent(queue.oldest(WAITING), 1, 0)
    queue.connection_lost()
    slot = queue.oldest(WAITING)
    equal((queue.record[slot], queue.again[slot]), (record(0), 1))
    equal((owner.in_flight, queue.oldest(SENT)), (0, -1))
    equal(figures(owner, queue), (3, 0, 3, 0))


def test_owners_are_counted_apart():
    queue, one = filled(3, 2)
    two = Counters()
    for i in range(3):
        queue.put(two, "t", record(i))
    equal((one.dropped, one.queued, two.queued), (2, 0, 3))


def test_packet_identifiers():
    ids = PacketIds(65533)
    in_use = (65535, 2)
    equal([ids.next(lambda pid: pid in in_use) for _ in range(4)], [65534, 1, 3, 4])


# Feeds `data` in pieces and returns (first byte, body) of each packet.
def packets(data, piece, limit=64, on_skip=None):
    reader, found = Reader(limit, on_skip), []
    for at in range(0, len(data), piece):
        part = data[at : at + piece]
        reader.space()[: len(part)] = part
        reader.filled(len(part))
        first = reader.next()
        while first:
            found.append((first, bytes(reader.buffer[reader.start : reader.stop])))
            first = reader.next()
    return found


def test_packets_in_any_pieces():
    data = b"\xd0\x00" + b"\x40\x02\x00\x07" + b"\x30\x05\x00\x01tAB" + b"\x90\x03\x00\x01\x01"
    want = [(0xD0, b""), (0x40, b"\0\x07"), (0x30, b"\0\x01tAB"), (0x90, b"\0\x01\x01")]
    for piece in (1, 2, 3, 5, len(data)):
        equal(packets(data, piece), want)


def test_length_of_two_bytes():
    equal(packets(b"\x30\x80\x01" + bytes(128), 50, limit=128), [(0x30, bytes(128))])


def test_lengths_beyond_the_limit():
    raises(ProtocolError, packets, b"\x30\xff\xff\xff\x7f", 5, words=["268435455 bytes"])
    raises(ProtocolError, packets, b"\x30\xff\xff\xff\xff\x01", 6, words=["four bytes"])
    raises(ProtocolError, packets, b"\x30\x41", 2, words=["65 bytes, at most 64"])


# A retained message that is too long would end every connection; what follows it is read.
def test_long_message_at_qos_0_is_passed_over():
    for size in (65, 66, 67, 127, 300):
        length = bytes((size,)) if size < 128 else bytes((size & 0x7F | 0x80, size >> 7))
        data = b"\x40\x02\x00\x07\x31" + length + b"\x40" * size + b"\xd0\x00\x40\x02\x00\x08"
        for piece in (1, 2, 7, 33):
            skipped = []
            found = packets(data, piece, 64, skipped.append)
            equal((found, skipped), ([(0x40, b"\0\x07"), (0xD0, b""), (0x40, b"\0\x08")], [size]))
    raises(ProtocolError, packets, b"\x32\x41", 2, 64, print, words=["65 bytes, at most 64"])


def clear():
    try:
        names = os.listdir(FOLDER)
    except OSError:
        return
    for name in names:
        os.remove(FOLDER + "/" + name)
    os.rmdir(FOLDER)


# A spool with `count` results of an owner in it.
def spooled(count, limit=65536, log=print):
    owner = Counters()
    spool = Spool(FOLDER, limit, log)
    spool.recover(lambda topic: owner)
    for i in range(count):
        true(spool.put(owner, "agent/a/out", record(i)))
    return spool, owner


def test_flash_keeps_order_and_goes_when_acknowledged():
    clear()
    spool, owner = spooled(10)
    queue = Queue(4)
    equal(figures(owner, queue, spool.left), (10, 0, 10, 0))
    for want in range(10):
        spool.load(queue)
        slot = queue.oldest(WAITING)
        equal((queue.topic[slot], queue.record[slot]), ("agent/a/out", record(want)))
        queue.sent(slot, 1, 0)
        queue.acknowledge(slot)
        equal(figures(owner, queue, spool.left), (10, want + 1, 9 - want, 0))
    spool.load(queue)
    equal(os.listdir(FOLDER), [])
    clear()


def test_flash_is_found_by_the_next_start():
    clear()
    first, _ = spooled(5)
    first.seal()
    lines = []
    spool, owner = spooled(2, log=lines.append)
    equal(lines, ["queue: 5 results found in flash"])
    equal(figures(owner, Queue(1), spool.left), (7, 0, 7, 0))
    clear()


def test_flash_takes_over_what_was_in_ram():
    clear()
    spool, owner = spooled(2)
    queue = Queue(8)
    spool.load(queue)
    queue.put(owner, "agent/a/out", record(2))
    queue.sent(queue.oldest(WAITING), 1, 0)
    queue.connection_lost()
    spool.take_over(queue)
    # The two out of flash stay in RAM too: their file is still there.
    equal((len(queue), spool.left), (2, 1))
    equal(figures(owner, queue, spool.left), (3, 0, 3, 0))
    for _ in range(3):
        spool.load(queue)
        queue.acknowledge(queue.oldest(WAITING))
    spool.load(queue)
    equal(os.listdir(FOLDER), [])
    clear()


def test_flash_is_bounded():
    clear()
    spool, owner = spooled(400, limit=8192)
    true(spool.bytes() <= 8192, "%d bytes" % spool.bytes())
    made, _, queued, dropped = figures(owner, Queue(1), spool.left)
    equal((made, queued + dropped), (400, 400))
    true(dropped >= 100 and queued >= 100, "%d queued" % queued)
    queue = Queue(1)
    spool.load(queue)
    equal(queue.record[0], record(dropped))
    spool.seal()
    clear()


def test_torn_record_is_left_out():
    clear()
    spool, _ = spooled(3)
    spool.seal()
    name = FOLDER + "/" + os.listdir(FOLDER)[0]
    with open(name, "rb") as f:
        data = f.read()
    for cut in (1, 12, len(data) // 3 - 1):
        with open(name, "wb") as f:
            f.write(data[:-cut])
        again, owner = spooled(0, log=lambda text: None)
        equal((again.left, owner.queued), (2, 2))
    with open(name, "wb") as f:
        f.write(data[:-1] + b"\xff")
    again, owner = spooled(0, log=lambda text: None)
    equal(again.left, 2)
    clear()


devtest.run(globals())
