# The link of a node without MQTT: results are lines on the console. A result counts as
# acknowledged once it is printed.
from binascii import hexlify


class Link:
    def __init__(self, log):
        self._log = log

    def put(self, owner, topic, record):
        payload = memoryview(record)[2:]
        text = hexlify(payload) if topic.endswith("/raw") else bytes(payload)
        self._log("%s %s" % (topic, str(text, "utf-8")))
        owner.produced += 1
        owner.acknowledged += 1

    def listen(self, topic, qos, limit, function):
        pass

    def recover(self, owner_of):
        pass

    async def settled(self, timeout_s):
        pass

    async def room(self, count):
        pass

    async def run(self):
        pass

    def tell(self, topic, payload, retain=False):
        pass

    def tell_now(self, topic, payload):
        pass

    def idle(self):
        return True

    def close(self, state=None):
        pass
