# The power goes at each operation of all flash, with nothing, half or all of it done, while a node
# starts, updates, confirms, takes back, rotates keys. What it is after that start, and whether it
# still comes to its end. One scenario a run: argv is its name, and how many pairs of cuts.
import gc
import json
import random
import sys
from binascii import hexlify, unhexlify

from cutworld import DISK, NAME, Board, Node, believed, owners, serve, sha256
from flashsim import ALL, HALF, NOTHING, PowerCut
from wasmote import fs, store, trust
from wasmote.storeindex import Layout
from wasmote.update.versions import OLD, TRIAL

# Slots of index and trust state, and blocks of 512 bytes for data
SLOTS = 4 * Layout(0, 512).slot
ROOM, LITTLE_ROOM = 48, 26

with open("cuts.json") as f:
    _given = json.load(f)
BUNDLES = {
    name: {file: unhexlify(data) for file, data in files.items()}
    for name, files in _given["bundles"].items()
}
KEYSETS = [(unhexlify(data), unhexlify(signatures)) for data, signatures in _given["keysets"]]
DIGESTS = {name: sha256(files["manifest.json"]) for name, files in BUNDLES.items()}
BY_DIGEST = {DIGESTS[name]: files for name, files in BUNDLES.items()}
ADDS = _given["adds"]  # what each bundle's agent adds


def web():
    files = {}
    for name, bundle in BUNDLES.items():
        for file, data in bundle.items():
            files["/%s/%s" % (name, file)] = data
    for i, (data, signatures) in enumerate(KEYSETS):
        files["/keys/keyset.%d.json" % (i + 1)] = data
        files["/keys/keyset.%d.sig" % (i + 1)] = signatures
    return files


def wish(name=None, keysets=None):
    wanted = {"format": 1, "agents": {}}
    if name:
        manifest = str(hexlify(DIGESTS[name]), "utf-8")
        wanted["agents"][NAME] = {"manifest": manifest, "url": "http://h/%s/" % name}
    if keysets:
        wanted["keysets"] = {"version": keysets, "url": "http://h/keys/"}
    return json.dumps(wanted).encode()


# What a board has before: `held`: suffix -> bundle; `folder`: a bundle in the file system.
def board(room, held, folder=None, keysets=1):
    it = Board(bytes(SLOTS + room * 512))
    it.power_on()
    with open(DISK + "/x.bin", "wb") as f:
        f.write(b"WMSF\1\0\0\0\1\0\0\0\x64\0\0\0" + bytes(range(100)))
    for data, signatures in KEYSETS[:keysets]:
        trust.default().take_keyset(data, signatures)
    for suffix, name in held.items():
        for data in BUNDLES[name].values():
            store.default().put_whole(data)
        store.default().hold(
            NAME + suffix, {file: sha256(data) for file, data in BUNDLES[name].items()}
        )
    if folder:
        import os

        os.mkdir(DISK + "/agents")
        os.mkdir(DISK + "/agents/" + NAME)
        for file, data in BUNDLES[folder].items():
            with open("%s/agents/%s/%s" % (DISK, NAME, file), "wb") as f:
                f.write(data)
    it.power_off()
    return it


# `may`: what may run after a cut, None: nothing. `work(board)`: one power's life; `goal(node)`.
class Scenario:
    starts = 1  # how often the node may start until it has come to its end
    trial_runs = 3

    def __init__(self, before, may, desired, goal):
        self.before = before
        self.may = [name and DIGESTS[name] for name in may]
        self.desired = desired
        self.goal = goal

    def live(self, board):
        node = Node(self.trial_runs)
        try:
            node.open()
            node.work(board.power, self.desired, self.goal)
        finally:
            node.worker.close()


def confirmed(name):
    def goal(node):
        agent = node.worker.agent
        return (
            agent is not None
            and not node.worker.trial
            and agent.digest == DIGESTS[name]
            and node.worker.versions.digest() == agent.digest
        )

    return goal


# `bad` has been here, and `name` runs.
def back(name, bad):
    def goal(node):
        return (
            confirmed(name)(node)
            and trust.default().is_bad(DIGESTS[bad])
            and not node.worker.versions.digest(TRIAL)
        )

    return goal


def keyset(version, running):
    def goal(node):
        agent = node.worker.agent
        held = store.default().owners()
        return (
            trust.default().keyset_version == version
            and "keyset.new" not in held
            and agent is not None
            and agent.digest == DIGESTS[running]
        )

    return goal


# The board starts again and again during a trial that does not end: three times, no more.
class Starts(Scenario):
    starts = 4
    trial_runs = 100000

    def live(self, board):
        for _ in range(self.starts):
            node = Node(self.trial_runs)
            try:
                node.open()
                if node.worker.trial:
                    self.tried += 1
                if board.power.dead:
                    raise PowerCut
                if self.goal(node):
                    return
            finally:
                node.worker.close()
            board.power_off()
            left = board.power._at - board.power.operations
            operations, share = board.power.operations, board.power._share
            board.power_on(left if left > 0 else -1, share)
            board.power.operations = 0
            self.operations += operations


# First key set and lock, as over the serial port.
class Provision(Scenario):
    def live(self, board):
        it = trust.default()
        data, signatures = KEYSETS[0]
        it.take_keyset(data, signatures)
        it.lock()
        super().live(board)


def scenarios():
    one = {"": "one"}
    two = wish("two")
    yield "update", Scenario(board(ROOM, one), ["one", "two"], two, confirmed("two"))
    yield "from-folder", Scenario(board(ROOM, {}, "one"), ["one", "two"], two, confirmed("two"))
    yield "little-room", Scenario(
        board(LITTLE_ROOM, {OLD: "zero", "": "one"}), ["one", "two"], two, confirmed("two")
    )
    yield "first", Scenario(board(ROOM, {}), [None, "two"], two, confirmed("two"))
    yield "again-the-old", Scenario(
        board(ROOM, {OLD: "two", "": "one"}), ["one", "two"], two, confirmed("two")
    )
    yield "current-is-broken", Scenario(
        board(ROOM, {OLD: "one", "": "strange"}), ["one", "two"], two, confirmed("two")
    )
    yield "trap", Scenario(board(ROOM, one), ["one", "trap"], wish("trap"), back("one", "trap"))
    yield "golden", Scenario(
        board(ROOM, one), ["one", "golden"], wish("golden"), back("one", "golden")
    )
    yield "goes-bad", Scenario(
        board(ROOM, {OLD: "one", "": "later"}), ["one", "later"], None, back("one", "later")
    )
    yield "rotation", Scenario(
        board(ROOM, {OLD: "zero", "": "second"}),
        ["second", "zero"],
        wish(keysets=3),
        keyset(3, "zero"),
    )
    yield "rotation-and-update", Scenario(
        board(ROOM, {"": "second"}), ["second", "two", None], wish("two", 3), confirmed("two")
    )
    yield "locking", Provision(
        board(ROOM, one, keysets=0), ["one"], None, lambda node: trust.default().locked
    )
    trial = board(ROOM, {"": "one", TRIAL: "two"})
    trial.power_on()
    trust.default().taken(NAME, 2, DIGESTS["two"])
    trial.power_off()
    yield "starts", Starts(trial, ["one", "two"], None, back("one", "two"))


# A life until its end or the cut. True: it was cut.
def live(scenario, board, n=-1, share=NOTHING):
    board.power_on(n, share)
    try:
        scenario.live(board)
        return False
    except (PowerCut, OSError):
        if not board.power.dead:
            raise
        return True
    finally:
        board.power_off()


# A start after a cut: what is there, and what runs. It is none of the board's own starts.
def look(scenario, board):
    board.power_on()
    board.check_records()
    board.power_off()
    board = board.copy()
    board.power_on()
    if store.default() is None or trust.default() is None:
        raise AssertionError("bricked: %s, %s" % (store.problem, trust.problem))
    believed()
    node = Node(scenario.trial_runs)
    try:
        node.open()
        agent = node.worker.agent
        if (agent and agent.digest) not in scenario.may:
            raise AssertionError("what runs is none of them: %s" % node.said)
        if agent:
            name = [n for n in DIGESTS if DIGESTS[n] == agent.digest][0]
            if agent.infer(b"\7")[0] != 7 + ADDS[name]:
                raise AssertionError("%s gives another answer" % name)
        if store.default().check():
            raise AssertionError("data that is not what it was")
        owners(BY_DIGEST)
    finally:
        node.worker.close()
        board.power_off()


def state_of(board):
    board.power_on()
    try:
        return owners(BY_DIGEST), believed(), fs.exists("/agents/%s/manifest.json" % NAME)
    finally:
        board.power_off()


def check(scenario, cuts, end):
    gc.collect()
    scenario.tried = scenario.operations = 0
    it = scenario.before.copy()
    for n, share in cuts:
        if not live(scenario, it, n, share):
            return False
        look(scenario, it)
    for _ in range(scenario.starts):
        if not live(scenario, it) and state_of(it) == end:
            break
    got = state_of(it)
    if got != end:
        raise AssertionError("it ends as %s, not %s" % (got, end))
    if isinstance(scenario, Starts) and scenario.tried > 3:
        raise AssertionError("%d starts" % scenario.tried)
    return True


def run(name, pairs):
    scenario = next(found for called, found in scenarios() if called == name)
    serve(web())
    scenario.tried = scenario.operations = 0
    whole = scenario.before.copy()
    live(scenario, whole)
    operations = scenario.operations + whole.power.operations
    end = state_of(whole)
    singles = doubles = 0

    def tried(cuts):
        try:
            return check(scenario, cuts, end)
        except Exception as e:
            print("FAIL %s, cut at %s: %s: %s" % (name, cuts, type(e).__name__, e))
            sys.print_exception(e)
            raise SystemExit(1)

    for n in range(1, operations + 1):
        for share in (NOTHING, HALF, ALL):
            singles += tried([(n, share)])
    random.seed(1)
    for _ in range(pairs):
        first, second = (random.randrange(1, operations + 1) for _ in range(2))
        shares = random.randrange(3), random.randrange(3)
        doubles += tried([(first, shares[0]), (second, shares[1])])
    print(json.dumps({"operations": operations, "cuts": singles, "pairs": doubles}))


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]))
