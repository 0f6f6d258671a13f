# A node: its agents at work, its link, its commands. Runs in the asyncio loop of whoever
# awaits run().
import asyncio
import gc
import json
import sys
import time

import wasm3
from micropython import const

from . import __version__, board, fs, store
from .links import interfaces
from .queue import Counters
from .results import Clock
from .strictjson import loads

_CLOCK_S = const(60)  # the clock wants to be read now and then
_COMMAND_MAX = const(512)
_DRAIN_TIMEOUTS = const(3)  # mqtt.timeout_s times this: how long the end waits


# `config`: as wasmote.config.check returns it. `log(text)`: a line for people.
class Node:
    # OSError: no such file; ConfigError, its `errors` are all that is wrong in it.
    @classmethod
    def from_file(cls, path="/wasmote.json", log=None):
        from . import sensors
        from .config import LIMIT, ConfigError, parse

        config = parse(fs.read(path, LIMIT), sensors.options)
        if config["mqtt"] and not interfaces.sockets(config["network"]["kind"]):
            raise ConfigError(
                "configuration", ['mqtt: this board has no network: network.kind may be "serial"']
            )
        entries = _tls_entries(config)
        if entries and not interfaces.has_tls():
            raise ConfigError("configuration", [e + ": this firmware has no TLS" for e in entries])
        return cls(config, log)

    def __init__(self, config, log=None):
        self.config = config
        self.log = log or _print_line
        self.boot = 0
        self.clock = Clock(time.ticks_us, time.ticks_diff)
        self.going = asyncio.Event()  # cleared: paused
        self.going.set()
        self.workers = []
        self.link = None
        self.ntp = None  # who knows the date; a wallclock.Ntp
        self.updates = None
        self.restart = False  # a command asked for it
        self.watchdog = None
        self._stopped = asyncio.Event()
        self._found = Counters()  # results in flash of agents that are no more
        self._state = b"online"
        self._tasks = []

    # Until every sensor has ended, or stop(). Returns the counters, all agents' summed.
    async def run(self):
        try:
            await self._start()
            await self._until_end()
            if not self.restart:
                await self._finish()
        finally:
            # Tasks first: what they hold is closed next.
            for task in self._tasks:
                task.cancel()
            self.close()
        return self.total()

    # Ends run() soon.
    def stop(self):
        self._stopped.set()

    # Gives everything back, also when the loop does not run any more.
    def close(self):
        link, self.link = self.link, None
        if link:
            link.close(None if self._state == b"done" else b"offline")
        if self.updates:
            self.updates.close()
        for worker in self.workers:
            worker.close()

    async def _start(self):
        from .update.updates import Updates
        from .watchdog import Watchdog, feed
        from .worker import Worker

        config = self.config
        self._count_start()
        self._reserve_pool(config["pool_bytes"])
        self.ntp = self._new_ntp()
        self.link = self._new_link()
        self.updates = Updates(self)
        self.updates.listen(self.link)
        self.workers = [Worker(entry, self) for entry in config["agents"]]
        self.watchdog = Watchdog(config["watchdog_s"], self.updates.report.mode() == "locked", self.log)
        for worker in self._able():
            if worker.open():
                agent = worker.agent
                self.log("agent %s %s loaded" % (agent.name, agent.version))
            feed()
        if store.problem:
            self.log("error: agents run from RAM: " + store.problem)
        self.link.recover(self._owner_of)
        keeps_up = await interfaces.up(config["network"], self.log)
        if keeps_up:
            self._spawn(keeps_up)
        self._spawn(self.link.run())
        self._spawn(self._report_often())
        self._spawn(self.updates.run())
        self._spawn(self.updates.serve_console())
        self._spawn(self.watchdog.run(lambda: any(worker.agent for worker in self.workers)))
        if config["mqtt"]:
            await self.link.settled(config["mqtt"]["timeout_s"])

    # The workers that may begin: where the board has hung again and again, others than those of
    # the starts before. A trial counts its own starts.
    def _able(self):
        from .watchdog import HANGS

        trials = [worker for worker in self.workers if worker.is_on_trial()]
        if self.watchdog.hangs < HANGS:
            if trials:
                self.watchdog.pass_over()
            return self.workers
        if trials:
            return trials
        from .update.trial import after_hangs

        if any([after_hangs(worker, self.updates.report) for worker in self.workers]):
            self.watchdog.clear()
            return self.workers
        for worker in self.workers:
            worker.fail("left out: the board hung %d times in a row" % HANGS)
        return []

    # A file system that is full or worn out does not keep a node from its work.
    def _count_start(self):
        try:
            self.boot = fs.next_boot()
            self.log("boot %d" % self.boot)
        except OSError as e:
            self.log("error: this start cannot be counted: %s" % e)

    # Agents that the pool is too small for say so when they are loaded.
    def _reserve_pool(self, size):
        try:
            if size:
                wasm3.pool_init(size)
        except (ValueError, MemoryError) as e:
            self.log("error: pool_bytes: %s" % e)

    def _spawn(self, coroutine):
        self._tasks.append(asyncio.create_task(coroutine))

    def _new_link(self):
        config = self.config
        if not config["mqtt"]:
            from .links.console import Link

            return Link(self.log)
        from .links.mqtt import Link

        return Link(
            config["mqtt"],
            config["site"],
            config["node"],
            self._command,
            self._up,
            self.log,
            interfaces.sockets(config["network"]["kind"]),
            self.ntp if config["mqtt"]["tls"] else None,
        )

    # Certificates have dates.
    def _new_ntp(self):
        server = self.config["network"]["ntp"]
        if not server or not _tls_entries(self.config) or fs.HOSTED:
            return None
        import socket

        from .wallclock import Ntp

        return Ntp(server, socket, self.log)

    # The counters of the agent whose topic it is.
    def _owner_of(self, topic):
        for worker in self.workers:
            if topic.startswith("agent/%s/" % worker.name):
                return worker.counters
        return self._found

    async def _until_end(self):
        work = [asyncio.create_task(self._work(w)) for w in self.workers if _may_work(w)]
        self._tasks.extend(work)
        self._left = len(work)
        if work:
            await self._stopped.wait()

    async def _work(self, worker):
        try:
            await worker.run()
        except Exception as e:
            # A sensor of the user's may raise anything: its agent ends, the others go on.
            worker.counters.errors += 1
            self.log("error: agent %s: %s: %s" % (worker.name, type(e).__name__, e))
            sys.print_exception(e)
        self._left -= 1
        if not self._left:
            self._stopped.set()

    # Waits for the queue to empty, then says that it is done.
    async def _finish(self):
        mqtt = self.config["mqtt"]
        wait_ms = mqtt["timeout_s"] * 1000 * _DRAIN_TIMEOUTS if mqtt else 0
        await self._drain(wait_ms)
        self._report()
        self._state = b"done"
        self.link.tell("state", b"done", True)
        await self._drain(wait_ms)

    async def _drain(self, wait_ms):
        start = time.ticks_ms()
        while not self.link.idle() and time.ticks_diff(time.ticks_ms(), start) < wait_ms:
            await asyncio.sleep_ms(20)

    # ---- What the node says ----

    def _up(self):
        self.link.tell("meta", json.dumps(self._meta()).encode(), True)
        self.link.tell("state", self._state, True)
        self.updates.report.changed()

    def _meta(self):
        meta = {
            "board": board.NAMES[0],
            "firmware": __version__,
            "micropython": ".".join(str(n) for n in sys.implementation.version[:3]),
            "wasm3": wasm3.M3_VERSION,
            "mode": self.updates.report.mode(),
            "boot": self.boot,
            "agents": [worker.agent.meta() for worker in self.workers if worker.agent],
        }
        if _tls_entries(self.config) and fs.exists("/entropy.seed"):
            meta["entropy"] = "seed, for tests"
        return meta

    async def _report_often(self):
        interval = self.config["stat_s"]
        while True:
            left = interval
            while left > 0:
                await asyncio.sleep(min(left, _CLOCK_S))
                left -= _CLOCK_S
                self.clock.us()
            self._report()

    def _report(self):
        size, used = wasm3.pool_info()[:2]
        for worker in self.workers:
            stat = counted(worker.counters)
            stat["boot"] = self.boot
            stat["in_flight"] = worker.counters.in_flight
            stat["errors"] = worker.counters.errors
            stat["missed"] = getattr(worker.sensor, "missed", 0)
            stat["pool_used"], stat["pool_size"] = used, size
            stat["heap_free"] = gc.mem_free()
            self.link.tell_now("agent/%s/stat" % worker.name, json.dumps(stat).encode())

    # The four counters, summed over all agents.
    def total(self):
        total = counted(self._found)
        for worker in self.workers:
            for key, value in counted(worker.counters).items():
                total[key] += value
        return total

    # ---- Commands ----

    def _command(self, payload):
        name = None
        try:
            command = loads(payload, _COMMAND_MAX)
            name = command.get("cmd")
            if type(name) is not str or len(command) != 1:
                raise ValueError('not of the form {"cmd": ...}')
            if name not in _COMMANDS:
                raise ValueError("unknown command, known are %s" % ", ".join(sorted(_COMMANDS)))
            _COMMANDS[name](self)
            answer = {"cmd": name, "ok": True}
        except ValueError as e:
            name = name[:32] if type(name) is str else None
            answer = {"cmd": name, "ok": False, "error": str(e)}
        self.link.tell("cmd/out", json.dumps(answer).encode())

    def _restart(self):
        self.restart = True
        self._spawn(self._stop_soon())

    # Leaves the answer to `restart` the time to go out.
    async def _stop_soon(self):
        await asyncio.sleep_ms(500)
        self.stop()


_COMMANDS = {
    "ping": lambda node: None,
    "stat": lambda node: node._report(),
    "pause": lambda node: node.going.clear(),
    "resume": lambda node: node.going.set(),
    "restart": lambda node: node._restart(),
}


def counted(counters):
    return {
        "produced": counters.produced,
        "acknowledged": counters.acknowledged,
        "queued": counters.queued,
        "dropped": counters.dropped,
    }


# It does, or an update may make it.
def _may_work(worker):
    return worker.agent or worker.can_be_updated()


def _print_line(text):
    print("wasmote: " + text)


# The entries of the configuration that want TLS.
def _tls_entries(config):
    entries = ["mqtt.tls"] if config["mqtt"] and config["mqtt"]["tls"] else []
    return entries + ["update.ca"] if config["update"]["ca"] else entries
