# Updates, SPEC.md 11: hears what is wanted, installs one agent after the other, and says how it
# stands. What does the work is imported when there is some.
import asyncio
import json
import time
from binascii import hexlify

from micropython import const

from .. import store

_AGAIN_MS = const(15000)  # after the first attempt that may work later; then twice as long
_AGAIN_MAX_MS = const(600000)
_LOOK_MS = const(10000)  # whether a time stamp has expired
_REPORT_MS = const(500)  # the shortest between two reports
_MESSAGE_MAX = const(160)

# Free heap without which no TLS is begun: what a connection takes at most, but for what it holds,
# and something for the node's other work.
_SPARE = const(12288)

# Files in pieces over MQTT.
_PIECE_MAX = const(1032)
_PIECE_MS = const(5000)
_PIECE_TRIES = const(6)

_EMPTY = {"version": None, "sequence": None, "manifest": None}


class Updates:
    def __init__(self, node):
        self._node = node
        self._options = node.config["update"]
        self._trust = None
        self._by_hand = None
        self._notes = {}  # agent name -> what `reported` says of its update
        self._final = {}  # agent name -> the digest that is not tried again
        self._problem = None  # what `reported` says beside the agents
        self._unreachable = None  # the same, of update.url
        self._desired = None
        self._stamp = None  # of what is wanted, where it counts
        self._said_state = None
        self._given = None  # a message that has not been read yet
        self._news = asyncio.Event()
        self._changed = asyncio.Event()
        self._again_ms = 0
        self._etag = self._polled = None
        self._lock = asyncio.Lock()  # held by an update
        self._pieces = None  # the source of an update over MQTT
        self._tls = None
        self.watcher = None  # watcher(name, entry) hears of each note
        self._find()

    # Why nothing can be updated, or the trust state.
    def _find(self):
        if store.default() is None:
            self._problem = store.problem or "no agent store: this board cannot be updated"
            return
        from .. import trust

        self._trust = trust.default()
        self._problem = trust.problem

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
            self.note(worker.name, digest, "confirmed")
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
            self._problem = "desired: no memory for its %d bytes" % len(payload)
            self.changed()
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

    # ---- What is said ----

    # Notes how an agent's update stands.
    def note(self, name, digest, state, error=None, message=None, done=None):
        entry = {"manifest": str(hexlify(digest), "utf-8"), "state": state}
        if done is not None:
            entry["done"] = done
        if error:
            entry["error"], entry["message"] = error, message[:_MESSAGE_MAX]
            self._node.log("error: update of %s: %s: %s: %s" % (name, state, error, message))
        elif self._notes.get(name, {}).get("state") != state:
            self._node.log("update of %s: %s" % (name, state))
        self._notes[name] = entry
        self.changed()
        if self.watcher:
            self.watcher(name, entry)

    def changed(self):
        self._changed.set()

    def mode(self):
        return "locked" if self._trust and self._trust.locked else "dev"

    def _say(self):
        self._node.link.tell("reported", json.dumps(self._reported()).encode(), True)

    def _reported(self):
        trust = self._trust
        said = {
            "format": 1,
            "boot": self._node.boot,
            "mode": self.mode(),
            "keyset": trust.keyset_version if trust else 0,
            "agents": {worker.name: self._describe(worker) for worker in self._node.workers},
        }
        if self._node.watchdog and self._node.watchdog.hangs:
            said["hangs"] = self._node.watchdog.hangs
        self._said_state = self._stamp_state()
        if self._said_state:
            said["timestamp"] = {"state": self._said_state, "issued": trust.stamped}
        problems = [each[:_MESSAGE_MAX] for each in (self._problem, self._unreachable) if each]
        if problems:
            said["error"] = "; ".join(problems)
        return said

    def _describe(self, worker):
        agent = worker.agent
        entry = dict(_EMPTY)
        entry["state"], entry["previous"] = "stopped", None
        if agent:
            entry.update({key: value for key, value in agent.meta().items() if key in _EMPTY})
            entry["state"] = "trial" if worker.trial else "running"
        if agent and worker.versions:
            entry["manifest"] = str(hexlify(agent.digest), "utf-8")
            previous = worker.versions.digest("" if worker.trial else ".old")
            if previous and previous != agent.digest:
                entry["previous"] = str(hexlify(previous), "utf-8")
        if worker.name in self._notes:
            entry["update"] = self._notes[worker.name]
        return entry

    async def _report(self):
        while True:
            try:
                await asyncio.wait_for_ms(self._changed.wait(), _LOOK_MS)
            except asyncio.TimeoutError:
                if self._stamp_state() == self._said_state:
                    continue
            self._changed.clear()
            try:
                self._say()
            except MemoryError:
                self._changed.set()  # again, when there may be more
            await asyncio.sleep_ms(_REPORT_MS)

    # ---- What is done ----

    # Until cancelled.
    async def run(self):
        reporter = asyncio.create_task(self._report())
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
            self._problem = str(e) or type(e).__name__
            self._node.log("error: update: " + self._problem)
            self._again_ms = self._again_ms or _AGAIN_MS
            self.changed()

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

        data = bytearray()
        was, self._unreachable = self._unreachable, None
        try:
            connects = self._connects()
            answer = await http.get(
                url, data.extend, desired.LIMIT, etag=self._etag, connects=connects
            )
        except (ValueError, OSError, MemoryError) as e:
            self._unreachable = "update.url: " + install.words(e)
            if self._unreachable != was:
                self._node.log("error: " + self._unreachable)
            return
        finally:
            if self._unreachable != was:
                self.changed()
        self._etag = answer.etag
        # Not every server knows the ETag again.
        if answer.status == 200 and data != self._polled:
            self._polled = data
            self._hear(data)

    async def _follow(self):
        if self._given is not None:
            from ..node import has_tls
            from .desired import not_taken, parse

            data, self._given, self._desired, self._problem = self._given, None, None, None
            self._desired = parse(data, not_taken(self._options["ca"], has_tls()))
            self._final.clear()
            self.changed()
        if self._desired is None:
            self._again_ms = 0
            return
        agents, keysets, stamp = self._desired
        again = keysets and await self._take_keysets(*keysets)
        self._take_stamp(stamp)
        known = {worker.name: worker for worker in self._node.workers if worker.versions}
        strange = [name for name in agents if name not in known]
        if strange:
            self._problem = "not agents that can be updated here: " + ", ".join(sorted(strange))
        for worker in self._node.workers:
            if worker.name in known and worker.name in agents and self._given is None:
                again = await self._update(worker, *agents[worker.name]) or again
        self._again_ms = min(max(_AGAIN_MS, self._again_ms * 2), _AGAIN_MAX_MS) if again else 0
        self.changed()

    # Whether it is to be tried again.
    async def _take_keysets(self, version, url):
        from . import install
        from .source import NOBODY

        before, again = self._trust.keyset_version, False
        try:
            await install.take_keysets(self._trust, version, self._source(url, NOBODY))
        except (install.Refused, install.Failed) as e:
            self._problem = "key set: %s: %s" % (e.code, e)
            self._node.log("error: " + self._problem)
            again = True
        # Those before one that does not come count.
        if self._trust.keyset_version != before:
            self._node.log("key set %d taken" % self._trust.keyset_version)
            await self._stop_revoked()
        return again

    def _take_stamp(self, given):
        self._stamp = None
        if given is None:
            return
        try:
            self._stamp = self._trust.take_stamp(*given)
        except ValueError as e:
            self._problem = "time stamp: %s" % e
            self._node.log("error: " + self._problem)

    # What the newest time stamp says of this node; None: it never had one.
    def _stamp_state(self):
        trust = self._trust
        if self._stamp is None:
            return "missing" if trust and trust.stamped else None
        from .. import fs, stamp, wallclock

        sequences = {}
        for worker in self._node.workers:
            if worker.versions:
                sequences[worker.name] = worker.agent and worker.agent.manifest["sequence"]
        # Who has no clock believes in the day of the build.
        knows_time = fs.HOSTED or wallclock.today() > wallclock.built()
        return stamp.state(self._stamp, trust.keyset_version, sequences, knows_time)

    # Agents that no key has signed any more.
    async def _stop_revoked(self):
        from .trial import recheck

        for worker in self._node.workers:
            if worker.versions and worker.agent:
                await recheck(worker, self)

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
            self.note(worker.name, digest, "refused", e.code, str(e))
        except install.Failed as e:
            self.note(worker.name, digest, "failed", e.code, e.message)
            if e.again:
                return True
        except (OSError, MemoryError) as e:
            code = "memory" if isinstance(e, MemoryError) else "download"
            self.note(worker.name, digest, "failed", code, "%s: %s" % (type(e).__name__, e))
            return True
        self._final[worker.name] = digest
        return False

    async def _install(self, worker, digest, source):
        from . import install, trial
        from .swap import swap

        def progress(percent):
            if percent != self._notes[worker.name].get("done"):
                self.note(worker.name, digest, "loading", done=percent)

        versions = worker.versions
        self.note(worker.name, digest, "loading", done=0)
        files, sequence = await install.Installer(versions, source, progress).bring(digest)
        self.note(worker.name, digest, "checking")
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

        await prove(worker, self)


def _since(ticks):
    return time.ticks_diff(time.ticks_ms(), ticks)
