# What the updater does with a wish that there is no memory for. Everything else of it runs in
# tests/cuts and tests/e2e.
from devtest import equal, run, true
from wasmote.update.updates import Updates


class Node:
    config = {"update": {"url": None, "ca": None}}
    workers = ()
    watchdog = None
    boot = 1


class Large:
    def __len__(self):
        return 4000

    def __iter__(self):
        raise MemoryError()


def test_a_wish_without_memory_is_said():
    updates = Updates(Node())
    updates._hear(memoryview(b"{}"))
    equal(updates._given, b"{}")
    updates._given = None
    updates._hear(Large())
    equal(updates._given, None)
    equal(updates._reported()["error"], "desired: no memory for its 4000 bytes")
    true(updates._changed.is_set())


run(globals())
