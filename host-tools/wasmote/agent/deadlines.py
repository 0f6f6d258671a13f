"""Ends calls that outlast their deadlines: one thread for all agents of a process.

A thread for each call would take longer than a small model's inference. This one sleeps until the
earliest deadline that it knew when it went to sleep; calls that come and go meanwhile with later
ones do not wake it.
"""

import os
import threading
import time
from collections.abc import Callable

_NEVER = float("inf")


class _Call:
    __slots__ = ("expire", "until")

    def __init__(self, until: float, expire: Callable[[], object]) -> None:
        self.until = until
        self.expire = expire


class Deadlines:
    """Thread-safe."""

    _changed: threading.Condition
    _calls: set[_Call]
    _thread: threading.Thread | None
    _wakes_at: float
    _last_s: float

    def __init__(self) -> None:
        self._start_anew()
        # A forked child has neither the thread nor anybody who would release the lock.
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._start_anew)

    def begin(self, seconds: float, expire: Callable[[], object]) -> _Call:
        """Calls `expire` in so many seconds, unless `end` gets what this returns before."""
        call = _Call(time.monotonic() + seconds, expire)
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            self._calls.add(call)
            self._last_s = seconds
            if call.until < self._wakes_at:
                self._changed.notify()
        return call

    def end(self, call: _Call) -> None:
        """From here on `expire` is not called any more."""
        with self._changed:
            self._calls.discard(call)

    def _start_anew(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._calls = set()
        self._thread = None
        self._wakes_at = 0.0
        self._last_s = 0.0

    def _watch(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for call in [call for call in self._calls if call.until <= now]:
                    self._calls.remove(call)
                    call.expire()
                self._wakes_at = self._next(now)
                seconds = None if self._wakes_at == _NEVER else self._wakes_at - now
                self._changed.wait(seconds)

    def _next(self, now: float) -> float:
        """When to look again. Where calls came since the last look, more are likely to come."""
        if self._calls:
            return min(call.until for call in self._calls)
        last_s, self._last_s = self._last_s, 0.0
        return now + last_s if last_s else _NEVER


DEADLINES = Deadlines()
