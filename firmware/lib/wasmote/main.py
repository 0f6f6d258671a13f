# wasmote.run: a node from its configuration file to its last line.
import asyncio
import sys

from . import fs, sensors
from .config import LIMIT, ConfigError, parse
from .node import Node


def _say(text):
    print("wasmote: " + text)


def run(path):
    node = _load(path)
    if node is None:
        return
    try:
        total = asyncio.run(node.run())
        _say(
            "done produced=%d acknowledged=%d queued=%d dropped=%d"
            % tuple(total[key] for key in ("produced", "acknowledged", "queued", "dropped"))
        )
    except KeyboardInterrupt:
        _say("interrupted")
    except MemoryError as e:
        _say("error: the heap is too small: %s" % e)
    finally:
        node.close()
        # What the loop still holds must not run in the next one.
        asyncio.new_event_loop()
    if node.restart:
        _say("restart")
        _restart()


def _load(path):
    try:
        return Node(parse(fs.read(path, LIMIT), sensors.options))
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
