# wasmote.run: a node from its configuration file to its last line.
import asyncio
import sys

from .config import ConfigError
from .node import Node


def _say(text):
    print("wasmote: " + text)


def run(path):
    node = _load(path)
    if node is None:
        return
    try:
        _tell_end(node, asyncio.run(node.run()))
    except KeyboardInterrupt:
        _say("interrupted")
    except MemoryError as e:
        _say("error: the heap is too small: %s" % e)
    finally:
        node.close()
        # What the loop still holds must not run in the next one.
        asyncio.new_event_loop()
    if node.restart:
        if node.watchdog:
            node.watchdog.clear()  # it is what restarts some boards
        _restart()


def _tell_end(node, total):
    what = "restart" if node.restart else "done"
    keys = ("produced", "acknowledged", "queued", "dropped")
    _say(what + "".join(" %s=%d" % (key, total[key]) for key in keys))


def _load(path):
    try:
        return Node.from_file(path)
    except OSError as e:
        _say("error: %s: cannot be read: %s" % (path, e))
    except ConfigError as e:
        for line in e.errors:
            _say("error: %s: %s" % (path, line))
    return None


# A board resets; a unix process ends, and whoever started it starts it again.
def _restart():
    import machine

    if hasattr(machine, "reset"):
        machine.reset()
    sys.exit()
