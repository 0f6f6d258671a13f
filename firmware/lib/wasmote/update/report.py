# What the node says of its updates: `reported`, SPEC.md 11.3.
import asyncio
import json
from binascii import hexlify

from micropython import const

_LOOK_MS = const(10000)  # whether a time stamp has expired
_REPORT_MS = const(500)  # the shortest between two reports
_MESSAGE_MAX = const(160)

_EMPTY = {"version": None, "sequence": None, "manifest": None}


class Report:
    # `trust`: None where there is no store. `problem`: why nothing can be updated, or None.
    def __init__(self, node, trust, problem):
        self._node = node
        self._trust = trust
        self.problem = problem  # what it says beside the agents
        self._unreachable = None  # the same, of update.url
        self.stamp = None  # of what is wanted, where it counts
        self.watcher = None  # watcher(name, entry) hears of each note
        self._notes = {}  # agent name -> what it says of its update
        self._said_state = None
        self._changed = asyncio.Event()

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

    # Notes how much of it is there.
    def progress(self, name, digest, percent):
        if percent != self._notes.get(name, {}).get("done"):
            self.note(name, digest, "loading", done=percent)

    # Notes what is wrong with all of them.
    def trouble(self, words):
        self.problem = words
        self._node.log("error: update: " + words)
        self.changed()

    # Notes what kept update.url from answering, or None.
    def polled(self, words):
        if words == self._unreachable:
            return
        self._unreachable = words
        if words:
            self._node.log("error: " + words)
        self.changed()

    # It is said soon.
    def changed(self):
        self._changed.set()

    def mode(self):
        return "locked" if self._trust and self._trust.locked else "dev"

    # Says it whenever it has changed, until cancelled.
    async def run(self):
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

    def _say(self):
        self._node.link.tell("reported", json.dumps(self.content()).encode(), True)

    def content(self):
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
        problems = [each[:_MESSAGE_MAX] for each in (self.problem, self._unreachable) if each]
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

    # What the newest time stamp says of this node; None: it never had one.
    def _stamp_state(self):
        trust = self._trust
        if self.stamp is None:
            return "missing" if trust and trust.stamped else None
        from .. import fs, stamp, wallclock

        sequences = {}
        for worker in self._node.workers:
            if worker.versions:
                sequences[worker.name] = worker.agent and worker.agent.manifest["sequence"]
        # Who has no clock believes in the day of the build.
        knows_time = fs.HOSTED or wallclock.today() > wallclock.built()
        return stamp.state(self.stamp, trust.keyset_version, sequences, knows_time)
