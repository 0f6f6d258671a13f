# One version takes the other's place, again and again, and samples go on. argv: how many swaps,
# and the two bundles.
import asyncio
import gc
import json
import sys
import time
from array import array

import wasm3
from cut_update import BUNDLES, DIGESTS, ROOM, board, confirmed, serve, web, wish
from cutworld import Node
from wasmote.update.versions import OLD

PERIOD_MS = 4
MARKS = 10  # how often memory is looked at


class Watched(Node):
    def __init__(self, count):
        super().__init__(period_ms=PERIOD_MS)
        self.samples = self.lost = self.swaps = 0
        # us between the last result of one version and the first of the next; what is counted
        # takes no memory on the way
        self.gaps = array("i", bytes(4 * count))
        self._before = None

    def put(self, counters, topic, record):
        now = time.ticks_us()
        result = json.loads(bytes(record[2:]))
        version, sample = result["version"], result["sample"]
        if self._before:
            before, at, number = self._before
            self.lost += sample != number + 1
            if version != before:
                self.gaps[self.swaps] = time.ticks_diff(now, at)
                self.swaps += 1
        self._before = version, now, sample
        self.samples += 1


async def swaps(node, count, names):
    tasks = [asyncio.create_task(node.updates.run()), asyncio.create_task(node.worker.run())]
    pool, heap = array("i", bytes(4 * MARKS)), array("i", bytes(4 * MARKS))
    mark = 0
    every = max(2, count // MARKS // 2 * 2)
    while node.samples < 3:
        await asyncio.sleep_ms(1)
    for i in range(count):
        name = names[(i + 1) % 2]
        goal = confirmed(name)
        node.updates._hear(wish(name))
        start = time.ticks_ms()
        while not goal(node):
            await asyncio.sleep_ms(1)
            if time.ticks_diff(time.ticks_ms(), start) > 20000:
                raise AssertionError("swap %d does not come to its end: %s" % (i, node.said[-4:]))
        del node.said[:]
        # Of the same version each time, when what the swap has left behind is garbage. Both
        # versions have been first by then.
        if i % every == every - 1 and mark < MARKS:
            await asyncio.sleep_ms(20)
            gc.collect()
            pool[mark], heap[mark] = wasm3.pool_info()[1], gc.mem_alloc()
            mark += 1
    for task in tasks:
        task.cancel()
    await asyncio.sleep_ms(0)
    return list(pool[:mark]), list(heap[:mark])


def run(count, names):
    it = board(ROOM, {"": names[0], OLD: names[1]})
    it.power_on()
    serve(web())
    node = Watched(count)
    empty = wasm3.pool_info()[1]
    if not node.open():
        raise AssertionError(node.said)
    pool, heap = asyncio.run(swaps(node, count, names))
    node.worker.close()
    gaps = sorted(node.gaps[: node.swaps])
    said = {
        "swaps": node.swaps,
        "samples": node.samples,
        "lost": node.lost,
        "median_us": gaps[len(gaps) // 2] - PERIOD_MS * 1000,
        "worst_us": gaps[-1] - PERIOD_MS * 1000,
        "pool": pool,
        "pool_left": wasm3.pool_info()[1] - empty,  # by agents that are closed
        "heap": heap,
    }
    print(json.dumps(said))


run(int(sys.argv[1]), sys.argv[2:4])
