# The versions of an agent in the store, SPEC.md 11.2, each an owner: <name> runs, <name>.old ran
# before it, <name>.trial has to prove itself, <name>.new arrives. Each step from one state to the
# next is one update of the index.
from micropython import const

from .. import fs
from ..store import StoreFull

OLD = ".old"
TRIAL = ".trial"
NEW = ".new"

_STARTS = const(3)  # of the board during a trial


class Versions:
    def __init__(self, store, trust, name, path):
        self.store = store
        self.trust = trust
        self.name = name
        self.path = path

    def files(self, suffix=""):
        return self.store.owners().get(self.name + suffix, {})

    # Of the manifest; None: there is no such version.
    def digest(self, suffix=""):
        return self.files(suffix).get("manifest.json")

    def is_on_trial(self):
        return self.digest(TRIAL) is not None

    # The manifests to which going back is allowed.
    def kept(self):
        return [d for d in (self.digest(), self.digest(OLD)) if d]

    # A Writer; None: the store has the data. Where there is no room, the version before the one
    # that runs makes room.
    def put(self, size, sha256):
        try:
            return self.store.put(size, sha256)
        except StoreFull:
            if not self.digest(OLD) or not self.digest():
                raise
        self.store.release(self.name + OLD)
        return self.store.put(size, sha256)

    # `files`, all there, take the place of what runs at once, as whoever is at the prompt wants.
    # Whether the node's keys have signed them. Refused.
    def replace(self, files):
        name, trust = self.name, self.trust
        digest = files["manifest.json"]
        checked = bool(trust and trust.keyset_version and "manifest.sig" in files)
        if checked:
            data, signatures = (bytes(self.store.get(files[n])) for n in ("manifest.json", "manifest.sig"))
            given = trust.check(data, signatures, name, self.kept())
            trust.taken(name, given["sequence"], digest)
        change = {name: files, name + NEW: None, name + TRIAL: None}
        if self.digest() and self.digest() != digest:
            change[name + OLD] = self.files()
        self.store.update(change)
        if trust:
            trust.end_trial(name)
        return checked

    # A version that has arrived is on trial from here on. `running`: the digest of what runs;
    # that is what shall be kept.
    def begin_trial(self, files, sequence, running):
        name = self.name
        change = {name + TRIAL: files, name + NEW: None}
        if running and running == self.digest(OLD) and running != self.digest():
            change[name], change[name + OLD] = self.files(OLD), None
        self.trust.taken(name, sequence, files["manifest.json"])
        self.trust.end_trial(name)
        self.store.update(change)

    # Counts a start of the board. False: that was one too many.
    def count_start(self):
        try:
            return self.trust.start_trial(self.name) <= _STARTS
        except KeyError:
            return False  # nobody has taken it

    # The version on trial has proved itself.
    def confirm(self):
        name = self.name
        change = {name: self.files(TRIAL), name + TRIAL: None}
        if self.digest():
            change[name + OLD] = self.files()
        self.store.update(change)
        self.trust.end_trial(name)

    # The version on trial has not. `bad`: nor may it come again.
    def end_trial(self, bad=True):
        digest = self.digest(TRIAL)
        if bad and digest:
            self.trust.mark_bad(digest)
        self.store.release(self.name + TRIAL)
        self.trust.end_trial(self.name)

    # What runs has failed, and the version before it takes its place.
    def go_back(self):
        digest = self.digest()
        if digest:
            self.trust.mark_bad(digest)
        self.store.update({self.name: self.files(OLD), self.name + OLD: None})

    # A bundle in a folder would come before the store's: it moves there.
    def leave_folder(self, bundle):
        if not bundle.in_folder:
            return
        self.store.hold(self.name, bundle.move_in())
        fs.remove(self.path + "/manifest.json")
