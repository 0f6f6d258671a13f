# The MQTT link: a connection to a broker, made again for ever, and behind it the queue of
# results. Nothing here blocks the loop.
import asyncio
import errno
import random
import time
from binascii import crc32

from micropython import const

from ..queue import Queue
from .session import UP, Session

_BACKOFF_MS = const(500)
_BACKOFF_MAX_MS = const(30000)
_SETTLE_MS = const(50)


# `options`: the entry `mqtt` of the configuration. `on_command(payload)`, `on_up()` and
# `log(text)` are called from the link's tasks. `sockets`: the module `socket`, or one like it.
class Link:
    # `ntp`: who sets the clock before a connection, None: nobody.
    def __init__(self, options, site, node, on_command, on_up, log, sockets, ntp=None):
        self._ntp = ntp
        self.queue = Queue(options["queue"])
        self.session = Session(options, site, node, self.queue, self, sockets)
        self.spool = None
        self.errors = 0
        self._on_message = {}
        self.log = log
        self._on_up = on_up
        self._tried = False  # true after the first success or failure
        self._came_up = False
        self._room = asyncio.Event()
        self._backoff_max_ms = getattr(sockets, "BACKOFF_MAX_MS", _BACKOFF_MAX_MS)
        if options["durable"]:
            from ..spool import Spool

            self.spool = Spool("/wasmote.queue", options["durable_bytes"], log)
        self._always = options["durable_always"]  # flash first, also while the link is up
        self.listen("cmd", 1, 512, on_command)
        # The identifier of a node spreads the fleet where boards have no entropy.
        random.seed(crc32(self.session.base.encode()) ^ time.ticks_us())

    # Before run(): `function(payload)` gets the messages on a topic, each of up to `limit` bytes. A
    # payload is a view, which counts as long as the call: there may be no memory for another one.
    def listen(self, topic, qos, limit, function):
        self._on_message[topic] = function
        self.session.listen(topic, qos, limit)

    # Counts what an earlier run left in flash. `owner_of(topic)`: whose a result is.
    def recover(self, owner_of):
        if self.spool:
            self.spool.recover(owner_of)

    def is_up(self):
        return self.session.stage == UP

    # ---- What the node calls ----

    # Queues a result. `topic` is relative to the node's; `record` is as publish_record
    # wants it and belongs to the queue from now on.
    def put(self, owner, topic, record):
        in_flash = self.spool and (self._always or not self.is_up())
        if not (in_flash and self.spool.put(owner, topic, record)):
            self.queue.put(owner, topic, record)
        self.session.pump()

    # Waits for room for `count` results while the broker is there to make it. A node that
    # is offline does not wait: it drops its oldest result.
    async def room(self, count):
        while self.is_up() and self.queue.room() < count:
            self._room.clear()
            await self._room.wait()

    # Waits until the first attempt to connect has ended one way or the other.
    async def settled(self, timeout_s):
        for _ in range(timeout_s * 1000 // _SETTLE_MS):
            if self._tried:
                return
            await asyncio.sleep_ms(_SETTLE_MS)

    # Publishes a message of the node itself at QoS 1, when the link is up.
    def tell(self, topic, payload, retain=False):
        if self.is_up():
            self.session.tell(topic, payload, retain)

    # Publishes at QoS 0 if that can be done now.
    def tell_now(self, topic, payload):
        if self.is_up():
            self.session.tell_now(topic, payload)

    # True when nothing waits for the broker any more.
    def idle(self):
        return not (len(self.queue) or self.session.control or (self.spool and self.spool.left))

    # Takes leave of the broker, saying `state` where one is given, and closes. Does not
    # need the loop to run.
    def close(self, state=None, wait_ms=300):
        was_up = self.is_up()
        if was_up:
            self.session.leave(state, wait_ms)
        self.session.down()
        self._keep(was_up)

    # ---- The connection ----

    # Keeps the connection up until cancelled.
    async def run(self):
        wait_ms = _BACKOFF_MS
        while True:
            self._came_up = False
            if self._ntp:
                await self._ntp.sync()
            error = await self.session.run()
            self.errors += 1
            self._keep(self._came_up)
            self.log("error: mqtt %s:%d: %s" % (self.session.address + (_words(error),)))
            self._tried = True
            self._room.set()
            if self._came_up:
                wait_ms = _BACKOFF_MS
            await asyncio.sleep_ms(wait_ms // 2 + random.randrange(wait_ms // 2 + 1))
            wait_ms = min(wait_ms * 2, self._backoff_max_ms)

    # The connection is lost: a durable queue goes to flash.
    def _keep(self, was_up):
        if was_up and self.spool:
            self.spool.take_over(self.queue)

    # ---- What the session tells ----

    def came_up(self):
        self._came_up = self._tried = True
        self.log("mqtt connected %s:%d" % self.session.address)
        self._on_up()

    def received(self, topic, payload):
        self._on_message[topic](payload)

    def made_room(self):
        self._room.set()

    # Results in flash come into the queue as it has room.
    def refill(self):
        if self.spool:
            self.spool.load(self.queue)


def _words(error):
    text = error.args[-1] if error.args else ""
    if type(text) is int:
        text = errno.errorcode.get(text, "error %d" % text)
    return text
