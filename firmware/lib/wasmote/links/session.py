# One connection to a broker at a time: CONNECT to the end, what is sent in it, what is
# received, and the times within which either has to happen.
import asyncio
import errno
import time

from micropython import const

from ..queue import SENT, WAITING
from . import names
from .client import DUP, QOS1, RETAIN, Client, record_of
from .packets import PacketIds, ProtocolError, Reader
from .wire import Wire

_WINDOW = const(8)  # QoS 1 publishes in flight at once
_CONTROL_MAX = const(8)  # messages of the node itself that wait
_PACKET_MAX = const(1024)  # the longest packet taken from the broker; with longer topics, more
_TICK_MS = const(100)  # how often time-outs are looked at
_FLUSH_BYTES = const(1024)

# What a session is doing.
DOWN = const(0)
CONNECTING = const(1)  # until CONNACK
UP = const(2)

_REFUSALS = {
    1: "protocol version not supported",
    2: "client identifier rejected",
    3: "broker unavailable",
    4: "bad user name or password",
    5: "not authorised",
}


# `options`, `site`, `node`: of the configuration. `queue`: the results to send. `sockets`:
# the module `socket`, or one like it.
# `events` is told: came_up(), received(topic, payload), made_room(), log(text), and asked to
# refill() the queue before results are sent.
class Session:
    def __init__(self, options, site, node, queue, events, sockets):
        self.base = "%s/v1/%s/%s/" % (options["prefix"], site, node)
        self._topics = []  # (topic, QoS) that are subscribed to
        self._packet_max = _PACKET_MAX
        self.stage = DOWN
        self.address = options["host"], options["port"]
        self.ids = PacketIds()
        self.control = []  # [topic, record, flags, pid or 0, time sent]
        self._sockets = sockets
        self._found = None  # the broker's address
        self._queue = queue
        self._events = events
        self._qos = options["qos"]
        self._timeout_ms = options["timeout_s"] * 1000
        self._ping_ms = options["keepalive_s"] * 500
        tls = None
        if options["tls"]:
            from .tls import Tls

            tls = Tls(options["tls"], options["host"])
        self._wire = Wire(self._sent_all, self._break, sockets, tls)
        self._reader = None  # once it is known how long packets may be
        self._client = Client(
            "%s-%s-%s" % (options["prefix"], site, node),
            *self.address,
            user=options["user"],
            password=options["password"] or "",
            keepalive=options["keepalive_s"],
        )
        self._client.set_last_will(self.base + "state", b"offline", True, 1)

    # Before run(): subscribes to a topic for messages of up to `limit` bytes. At QoS 0, which
    # is enough for what is retained, a longer one is passed over.
    def listen(self, topic, qos, limit):
        self._topics.append((topic, qos))
        self._packet_max = max(self._packet_max, 4 + len(self.base) + len(topic) + limit)

    # A connection from its beginning to its end. Returns the error that ended it.
    async def run(self):
        reader = None
        self._error = None
        try:
            self._begin(await self._find())
            reader = asyncio.create_task(self._read())
            while self._error is None:
                await asyncio.sleep_ms(_TICK_MS)
                self._check_times()
        except OSError as e:
            self._break(e)
        except MemoryError as e:
            self._break(OSError(errno.ENOMEM, "no memory for a connection: %s" % e))
        finally:
            if reader:
                reader.cancel()
            self.down()
        return self._error

    # The broker's address; when it cannot be asked for, the one of the last time.
    async def _find(self):
        try:
            self._found = await names.resolve(self._sockets, self.address[0])
        except OSError:
            if self._found is None:
                raise
        return self._found

    def _begin(self, host):
        if self._reader is None:
            self._reader = Reader(self._packet_max, self._passed_over)
        self._reader.reset()
        self.control.clear()
        self._ping_at = self._subscribe_pid = 0
        self._wire.open(host, self.address[1])
        self._client.connect_over(self._wire)
        self._wire.send_when_connected()
        self.stage = CONNECTING
        self._began = self._last_in = self._last_out = time.ticks_ms()

    # The first error ends the session at the next tick.
    def _break(self, error):
        if self._error is None:
            self._error = error

    def down(self):
        self.stage = DOWN
        self._wire.close()
        self._queue.connection_lost()

    # Publishes a message of the node itself at QoS 1.
    def tell(self, topic, payload, retain):
        if len(self.control) == _CONTROL_MAX:
            self.control.pop(0)
        flags = QOS1 | (RETAIN if retain else 0)
        self.control.append([topic, record_of(payload), flags, 0, 0])
        self.pump()

    # Publishes at QoS 0 if that can be done now.
    def tell_now(self, topic, payload):
        if not self._wire.stuck():
            self._publish(topic, record_of(payload), 0, 0)
            self._flush()

    # Says `state` where one is given, takes leave of the broker and gives the network
    # `wait_ms` to take it; does not need the loop to run.
    def leave(self, state, wait_ms):
        try:
            if state:
                pid = self.ids.next(self._in_use)
                self._publish("state", record_of(state), RETAIN | QOS1, pid)
            self._wire.write(b"\xe0\0")
            self._wire.flush_blocking(wait_ms)
        except OSError:
            pass

    def _check_times(self):
        now = time.ticks_ms()
        if self.stage == CONNECTING:
            if time.ticks_diff(now, self._began) > self._timeout_ms:
                raise OSError(errno.ETIMEDOUT, "no answer to CONNECT")
            return
        oldest = self._oldest_unanswered()
        if oldest is not None and time.ticks_diff(now, oldest) > self._timeout_ms:
            raise OSError(errno.ETIMEDOUT, "no acknowledgement")
        self._check_ping(now)
        self.pump()

    # When the oldest packet was sent that the broker owes an answer to, None: none.
    def _oldest_unanswered(self):
        slot = self._queue.oldest(SENT)
        if self._subscribe_pid:
            return self._began
        if slot >= 0:
            return self._queue.sent_ms[slot]
        for message in self.control:
            if message[3]:
                return message[4]
        return None

    # Pings when either direction has been silent: a peer that is half open takes what
    # is sent, but answers nothing.
    def _check_ping(self, now):
        if self._ping_at:
            if time.ticks_diff(now, self._ping_at) > self._timeout_ms:
                raise OSError(errno.ETIMEDOUT, "no answer to PINGREQ")
            return
        silence = max(time.ticks_diff(now, self._last_in), time.ticks_diff(now, self._last_out))
        if silence >= self._ping_ms and not self._wire.stuck():
            self._client.ping()
            self._flush()
            self._ping_at = now or 1

    # ---- Sending ----

    def _publish(self, topic, record, flags, pid):
        whole = self._wire.collected
        try:
            self._client.publish_record(self.base + topic, record, flags, pid)
        except MemoryError:
            # Half a packet must not go out.
            self._wire.collected = whole
            self._break(OSError(errno.ENOMEM, "no memory to send %d bytes" % len(record)))
        self._last_out = time.ticks_ms()

    def _flush(self):
        self._last_out = time.ticks_ms()
        try:
            return self._wire.flush()
        except OSError as e:
            self._break(e)
            return False

    def _in_use(self, pid):
        if pid == self._subscribe_pid or self._queue.find_pid(pid) >= 0:
            return True
        return any(message[3] == pid for message in self.control)

    # Sends what may be sent now. Called whenever that can have changed.
    def pump(self):
        if self.stage != UP or self._error is not None or self._wire.stuck():
            return
        self._events.refill()
        for message in self.control:
            if not message[3]:
                message[3] = self.ids.next(self._in_use)
                message[4] = time.ticks_ms()
                self._publish(message[0], message[1], message[2], message[3])
        while self._send_next():
            if self._wire.collected >= _FLUSH_BYTES and not self._flush():
                return
        if self._flush():
            self._sent_whole()

    # Collects the next result. False: none waits, or the window is full.
    def _send_next(self):
        queue = self._queue
        if queue.in_flight >= _WINDOW:
            return False
        slot = queue.oldest(WAITING)
        if slot < 0:
            return False
        flags = pid = 0
        if self._qos:
            pid = self.ids.next(self._in_use)
            flags = QOS1 | DUP if queue.again[slot] else QOS1
        self._publish(queue.topic[slot], queue.record[slot], flags, pid)
        queue.sent(slot, pid, time.ticks_ms())
        return True

    # The network has taken everything: at QoS 0 that is all there is to wait for.
    def _sent_whole(self):
        if self._qos or self.stage != UP:
            return
        slot = self._queue.oldest(SENT)
        while slot >= 0:
            self._queue.acknowledge(slot)
            slot = self._queue.oldest(SENT)
        self._events.made_room()

    def _sent_all(self):
        self._sent_whole()
        self.pump()

    # ---- Receiving ----

    async def _read(self):
        reader = self._reader
        try:
            while True:
                count = await self._wire.readinto(reader.space())
                if count == 0:
                    raise OSError(errno.ECONNRESET, "closed by the broker")
                if count:
                    self._last_in = time.ticks_ms()
                    reader.filled(count)
                    self._take_packets()
        except OSError as e:
            self._break(e)

    def _take_packets(self):
        while True:
            first = self._reader.next()
            if not first:
                break
            self._take(first)
        self.pump()

    def _take(self, first):
        kind = first & 0xF0
        if self.stage == CONNECTING:
            self._take_connack(kind)
        elif kind == 0x40:
            self._take_puback(self._reader.u16(0))
        elif kind == 0x30:
            self._take_publish(first)
        elif kind == 0x90:
            self._take_suback()
        elif kind == 0xD0:
            self._ping_at = 0
        else:
            raise ProtocolError("unexpected packet %#04x" % first)

    def _take_connack(self, kind):
        if kind != 0x20 or self._reader.body_bytes() != 2:
            raise ProtocolError("no CONNACK but a packet of type %#04x" % kind)
        code = self._reader.u16(0) & 0xFF
        if code:
            raise ProtocolError("refused: %s" % _REFUSALS.get(code, code))
        self.stage = UP
        self._subscribe_pid = self.ids.next(self._in_use)
        topics = [(self.base + topic, qos) for topic, qos in self._topics]
        self._client.subscribe_later(topics, self._subscribe_pid)
        self._began = time.ticks_ms()
        self._events.came_up()

    # An identifier that waits for nothing is passed over: a PUBACK of before a time-out.
    def _take_puback(self, pid):
        slot = self._queue.find_pid(pid)
        if slot >= 0:
            self._queue.acknowledge(slot)
            self._events.made_room()
            return
        for i, message in enumerate(self.control):
            if message[3] == pid:
                self.control.pop(i)
                return

    def _take_suback(self):
        reader = self._reader
        count = len(self._topics)
        if reader.u16(0) != self._subscribe_pid or reader.body_bytes() != 2 + count:
            raise ProtocolError("a SUBACK that nothing asked for")
        self._subscribe_pid = 0
        for i, (topic, _) in enumerate(self._topics):
            if reader.buffer[reader.start + 2 + i] & 0x80:
                what = "error: mqtt: subscription to %s%s refused"
                self._events.log(what % (self.base, topic))

    def _passed_over(self, length):
        self._events.log("error: mqtt: a message of %d bytes is passed over" % length)

    def _take_publish(self, first):
        reader = self._reader
        size = reader.u16(0)
        at = reader.start + 2 + size
        qos = first >> 1 & 3
        if at + (2 if qos else 0) > reader.stop or qos > 1:
            raise ProtocolError("a PUBLISH that does not fit together")
        topic = bytes(reader.buffer[reader.start + 2 : at])
        if qos:
            self._client.acknowledge(reader.u16(2 + size))
            at += 2
        for name, _ in self._topics:
            if topic == (self.base + name).encode():
                self._events.received(name, reader.buffer[at : reader.stop])
