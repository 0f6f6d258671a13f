"""A node on an emulated board, started and stopped."""

from collections.abc import Iterator
from contextlib import contextmanager

from wasmote.demo.results import parse_done
from wasmote.links import connected, files
from wasmote.links.lines import SerialLines
from wasmote.sim import Simulator


@contextmanager
def node(running: Simulator) -> Iterator[SerialLines]:
    """The node, restarted, and its lines; it is stopped and its main.py removed at the end."""
    lines = SerialLines(running.port)
    try:
        lines.restart()
        yield lines
    finally:
        lines.close()
        with connected(running.port) as link:
            files.remove(link, "/main.py")


def done(lines: SerialLines, timeout_s: float) -> dict[str, int]:
    counts = parse_done(lines.wait("wasmote: done ", timeout_s)[-1])
    assert counts is not None
    return counts
