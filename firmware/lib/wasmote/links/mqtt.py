# The MQTT link: one connection to a broker, kept up for ever, with the queue of results
# behind it. Nothing here blocks the loop except the look-up of a broker's name.
import asyncio
import errno
import random
import time
from binascii import crc32

from micropython import const

from ..queue import SENT, WAITING, Queue
from .client import DUP, QOS1, RETAIN, Client, record_of
from .packets import PacketIds, ProtocolError, Reader
from .wire import Wire

_WINDOW = const(8)  # QoS 1 publishes in flight at once
_CONTROL_MAX = const(8)  # messages of the node itself that wait
_PACKET_MAX = const(1024)  # the longest packet taken from the broker
_TICK_MS = const(100)  # how often time-outs are looked at
_FLUSH_BYTES = const(1024)
_BACKOFF_MS = const(500)
_BACKOFF_MAX_MS = const(30000)

# What the link is doing.
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


# `options`: the entry `mqtt` of the configuration. `base`: site/node as in SPEC.md 5.
# `on_command(payload)`, `on_up()` and `log(text)` are called from the link's tasks.
class Link:
    def __init__(self, options, site, node, on_command, on_up, log):
        self.base = "%s/v1/%s/%s/" % (options["prefix"], site, node)
        self.queue = Queue(options["queue"])
        self.stage = DOWN
        self.errors = 0
        self._tried = False  # true after the first success or failure
        self._room = asyncio.Event()
        self._on_command, self._on_up, self._log = on_command, on_up, log
        self._address = options["host"], options["port"]
        self._qos = options["qos"]
        self._timeout_ms = options["timeout_s"] * 1000
        self._ping_ms = options["keepalive_s"] * 500
        self._wire = Wire(self._sent_all, self._break)
        self._reader = Reader(_PACKET_MAX)
        self._ids = PacketIds()
        self._control = []  # [topic, record, flags, pid or 0, time sent]
        self._client = self._new_client(options, site, node)
        self._spool = self._new_spool(options)
        # The identifier of a node spreads the fleet where boards have no entropy.
        random.seed(crc32(self.base.encode()) ^ time.ticks_us())

    def _new_client(self, options, site, node):
        client = Client(
            "%s-%s-%s" % (options["prefix"], site, node),
            *self._address,
            user=options["user"],
            password=options["password"] or "",
            keepalive=options["keepalive_s"],
        )
        client.set_last_will(self.base + "state", b"offline", True, 1)
        return client

    def _new_spool(self, options):
        if not options["durable"]:
            return None
        from ..spool import Spool

        return Spool("/wasmote.queue", options["durable_bytes"], self._log)

    # Counts what an earlier run left in flash. `owner_of(topic)`: whose a result is.
    def recover(self, owner_of):
        if self._spool:
            self._spool.recover(owner_of)

    # ---- What the node calls ----

    # Queues a result. `topic` is relative to the node's; `record` is as publish_record
    # wants it and belongs to the queue from now on.
    def put(self, owner, topic, record):
        if self.stage != UP and self._spool and self._spool.put(owner, topic, record):
            return
        self.queue.put(owner, topic, record)
        self._pump()

    # Waits for room for `count` results while the broker is there to make it. A node that
    # is offline does not wait: it drops its oldest result.
    async def room(self, count):
        while self.stage == UP and self.queue.room() < count:
            self._room.clear()
            await self._room.wait()

    # Waits until the first attempt to connect has ended one way or the other.
    async def settled(self, timeout_s):
        for _ in range(timeout_s * 1000 // _TICK_MS):
            if self._tried:
                return
            await asyncio.sleep_ms(_TICK_MS)

    # Publishes a message of the node itself at QoS 1, when the link is up.
    def tell(self, topic, payload, retain=False):
        if self.stage != UP:
            return
        if len(self._control) == _CONTROL_MAX:
            self._control.pop(0)
        flags = QOS1 | (RETAIN if retain else 0)
        self._control.append([topic, record_of(payload), flags, 0, 0])
        self._pump()

    # Publishes at QoS 0 if that can be done now.
    def tell_now(self, topic, payload):
        if self.stage == UP and not self._wire.stuck():
            self._publish(topic, record_of(payload), 0, 0)
            self._flush()

    # True when nothing waits for the broker any more.
    def idle(self):
        return not (len(self.queue) or self._control or (self._spool and self._spool.left))

    # Says `offline`, takes leave of the broker and closes. Gives the network `wait_ms`
    # to take it; does not need the loop to run.
    def close(self, state=None, wait_ms=300):
        if self.stage == UP:
            try:
                if state:
                    pid = self._ids.next(self._in_use)
                    self._publish("state", record_of(state), RETAIN | QOS1, pid)
                self._wire.write(b"\xe0\0")
                self._wire.flush_blocking(wait_ms)
            except OSError:
                pass
        self._down()

    # ---- The connection ----

    # Keeps the connection up until cancelled.
    async def run(self):
        wait_ms = _BACKOFF_MS
        while True:
            came_up = await self._session()
            self._tried = True
            if came_up:
                wait_ms = _BACKOFF_MS
            await asyncio.sleep_ms(wait_ms // 2 + random.randrange(wait_ms // 2 + 1))
            wait_ms = min(wait_ms * 2, _BACKOFF_MAX_MS)

    # One connection from its beginning to its end. True: the broker had accepted it.
    async def _session(self):
        reader = None
        came_up = False
        try:
            self._begin()
            reader = asyncio.create_task(self._read())
            while self._error is None:
                await asyncio.sleep_ms(_TICK_MS)
                came_up = came_up or self.stage == UP
                self._check_times()
        except OSError as e:
            self._break(e)
        finally:
            if reader:
                reader.cancel()
            self._down()
        self.errors += 1
        self._log("error: mqtt %s:%d: %s" % (self._address + (_words(self._error),)))
        return came_up

    def _begin(self):
        self._error = None
        self._reader.reset()
        self._control.clear()
        self._ping_at = self._subscribe_pid = 0
        self._wire.open(*self._address)
        self._client.connect_over(self._wire)
        self._wire.send_when_connected()
        self.stage = CONNECTING
        self._began = self._last_in = self._last_out = time.ticks_ms()

    # The first error ends the session at the next tick.
    def _break(self, error):
        if self._error is None:
            self._error = error

    def _down(self):
        was_up = self.stage == UP
        self.stage = DOWN
        self._wire.close()
        self.queue.connection_lost()
        if was_up and self._spool:
            self._spool.take_over(self.queue)
        self._room.set()

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
        self._pump()

    # When the oldest packet was sent that the broker owes an answer to, None: none.
    def _oldest_unanswered(self):
        slot = self.queue.oldest(SENT)
        if self._subscribe_pid:
            return self._began
        if slot >= 0:
            return self.queue.sent_ms[slot]
        for message in self._control:
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
        self._client.publish_record(self.base + topic, record, flags, pid)
        self._last_out = time.ticks_ms()

    def _flush(self):
        self._last_out = time.ticks_ms()
        try:
            return self._wire.flush()
        except OSError as e:
            self._break(e)
            return False

    def _in_use(self, pid):
        if pid == self._subscribe_pid or self.queue.find_pid(pid) >= 0:
            return True
        return any(message[3] == pid for message in self._control)

    # Sends what may be sent now. Called whenever that can have changed.
    def _pump(self):
        if self.stage != UP or self._error is not None or self._wire.stuck():
            return
        if self._spool:
            self._spool.load(self.queue)
        for message in self._control:
            if not message[3]:
                message[3] = self._ids.next(self._in_use)
                message[4] = time.ticks_ms()
                self._publish(message[0], message[1], message[2], message[3])
        while self._send_next():
            if self._wire.collected >= _FLUSH_BYTES and not self._flush():
                return
        if self._flush():
            self._sent_whole()

    # Collects the next result. False: none waits, or the window is full.
    def _send_next(self):
        queue = self.queue
        if queue.in_flight >= _WINDOW:
            return False
        slot = queue.oldest(WAITING)
        if slot < 0:
            return False
        flags = pid = 0
        if self._qos:
            pid = self._ids.next(self._in_use)
            flags = QOS1 | DUP if queue.again[slot] else QOS1
        self._publish(queue.topic[slot], queue.record[slot], flags, pid)
        queue.sent(slot, pid, time.ticks_ms())
        return True

    # The network has taken everything: at QoS 0 that is all there is to wait for.
    def _sent_whole(self):
        if self._qos or self.stage != UP:
            return
        slot = self.queue.oldest(SENT)
        while slot >= 0:
            self.queue.acknowledge(slot)
            slot = self.queue.oldest(SENT)
        self._room.set()

    def _sent_all(self):
        self._sent_whole()
        self._pump()

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
        self._pump()

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
        self._subscribe_pid = self._ids.next(self._in_use)
        self._client.subscribe_later(self.base + "cmd", 1, self._subscribe_pid)
        self._began = time.ticks_ms()
        self._log("mqtt connected %s:%d" % self._address)
        self._tried = True
        self._on_up()

    # An identifier that waits for nothing is passed over: a PUBACK of before a time-out.
    def _take_puback(self, pid):
        slot = self.queue.find_pid(pid)
        if slot >= 0:
            self.queue.acknowledge(slot)
            self._room.set()
            return
        for i, message in enumerate(self._control):
            if message[3] == pid:
                self._control.pop(i)
                return

    def _take_suback(self):
        if self._reader.u16(0) != self._subscribe_pid or self._reader.body_bytes() != 3:
            raise ProtocolError("a SUBACK that nothing asked for")
        self._subscribe_pid = 0
        if self._reader.buffer[self._reader.start + 2] & 0x80:
            self._log("error: mqtt: subscription to %scmd refused: no commands" % self.base)

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
        if topic == (self.base + "cmd").encode():
            self._on_command(bytes(reader.buffer[at : reader.stop]))


def _words(error):
    text = error.args[-1] if error.args else ""
    if type(text) is int:
        text = errno.errorcode.get(text, "error %d" % text)
    return text
