# The socket whose bytes go through a serial port: SPEC.md 9.2, against a host that the test
# plays frame by frame.
import asyncio
import errno
import select
import time

import devtest
from devtest import equal, raises, true
from playedport import Port
from wasmote.links import bridge

HELLO = b"\x01\x00\x01"


def opened(blocking=False):
    port = Port()
    socket = bridge.Socket(bridge.Line(port, port))
    socket.setblocking(False)
    error = raises(OSError, socket.connect, ("broker", 1883))
    equal(error.errno, errno.EINPROGRESS)
    equal(port.said(), [("O", 0, b"\x01\x80\x00")])
    equal(socket.write(b"early"), None)
    port.frame("o", 0, HELLO)
    equal(socket.ioctl(3, 5), 4)
    socket.setblocking(blocking)
    return port, socket


def read(socket):
    buffer = bytearray(200)
    count = socket.readinto(buffer)
    return bytes(buffer[:count]) if count is not None else None


def test_data_goes_out_one_frame_at_a_time():
    port, socket = opened()
    equal(socket.write(bytes(300)), 256)
    equal(socket.write(b"more"), None)
    equal(socket.ioctl(3, 5), 0)
    equal(port.said(), [("D", 0, bytes(256))])
    port.frame("a", 1)  # of something else
    equal(socket.ioctl(3, 5), 0)
    port.frame("a", 0)
    equal(socket.ioctl(3, 5), 4)
    equal(socket.write(b"more"), 4)
    equal(port.said(), [("D", 1, b"more")])


def test_data_is_repeated_until_it_is_answered():
    port, socket = opened()
    socket.write(b"x")
    end = time.ticks_add(time.ticks_ms(), 1500)
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        socket.ioctl(3, 1)
    sent = port.said()
    true(3 <= len(sent) <= 6, sent)
    equal(set(sent), {("D", 0, b"x")})
    port.frame("a", 0)
    socket.ioctl(3, 1)
    equal(port.said(), [])


def test_what_comes_is_answered_when_it_was_read():
    port, socket = opened()
    equal(read(socket), None)
    port.frame("d", 0, b"abc")
    equal(socket.ioctl(3, 1), 1)
    equal(port.said(), [])
    equal(socket.readinto(bytearray(2)), 2)
    equal(port.said(), [])
    equal(read(socket), b"c")
    equal(port.said(), [("A", 0, b"")])


def test_what_comes_twice_is_read_once():
    port, socket = opened()
    port.frame("d", 0, b"a")
    port.frame("d", 0, b"a")
    equal(read(socket), b"a")
    equal(port.said(), [("A", 0, b"")])
    port.frame("d", 0, b"a")  # the answer was lost
    equal(read(socket), None)
    equal(port.said(), [("A", 0, b"")])
    port.frame("d", 1, b"b")
    equal(read(socket), b"b")


def test_numbers_begin_again_after_255():
    port, socket = opened()
    for i in range(260):
        equal(socket.write(b"x"), 1)
        port.frame("a", i & 255)
        port.frame("d", i & 255, b"y")
        equal(read(socket), b"y")
        equal([frame[:2] for frame in port.said()], [("D", i & 255), ("A", i & 255)])


def test_end_in_order_is_an_end():
    port, socket = opened()
    port.frame("d", 0, b"last")
    port.frame("c")
    equal(read(socket), b"last")
    equal(read(socket), b"")
    true(("C", 0, b"") in port.said())
    equal(socket.ioctl(3, 5), 5)
    raises(OSError, socket.write, b"x")


def test_end_with_a_reason_raises_it():
    port, socket = opened()
    port.frame("c", 0, b"broker h:1: connection refused")
    raises(OSError, read, socket, words=("refused",))
    raises(OSError, socket.write, b"x", words=("refused",))


def test_frames_of_another_connection_are_not_ours():
    port, socket = opened()
    other = (port.connection + 1) & 0xFFFF
    port.frame("d", 0, b"wrong", other)
    port.frame("c", 0, b"", other)
    port.frame("a", 0, b"", other)
    equal(read(socket), None)
    equal(port.said(), [("C", 0, b"")] * 2)


def test_noise_and_text_are_passed_over():
    port, socket = opened()
    port.typed += b"import this\r\n\x1c\x1e\x1d"
    port.frame("d", 0, b"a")
    port.typed += b"\x1cDD"
    port.frame("d", 0, b"a")
    equal(read(socket), b"a")


def test_flush_leaves_what_is_typed_to_the_prompt():
    port, socket = opened()
    socket.write(b"x")
    port.typed += b"\r\x01"
    start = time.ticks_ms()
    socket.flush(1000)
    true(time.ticks_diff(time.ticks_ms(), start) < 500)
    equal(port.typed, b"\x01")


def test_flush_waits_for_the_answer():
    port, socket = opened()
    socket.write(b"x")
    start = time.ticks_ms()
    socket.flush(50)
    true(time.ticks_diff(time.ticks_ms(), start) >= 50)
    port.frame("a", 0)
    socket.flush(10000)
    true(time.ticks_diff(time.ticks_ms(), start) < 5000)


def test_close_tells_the_host_once():
    port, socket = opened()
    socket.close()
    socket.close()
    equal(port.said(), [("C", 0, b"")])


def test_host_that_is_not_there_is_an_error():
    port = Port()
    socket = bridge.Socket(bridge.Line(port, port))
    error = raises(OSError, socket.connect, ("broker", 1883), words=("wasmote bridge",))
    equal(error.errno, errno.ETIMEDOUT)
    sent = port.said()
    true(8 <= len(sent) <= 16, sent)


def test_blocking_reads_and_writes():
    port, socket = opened(True)
    for number in range(2):
        port.frame("d", number, b"ab")
        equal(socket.read(1), b"a")
        equal(socket.read(1), b"b")
    socket.settimeout(0.05)
    equal(raises(OSError, socket.read, 5).errno, errno.ETIMEDOUT)


def test_poll_and_asyncio_take_it():
    port, socket = opened()
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    equal(poll.poll(20), [])
    port.frame("d", 0, b"abc")
    equal(poll.poll(1000)[0][1], select.POLLIN)

    async def both():
        stream = asyncio.StreamReader(socket)
        stream.write(b"hello")
        port.frame("a", 0)
        await asyncio.wait_for(stream.drain(), 2)
        return await asyncio.wait_for(stream.read(10), 2)

    equal(asyncio.run(both()), b"abc")


def test_two_connections_have_two_numbers():
    port = Port()
    line = bridge.Line(port, port)
    numbers = []
    for _ in range(2):
        socket = bridge.Socket(line)
        socket.setblocking(False)
        raises(OSError, socket.connect, ("broker", 1883))
        numbers.append(port.connection)
    true(numbers[0] != numbers[1])


devtest.run(globals())
