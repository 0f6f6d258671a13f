# Installs over the console while the node runs, SPEC.md 9.3: the host names a version, the node
# asks for its files piece by piece, and says how it stands. Nothing that is printed is held up.
import asyncio
import json

from micropython import const

from ..links.bridge import RX_BYTES, TX_BYTES, console

_INSTALL, _PIECE, _ASK, _STATE = const(0x69), const(0x70), const(0x51), const(0x53)
_DIGEST = const(32)
_NAME_MAX = const(32)
_IDLE_MS = const(40)
_WORK_MS = const(2)
_WAIT_MS = const(700)
_TRIES = const(10)


class ByHand:
    def __init__(self, node, updates):
        self._node = node
        self._updates = updates
        self._line = console()
        self._session = None  # (number, digest) of the latest install
        self._name = None  # whose it is
        self._said = b""  # how it stands
        self._source = None  # while it runs
        self._task = None

    # Until cancelled.
    async def run(self):
        self._line.on_install = self._take
        self._updates.report.watcher = self._hear
        while True:
            self._line.serve()
            await asyncio.sleep_ms(_WORK_MS if self._source else _IDLE_MS)

    # The line outlives the node. Also when the loop does not run any more.
    def close(self):
        self._line.on_install = None
        if self._task:
            self._task.cancel()

    def _take(self, frame):
        payload = frame.payload()
        if frame.kind == _PIECE:
            if self._source and frame.connection == self._session[0]:
                self._source.take(payload)
        elif _DIGEST < len(payload) <= _DIGEST + _NAME_MAX:
            session = frame.connection, bytes(payload[:_DIGEST])
            if session == self._session:
                self._send(_STATE, self._said)
            else:
                self._begin(session, bytes(payload[_DIGEST:]))

    def _begin(self, session, name):
        worker = self._find(name)
        if self._source or worker and self._updates.is_busy(worker):
            said = _state({"state": "refused", "error": "busy", "message": "an update is on its way"})
            self._line.send(_STATE, session[0], 0, said)
            return
        self._session = session
        if worker is None:
            names = [w.name for w in self._node.workers if w.versions]
            words = "the node runs %s" % (", ".join(names) or "no agent that can be updated")
            self._say({"state": "refused", "error": "wrong-agent", "message": words})
            return
        from .source import Pieces

        self._name = worker.name
        self._say({"state": "loading", "done": 0})
        self._source = Pieces(session[1], self._ask, RX_BYTES, _WAIT_MS, _TRIES, by_hand=True)
        self._task = asyncio.create_task(self._install(worker, session[1]))

    def _find(self, name):
        for worker in self._node.workers:
            if worker.versions and worker.name.encode() == name:
                return worker
        return None

    async def _install(self, worker, digest):
        try:
            await self._updates.install_by_hand(worker, digest, self._source)
        except (ValueError, OSError, MemoryError) as e:
            # The store or the trust state cannot be written.
            words = "%s: %s" % (type(e).__name__, e)
            self._updates.report.note(worker.name, digest, "failed", "download", words)
        finally:
            self._source = None

    # What `reported` says of an agent's update.
    def _hear(self, name, entry):
        if self._source and name == self._name:
            self._say(entry)

    def _say(self, entry):
        self._said = _state(entry)
        self._send(_STATE, self._said)

    def _ask(self, request):
        self._send(_ASK, request)

    def _send(self, kind, payload):
        self._line.send(kind, self._session[0], 0, payload)


# The manifest is known, and a long message does not fit.
def _state(entry):
    said = {key: entry[key] for key in ("state", "done", "error", "message") if key in entry}
    data = json.dumps(said).encode()
    while len(data) > TX_BYTES:
        said["message"] = said["message"][: len(said["message"]) // 2]
        data = json.dumps(said).encode()
    return data
