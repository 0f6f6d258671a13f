# Whom the node believes: its key set, what it has taken so far, what has failed. SPEC.md 10.
import hashlib
import sys

from . import board, fs, keyset, manifest, stamp, store, trustrecord
from .check import FormError
from .keyset import KEYSET, MANIFEST, KeySet, Refused, pairs, signers
from .storeslots import BadRecord

_OWNER = "keyset."
_NEW = "keyset.new"  # until the trust state says that it counts

_node_trust = None
_asked = False
problem = None  # why the trust state cannot be read, where it cannot
# Whether the port lets nobody in before it has asked locked().
can_lock = fs.HOSTED or "wasmote.booting" in sys.modules


# The node's own; None where it has no store.
def default():
    global _node_trust, _asked, problem
    if not _asked:
        _asked = True
        try:
            found = store.default()
            _node_trust = found and Trust(found)
        except (OSError, BadRecord) as e:
            problem = "the trust state cannot be read: %s" % e
    return _node_trust


# Whether nothing without a signature may run, also where the store cannot be used.
def locked():
    trust = default()
    if trust:
        return trust.locked
    if problem is None and store.problem:
        try:
            return trustrecord.is_locked(store.partition())
        except (OSError, BadRecord):
            return True
    return problem is not None


# Makes the trust state in `flash` that of a new node. Only for those who may erase its flash.
def erase(flash):
    trustrecord.slots(flash).erase()


class Trust:
    # BadRecord: neither record is one.
    def __init__(self, store):
        self._store = store
        flash = store.flash
        self._slots = trustrecord.slots(flash)
        self._slot, self._state = self._slots.newest()
        self._settle()

    # A power cut may have come between the state and the store.
    def _settle(self):
        owners = self._store.owners()
        waiting = owners.get(_NEW)
        if waiting is None:
            return
        counts = waiting.get("keyset.json") == self._state.keyset_digest
        self._store.update({_OWNER: waiting, _NEW: None} if counts else {_NEW: None})

    def _change(self, **fields):
        state = self._state.changed(**fields)
        slot = 1 - self._slot
        self._slots.write(slot, state)
        self._slot, self._state = slot, state

    @property
    def locked(self):
        return self._state.mode == trustrecord.LOCKED

    # For good: only erasing the flash unlocks.
    def lock(self):
        if not can_lock:
            raise Refused("mode", "this port reaches a prompt before it could be kept from it")
        if not self._state.threshold:
            raise Refused("no-keys", "a node without a key set would take nothing any more")
        if not self.locked:
            self._change(mode=trustrecord.LOCKED)

    # 0: the node has none.
    @property
    def keyset_version(self):
        return self._state.keyset_version

    # ---- Key sets ----

    def _keyset(self):
        state = self._state
        if not state.threshold:
            raise Refused("no-keys", "the node has no key set: wasmote keys provision")
        data = self._store.get(state.keyset_digest)
        if data is None:
            raise Refused("no-keys", "key set %d is lost and wanted again" % state.keyset_version)
        return KeySet(bytes(data))

    # Takes the first key set, or the one that follows. False: it is the present one.
    def take_keyset(self, data, signatures):
        state = self._state
        digest = hashlib.sha256(data).digest()
        if state.threshold and digest == state.keyset_digest:
            self._keep(data, signatures, digest)
            return False
        if len(data) > keyset.LIMIT:
            raise Refused("keyset", "%d bytes, at most %d" % (len(data), keyset.LIMIT))
        found = pairs(signatures)
        if state.threshold:
            self._enough(found, data, state.roots, state.threshold, "present")
        try:
            new = KeySet(data)
        except FormError as e:
            raise Refused("keyset", str(e))
        if state.threshold and new.version != state.keyset_version + 1:
            raise Refused(
                "keyset-version", "%d does not follow %d" % (new.version, state.keyset_version)
            )
        self._enough(found, data, new.roots, new.threshold, "new")
        self._keep(data, signatures, digest)
        agents = {}
        for name, (starts, highest, taken) in state.agents.items():
            if self._is_revoked(new, name, taken):
                # Nothing that a lost key has signed keeps out what comes after it.
                highest, taken = max(0, new.floors.get(name, 0) - 1), bytes(len(taken))
            agents[name] = starts, highest, taken
        self._change(
            threshold=new.threshold,
            keyset_version=new.version,
            keyset_digest=digest,
            roots=tuple(new.roots),
            agents=agents,
        )
        self._settle()
        return True

    def _enough(self, found, data, roots, threshold, which):
        count = len(signers(roots, found, KEYSET, data))
        if count < threshold:
            raise Refused("too-few", "%d of %d %s roots have signed" % (count, threshold, which))

    # Whether a manifest that is here would not be taken with `keys`.
    def _is_revoked(self, keys, name, digest):
        if name == stamp.NAME:
            return self._stamper_goes(keys)
        for files in self._store.owners().values():
            if files.get("manifest.json") == digest and "manifest.sig" in files:
                data, signatures = (
                    bytes(self._store.get(files[file])) for file in ("manifest.json", "manifest.sig")
                )
                try:
                    _allowed(keys, data, pairs(signatures), name)
                except Refused:
                    return True
        return False

    # Into the store, where it waits for the state to name it.
    def _keep(self, data, signatures, digest):
        files = {}
        held = self._store.owners().get(_OWNER, {})
        if held.get("keyset.json") == digest:
            return
        for name, content in (("keyset.json", data), ("keyset.sig", signatures)):
            sha256 = hashlib.sha256(content).digest()
            with self._store.put(len(content), sha256) or _Nothing() as writer:
                writer.write(content)
            files[name] = sha256
            self._store.hold(_NEW, files)
        if self._state.keyset_digest == digest:
            self._settle()

    # ---- Time stamps ----

    # The newest one that has been here; 0: none.
    @property
    def stamped(self):
        return self._state.agents.get(stamp.NAME, (0, 0))[1]

    # What a time stamp says; from then on none that is older is taken.
    def take_stamp(self, data, signatures):
        if len(data) > stamp.LIMIT:
            raise Refused("timestamp", "%d bytes, at most %d" % (len(data), stamp.LIMIT))
        found = pairs(signatures)
        keys = self._keyset()
        by = signers(keys.publishers, found, stamp.PREFIX, data)
        if not by:
            raise Refused("unknown-key", "no publisher of ours has signed it")
        try:
            given = stamp.parse(data)
        except FormError as e:
            raise Refused("timestamp", str(e))
        issued, most = given["issued"], max([keys.allows(key, stamp.NAME) for key in by])
        if issued > most:
            raise Refused("not-allowed", "its key may sign none, or none of %d" % issued)
        digest = hashlib.sha256(data).digest()
        _, highest, taken = self._state.agents.get(stamp.NAME, (0, 0, b""))
        if issued < highest or issued == highest and digest != taken:
            raise Refused("rollback", "issued at %d, and that of %d has been here" % (issued, highest))
        self.taken(stamp.NAME, issued, digest)
        return given

    # Whether a key may sign fewer of them with `keys`, or none: what it has signed counts no more.
    def _stamper_goes(self, keys):
        old = self._keyset()
        return any(
            old.allows(key, stamp.NAME) > (keys.allows(key, stamp.NAME) if key in keys.publishers else 0)
            for key in old.publishers
        )

    # ---- Agents ----

    # The manifest, parsed, of an agent that the keys allow here; whether it may follow what was
    # taken before is check()'s to say. Refused: why not.
    def holds(self, data, signatures, name):
        found = _signatures(data, signatures)
        return _allowed(self._keyset(), data, found, name)

    # holds() of what an owner of the store has.
    def check_owner(self, owner):
        files = self._store.owners().get(owner, {})
        found = [files.get(name) for name in ("manifest.json", "manifest.sig")]
        if None in found:
            raise Refused("signature-format", "%s: the store has no manifest with a signature" % owner)
        data, signatures = [bytes(self._store.get(digest)) for digest in found]
        return self.holds(data, signatures, owner.split(".")[0])

    # The manifest, parsed, of an agent that may be installed. `kept`: digests of versions that
    # going back to is allowed.
    def check(self, data, signatures, name, kept=()):
        found = _signatures(data, signatures)
        keys = self._keyset()
        given = _allowed(keys, data, found, name)
        sequence = given["sequence"]
        floor = keys.floors.get(name, 0)
        if sequence < floor:
            raise Refused("floor", "%d is below %d" % (sequence, floor))
        digest = hashlib.sha256(data).digest()
        _, highest, taken = self._state.agents.get(name, (0, 0, b""))
        if digest not in kept and digest != taken and sequence <= highest:
            raise Refused("rollback", "%d, and %d has been here" % (sequence, highest))
        self._check_bad(digest, given)
        return given

    # The manifest, parsed, of an agent without a signature, from whoever is at the console.
    def check_unsigned(self, data, name):
        if self.locked:
            raise Refused("signature-format", "it has none, and the node is locked")
        if len(data) > manifest.LIMIT:
            raise Refused("manifest", "%d bytes, at most %d" % (len(data), manifest.LIMIT))
        given = _parse(data, name)
        _check_board(given)
        self._check_bad(hashlib.sha256(data).digest(), given)
        return given

    def _check_bad(self, digest, given):
        if self.is_bad(digest):
            words = "%s %s has failed here" % (given["name"], given["version"])
            raise Refused("known-bad", words)

    # Notes that it is installed from now on.
    def taken(self, name, sequence, digest):
        agents = self._state.agents
        _, highest, known = agents.get(name, (0, 0, b""))
        if known == digest or sequence < highest:
            return
        if name not in agents and len(agents) == trustrecord.AGENTS_MAX:
            raise Refused("too-large", "the trust state has no room for another agent")
        self._note(name, (0, sequence, digest))

    def _note(self, name, entry):
        agents = dict(self._state.agents)
        agents[name] = entry
        self._change(agents=agents)

    # Counts a start of the agent's trial and returns how many there have been.
    def start_trial(self, name):
        starts, highest, digest = self._state.agents[name]
        self._note(name, (starts + 1, highest, digest))
        return starts + 1

    def end_trial(self, name):
        starts, highest, digest = self._state.agents.get(name, (0, 0, b""))
        if starts:
            self._note(name, (0, highest, digest))

    def is_bad(self, digest):
        return digest in self._state.bad

    def mark_bad(self, digest):
        if not self.is_bad(digest):
            self._change(bad=(self._state.bad + (digest,))[-trustrecord.BAD_MAX :])


def _signatures(data, signatures):
    if len(data) > manifest.LIMIT:
        raise Refused("manifest", "%d bytes, at most %d" % (len(data), manifest.LIMIT))
    return pairs(signatures)


def _allowed(keys, data, found, name):
    by = signers(keys.publishers, found, MANIFEST, data)
    if not by:
        raise Refused("unknown-key", "none of its %d signatures is by a key of ours" % len(found))
    given = _parse(data, name)
    sequence, most = given["sequence"], max([keys.allows(key, name) for key in by])
    if sequence > most:
        raise Refused("not-allowed", "its key may sign %s up to %d, not %d" % (name, most, sequence))
    _check_board(given)
    return given


def _parse(data, name):
    try:
        given = manifest.parse(data)
    except FormError as e:
        raise Refused("manifest", str(e))
    if given["name"] != name:
        raise Refused("wrong-agent", "it is %s, not %s" % (given["name"], name))
    return given


def _check_board(given):
    what = board.mismatch(given)
    if what:
        raise Refused("wrong-board", what)


# Where the store has the data already.
class _Nothing:
    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        pass

    def write(self, data):
        pass
