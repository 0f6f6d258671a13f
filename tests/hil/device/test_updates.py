# What the updater does with a wish that there is no memory for. Everything else of it runs in
# tests/cuts and tests/e2e.
from devtest import equal, run
from wasmote.update.report import Report
from wasmote.update.updates import Updates


class Node:
    config = {"update": {"url": None, "ca": None}}
    workers = ()
    watchdog = None
    boot = 1
    said = []

    def log(self, text):
        self.said.append(text)


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
    equal(updates.report.content()["error"], "desired: no memory for its 4000 bytes")
    equal(Node.said, ["error: update: desired: no memory for its 4000 bytes"])


def test_what_keeps_update_url_from_answering_is_said_beside_the_rest():
    report = Report(Node(), None, "no store")
    report.polled("update.url: " + "far " * 100)
    words = report.content()["error"]
    equal(words[:22], "no store; update.url: ")
    equal(len(words), len("no store; ") + 160)
    report.polled(None)
    equal(report.content()["error"], "no store")


run(globals())
