# Loads the bundles of /bundles.bin (wicked_bundle.py) from a folder, and runs their golden vectors.
# The first one is good: it has to work after each of the others.
import gc
import os
import struct
import time

import wasm3
from wasmote import Agent, fs, store

FOLDER = "/agents/wicked"
GOOD = "/agents/good"
# Loads before the first look at memory: by then all that stays for good is there
WARM = 3


# What an error says, with its kind and the reason of SPEC.md 1.4; "" where there is none.
def ended(folder):
    try:
        with Agent(folder) as agent:
            if bytes(agent.infer(b"good")) != b"good":
                return "another answer"
            agent.verify()
        return ""
    except Exception as e:
        return "%s: %s: %s" % (type(e).__name__, getattr(e, "reason", ""), e)


# Bytes of Python's heap that are free when all ended as `words` say; else what was said instead.
def free_after(loads, words):
    for _ in range(loads):
        said = ended(FOLDER)
        if words not in said or bool(words) != bool(said):
            return said or "taken"
    said = None
    gc.collect()
    return gc.mem_free()


# What the pool and the store hold for agents that are there.
def held():
    kept = store.default()
    return wasm3.pool_info()[1], len(kept._pins) if kept else 0


# What is wrong after as many loads, None: nothing. What is taken once is no leak, what is taken
# twice in a row is.
def loaded(loads, words):
    free = free_after(WARM, words)
    for _ in range(2):
        if type(free) is str:
            return "%s, not %r" % (free, words)
        before, free = free, free_after(loads - WARM, words)
        if free == before:
            return None if held() == (0, 0) else "it still holds %s" % (held(),)
    return "it takes memory: %s bytes free, then %s" % (before, free)


# A bundle's name, its words and the names of its files, which it puts into `folder`; None at the
# end.
def unpack(file, folder):
    head = file.read(6)
    if not head:
        return None
    name, words, count = struct.unpack("<HHH", head)
    name, words, files = file.read(name).decode(), file.read(words).decode(), []
    for _ in range(count):
        length, size = struct.unpack("<HI", file.read(6))
        path = fs.path(folder + "/" + file.read(length).decode())
        files.append(path)
        if not size:
            os.mkdir(path)
            continue
        with open(path, "wb") as out:
            for at in range(0, size - 1, 512):
                out.write(file.read(min(512, size - 1 - at)))
    return name, words, files


# From the folder and the store, which would go on with what it has.
def clear(files):
    kept = store.default()
    if kept:
        held = kept.owners().get("wicked", {})
        kept.release("wicked")
        for sha256 in held.values():
            kept.forget(sha256)
    for path in files:
        try:
            os.remove(path)
        except OSError:
            os.rmdir(path)


# Each bundle `loads` times, as long as the time lasts. What was wrong ends it.
def run(loads, milliseconds):
    for folder in ("/agents", FOLDER, GOOD):
        try:
            os.mkdir(fs.path(folder))
        except OSError:
            pass
    start, bundles, wrong = time.ticks_ms(), 0, []
    while not wrong and time.ticks_diff(time.ticks_ms(), start) < milliseconds:
        with open(fs.path("/bundles.bin"), "rb") as file:
            unpack(file, GOOD)
            found = unpack(file, FOLDER)
            while found and len(wrong) < 20:
                name, words, files = found
                what = loaded(loads, words) or ended(GOOD)
                if what:
                    wrong.append((name, what))
                bundles += 1
                clear(files)
                found = unpack(file, FOLDER)
    return bundles, bundles * loads, wrong
