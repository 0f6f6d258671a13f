# Runs the MQTT link of the package `wasmote` under MicroPython without an agent: makes
# results, and looks at the invariant and at the loop's longest stop all the while.
# argv[1]: a file of JSON; `mqtt` as in the node's configuration, and what Driver in
# mqtt_support.py lists. Prints what the link logs, and at the end "result {...}".
import asyncio
import json
import socket
import sys
import time

from wasmote.links import names
from wasmote.links.client import record_of
from wasmote.links.mqtt import Link
from wasmote.queue import Counters

with open(sys.argv[1]) as f:
    options = json.load(f)
if options["dns_port"]:
    names.PORT = options["dns_port"]
    names.servers = lambda: ["127.0.0.1"]
counters = Counters()
stops = [0]


def fail(text):
    print(text)
    sys.exit(1)


def check(link):
    in_flash = link.spool.left if link.spool else 0
    if not counters.balanced() or counters.queued != len(link.queue) + in_flash:
        fail("out of balance: %r, %d in the queue" % (counters.__dict__, len(link.queue)))
    if not 0 <= counters.in_flight == link.queue.in_flight <= 8:
        fail("in flight: %d, %d" % (counters.in_flight, link.queue.in_flight))


# How long the loop stood still at most.
async def tick(link):
    last = time.ticks_ms()
    while True:
        await asyncio.sleep_ms(5)
        now = time.ticks_ms()
        stops[0] = max(stops[0], time.ticks_diff(now, last))
        last = now
        check(link)


async def produce(link):
    filler = "x" * options["bytes"]
    first = options["first"]
    for seq in range(first, first + options["count"]):
        await link.room(1)
        while options["patient"] and (link.queue.full() or not link.is_up()):
            await asyncio.sleep_ms(5)
        link.put(counters, "agent/a/out", record_of(b'{"seq": %d, "x": "%s"}' % (seq, filler)))
        check(link)
        await asyncio.sleep_ms(options["period_ms"])


async def drain(link):
    start = time.ticks_ms()
    while not link.idle() and time.ticks_diff(time.ticks_ms(), start) < options["drain_ms"]:
        await asyncio.sleep_ms(5)


async def main():
    link = Link(
        options["mqtt"],
        "site",
        "node",
        lambda payload: print("command", bytes(payload)),
        lambda: link.tell("state", b"online", True),
        print,
        socket,
    )
    link.session.ids.last = options["last_pid"]
    link.recover(lambda topic: counters)
    tasks = [asyncio.create_task(link.run()), asyncio.create_task(tick(link))]
    if options["settle"]:
        await link.settled(5)
    await produce(link)
    print("produced")
    await drain(link)
    await asyncio.sleep_ms(options["linger_ms"])
    for task in tasks:
        task.cancel()
    link.close(b"offline")
    check(link)
    result = {k: getattr(counters, k) for k in ("produced", "acknowledged", "queued", "dropped")}
    result["longest_stop_ms"] = stops[0]
    result["link_errors"] = link.errors
    print("result", json.dumps(result))


asyncio.run(main())
