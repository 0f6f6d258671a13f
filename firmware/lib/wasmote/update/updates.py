# Updates, SPEC.md 11: hears what is wanted, and installs one agent after the other. What does the
# work is imported when there is some.
import asyncio
import time

from micropython import const

from .. import store
from .report import Report

_AGAIN_MS = const(15000)  # after the first attempt that may work later; then twice as long
_AGAIN_MAX_MS = const(600000)

# Free heap without which no TLS is begun: what a connection takes at most, but for what it holds,
# and something for the node's other work.
_SPARE = const(12288)

# Files in pieces over MQTT.
_PIECE_MAX = const(1032)
_PIECE_MS = const(5000)
_PIECE_TRIES = const(6)


class Updates:
    def __init__(self, node):
        self._node = node
        self._options = node.config["update"]
        self._by_hand = None
        self._final = {}  # agent name -> the digest that is not tried again
        self._desired = None
        self._given = None  # a message that has not been read yet
        self._news = asyncio.Event()
        self._again_ms = 0
        self._etag = self._polled = None
        self._lock = asyncio.Lock()  # held by an update
        self._pieces = None  # the source of an update over MQTT
        self._tls = None
        self._trust, problem = _find_trust()
        self.report = Report(node, self._trust, problem)

    # The agent's in the store; None for one that cannot be updated.
    def versions_of(self, entry):
        path = entry["path"]
        if self._trust is None or not path or path.rstrip("/").rsplit("/", 1)[-1] != entry["name"]:
            return None
        from .versions import Versions

        return Versions(store.default(), self._trust, entry["name"], path.rstrip("/"))

    # Whether anything that comes could be taken. A locked node has no prompt to fall back to.
    def can_install(self):
        trust = self._trust
        if not (trust and trust.keyset_version):
            return False
        return bool(self._node.config["mqtt"] or self._options["url"] or trust.locked)

    # Listens on the console; where there is nothing to install into, others may have it.
    async def serve_console(self):
        if self._trust:
            from .byhand import ByHand

            self._by_hand = ByHand(self._node, self)
            await self._by_hand.run()

    # Also when the loop does not run any more.
    def close(self):
        if self._by_hand:
            self._by_hand.close()

    # Whether nothing can be begun now.
    def is_busy(self, worker):
        return self._lock.locked() or worker.trial is not None

    # What comes over the console; watcher hears what becomes of it.
    async def install_by_hand(self, worker, digest, source):
        if worker.agent and worker.agent.digest == digest:
            self.report.note(worker.name, digest, "confirmed")
            return
        async with self._lock:
            await self._attempt(worker, digest, source)

    # Subscribes; before the link runs.
    def listen(self, link):
        if self._trust:
            from .desired import LIMIT

            link.listen("desired", 0, LIMIT, self._hear)
            link.listen("file", 0, _PIECE_MAX, self._take_piece)

    def _hear(self, payload):
        self._again_ms = 0
        try:
            self._given = bytes(payload)
        except MemoryError:
            # The retained message would end every connection anew.
            self.report.trouble("desired: no memory for its %d bytes" % len(payload))
            return
        self._news.set()

    def _take_piece(self, payload):
        if self._pieces:
            self._pieces.take(payload)

    # `digest`: of a manifest, or NOBODY.
    def _source(self, url, digest):
        from .source import Pieces, Web

        if url.startswith("http"):
            return Web(url, self._connects())

        def ask(request):
            self._node.link.tell_now("ask", request)

        self._pieces = Pieces(digest, ask, _PIECE_MAX, _PIECE_MS, _PIECE_TRIES)
        return self._pieces

    # Of http.get.
    def _connects(self):
        from .http import openers

        return openers(self._tls) if self._tls or not self._options["ca"] else {}

    # ---- What is done ----

    # Until cancelled.
    async def run(self):
        reporter = asyncio.create_task(self.report.run())
        try:
            if self._trust:
                await self._work()
            else:
                await asyncio.Event().wait()
        finally:
            reporter.cancel()

    # Before web servers are asked: whom they have to convince, and of what day.
    async def _secure(self):
        if self._tls is None:
            from ..links.tls import Tls

            mqtt = self._node.config["mqtt"]
            if mqtt:  # what it needs of the heap it has by then
                await self._node.link.settled(mqtt["timeout_s"])
            self._tls = Tls({"ca": self._options["ca"]}, "-", "update", "server", _SPARE)
            self._tls.hold()
        if self._node.ntp:
            await self._node.ntp.sync()

    async def _work(self):
        for worker in self._node.workers:
            if worker.trial:
                await self._guard(self._prove(worker))
        polled = None
        while True:
            url = self._options["url"]
            if self._options["ca"]:
                await self._guard(self._secure())
            if url and (polled is None or _since(polled) >= self._options["poll_s"] * 1000):
                polled = time.ticks_ms()
                await self._guard(self._poll(url))
            await self._guard(self._follow())
            await self._wait(polled)

    # Nothing that comes over a network ends the task.
    async def _guard(self, work):
        try:
            await work
        except (ValueError, OSError, MemoryError) as e:
            self.report.trouble(str(e) or type(e).__name__)
            self._again_ms = self._again_ms or _AGAIN_MS

    async def _wait(self, polled):
        waits = [self._again_ms] if self._again_ms else []
        if polled is not None:
            waits.append(max(1, self._options["poll_s"] * 1000 - _since(polled)))
        try:
            if waits:
                await asyncio.wait_for_ms(self._news.wait(), min(waits))
            else:
                await self._news.wait()
        except asyncio.TimeoutError:
            pass
        self._news.clear()

    async def _poll(self, url):
        from . import desired, http, install

        data, connects = bytearray(), self._connects()
        try:
            answer = await http.get(
                url, data.extend, desired.LIMIT, etag=self._etag, connects=connects
            )
        except (ValueError, OSError, MemoryError) as e:
            self.report.polled("update.url: " + install.words(e))
            return
        self.report.polled(None)
        self._etag = answer.etag
        # Not every server knows the ETag again.
        if answer.status == 200 and data != self._polled:
            self._polled = data
            self._hear(data)

    async def _follow(self):
        if self._given is not None:
            from ..links.interfaces import has_tls
            from .desired import not_taken, parse

            data, self._given, self._desired = self._given, None, None
            self.report.problem = None
            self._desired = parse(data, not_taken(self._options["ca"], has_tls()))
            self._final.clear()
            self.report.changed()
        if self._desired is None:
            self._again_ms = 0
            return
        agents, keysets, stamp = self._desired
        again = keysets and await self._take_keysets(*keysets)
        self._take_stamp(stamp)
        known = {worker.name: worker for worker in self._node.workers if worker.versions}
        strange = [name for name in agents if name not in known]
        if strange:
            words = "not agents that can be updated here: " + ", ".join(sorted(strange))
            self.report.problem = words
        for worker in self._node.workers:
            if worker.name in known and worker.name in agents and self._given is None:
                again = await self._update(worker, *agents[worker.name]) or again
        self._again_ms = min(max(_AGAIN_MS, self._again_ms * 2), _AGAIN_MAX_MS) if again else 0
        self.report.changed()

    # Whether it is to be tried again.
    async def _take_keysets(self, version, url):
        from . import install
        from .source import NOBODY

        before, again = self._trust.keyset_version, False
        try:
            await install.take_keysets(self._trust, version, self._source(url, NOBODY))
        except (install.Refused, install.Failed) as e:
            self.report.trouble("key set: %s: %s" % (e.code, e))
            again = True
        # Those before one that does not come count.
        if self._trust.keyset_version != before:
            self._node.log("key set %d taken" % self._trust.keyset_version)
            await self._stop_revoked()
        return again

    def _take_stamp(self, given):
        self.report.stamp = None
        if given is None:
            return
        try:
            self.report.stamp = self._trust.take_stamp(*given)
        except ValueError as e:
            self.report.trouble("time stamp: %s" % e)

    # Agents that no key has signed any more.
    async def _stop_revoked(self):
        from .trial import recheck

        for worker in self._node.workers:
            if worker.versions and worker.agent:
                await recheck(worker, self.report)

    async def _update(self, worker, digest, url):
        if worker.agent and worker.agent.digest == digest or self._final.get(worker.name) == digest:
            return False
        async with self._lock:
            return await self._attempt(worker, digest, self._source(url, digest))

    # Whether it is to be tried again.
    async def _attempt(self, worker, digest, source):
        from . import install

        try:
            await self._install(worker, digest, source)
            return False
        except install.Refused as e:
            self.report.note(worker.name, digest, "refused", e.code, str(e))
        except install.Failed as e:
            self.report.note(worker.name, digest, "failed", e.code, e.message)
            if e.again:
                return True
        except (OSError, MemoryError) as e:
            code = "memory" if isinstance(e, MemoryError) else "download"
            self.report.note(worker.name, digest, "failed", code, "%s: %s" % (type(e).__name__, e))
            return True
        self._final[worker.name] = digest
        return False

    async def _install(self, worker, digest, source):
        from . import install, trial
        from .swap import swap

        def progress(percent):
            self.report.progress(worker.name, digest, percent)

        versions = worker.versions
        self.report.note(worker.name, digest, "loading", done=0)
        files, sequence = await install.Installer(versions, source, progress).bring(digest)
        self.report.note(worker.name, digest, "checking")
        if worker.agent:
            worker.agent.leave_folder(versions)
        versions.begin_trial(files, sequence, worker.agent and worker.agent.digest)
        try:
            await swap(worker, versions.name + trial.TRIAL)
        except trial.LOAD_ERRORS as e:
            code = trial.code_of(e)
            versions.end_trial(bad=code != "memory")
            raise install.Failed(code, str(e))
        await self._prove(worker)

    async def _prove(self, worker):
        from .trial import prove

        await prove(worker, self.report)


# The trust state, and what is wrong with it. Without a store: None, and why.
def _find_trust():
    if store.default() is None:
        return None, store.problem or "no agent store: this board cannot be updated"
    from .. import trust

    return trust.default(), trust.problem


def _since(ticks):
    return time.ticks_diff(time.ticks_ms(), ticks)
