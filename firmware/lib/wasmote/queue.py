# The results that wait to be published, at most `limit`, in RAM. Pure: no network, no
# files. At any moment, for every owner:
#   produced = acknowledged + queued + dropped
from array import array

from micropython import const

FREE = const(0)
WAITING = const(1)  # not yet written to this connection
SENT = const(2)  # written, waits for its acknowledgement


# The counters of one agent (SPEC.md 5.3). A message counts, so an agent that publishes
# JSON and raw results produces two a sample.
class Counters:
    def __init__(self):
        self.produced = 0
        self.acknowledged = 0
        self.queued = 0
        self.dropped = 0
        self.in_flight = 0
        self.errors = 0

    def balanced(self):
        return self.produced == self.acknowledged + self.queued + self.dropped


# A ring of slots in the order of production. A slot's `record` is a bytearray: two
# bytes kept free for the packet identifier, then the payload.
class Queue:
    def __init__(self, limit):
        self.limit = limit
        self.state = bytearray(limit)
        self.again = bytearray(limit)  # 1: was sent before, on an earlier connection
        self.pid = array("H", bytes(2 * limit))
        self.sent_ms = array("I", bytes(4 * limit))
        self.record = [None] * limit
        self.topic = [None] * limit
        self.owner = [None] * limit
        self.origin = [None] * limit  # the flash segment that holds it too
        self._head = 0
        self._span = 0  # slots from the oldest to the newest, freed ones in between too
        self._count = 0
        self.in_flight = 0

    def __len__(self):
        return self._count

    # How many results can be added before the oldest has to make room.
    def room(self):
        return self.limit - self._span

    def full(self):
        return self._span == self.limit

    # Adds a new result. When full the oldest makes room for it, and is counted.
    def put(self, owner, topic, record):
        owner.produced += 1
        if self.full():
            self.drop(self._head)
        self._add(owner, topic, record)
        owner.queued += 1

    # Adds one that is counted as queued already. The caller has looked at full().
    def restore(self, owner, topic, record, origin, again):
        slot = self._add(owner, topic, record)
        self.origin[slot] = origin
        self.again[slot] = again

    def _add(self, owner, topic, record):
        slot = (self._head + self._span) % self.limit
        self._span += 1
        self._count += 1
        self.state[slot] = WAITING
        self.again[slot] = 0
        self.pid[slot] = 0
        self.owner[slot] = owner
        self.topic[slot] = topic
        self.record[slot] = record
        self.origin[slot] = None
        return slot

    # The slots from the oldest on, freed ones in between too.
    def slots(self):
        for i in range(self._head, self._head + self._span):
            yield i % self.limit

    # The oldest slot in the given state, -1 if there is none.
    def oldest(self, state):
        for slot in self.slots():
            if self.state[slot] == state:
                return slot
        return -1

    def find_pid(self, pid):
        for slot in self.slots():
            if self.state[slot] == SENT and self.pid[slot] == pid:
                return slot
        return -1

    def sent(self, slot, pid, now_ms):
        self.state[slot] = SENT
        self.pid[slot] = pid
        self.sent_ms[slot] = now_ms
        self.owner[slot].in_flight += 1
        self.in_flight += 1

    def acknowledge(self, slot):
        owner = self.owner[slot]
        owner.acknowledged += 1
        owner.queued -= 1
        self.free(slot)

    def drop(self, slot):
        owner = self.owner[slot]
        owner.dropped += 1
        owner.queued -= 1
        self.free(slot)

    # Takes a slot out; its counters stay with the caller.
    def free(self, slot):
        if self.state[slot] == SENT:
            self._landed(slot)
        if self.origin[slot] is not None:
            self.origin[slot].settled()
        self.state[slot] = FREE
        self.record[slot] = self.topic[slot] = self.owner[slot] = self.origin[slot] = None
        self._count -= 1
        while self._span and self.state[self._head] == FREE:
            self._head = (self._head + 1) % self.limit
            self._span -= 1

    def _landed(self, slot):
        self.owner[slot].in_flight -= 1
        self.in_flight -= 1

    # The connection is gone: what was sent and not acknowledged must be sent again.
    def connection_lost(self):
        for slot in range(self.limit):
            if self.state[slot] == SENT:
                self.state[slot] = WAITING
                self.again[slot] = 1
                self._landed(slot)
