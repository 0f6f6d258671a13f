# Restarts a board that hangs, SPEC.md 11.5. Starts after it has bitten are counted, until an agent
# has run for a while or somebody else restarts the board.
import asyncio
import time

from micropython import const

from . import fs

try:
    import machine
except ImportError:
    machine = None

HANGS = const(3)  # in a row, after which a start is another
_FILE = "/wasmote.hangs"
_LOCKED_S = const(30)  # a look-up of a name blocks for less
_SHORT_S = const(8)  # all that some chips have
_FEED_MS = const(500)
_HEALTHY = const(10)  # times its time-out

_wdt = None


# For those who take long without the loop.
def feed():
    if _wdt:
        _wdt.feed()


class Watchdog:
    # `seconds`: of the configuration, None where it does not say.
    def __init__(self, seconds, locked, log):
        choice = (seconds,)
        if seconds is None:
            # Nothing stops it again: a prompt would end in a reset.
            choice = (_LOCKED_S, _SHORT_S) if locked and hasattr(machine, "WDT") else (0,)
        self._ms = 0
        self._log = log
        self.hangs = 0
        if choice[0]:
            self._begin(choice)

    def _begin(self, choice):
        global _wdt
        for seconds in choice:
            try:
                _wdt = machine.WDT(timeout=seconds * 1000)
                self._ms = seconds * 1000
                break
            except (AttributeError, ValueError) as e:
                problem = e
        if not self._ms:
            self._log("error: no watchdog: %s" % problem)
            return
        if machine.reset_cause() == machine.WDT_RESET:
            self.hangs = min(HANGS, self._read() + 1)
            self._log("error: the board hung, and was restarted (%d)" % self.hangs)
        self._write(self.hangs)

    def _read(self):
        try:
            return int(fs.read(_FILE, 4))
        except (OSError, ValueError):
            return 0

    def _write(self, count):
        if count != self._read():
            try:
                fs.write_atomic(_FILE, b"%d" % count)
            except OSError as e:
                self._log("error: watchdog: %s" % e)

    # This start shows nothing about the versions that are not on trial.
    def pass_over(self):
        if self.hangs:
            self.hangs -= 1
            self._write(self.hangs)

    def clear(self):
        self.hangs = 0
        if self._ms:
            self._write(0)

    # Until cancelled. `is_fine()`: whether an agent is at work.
    async def run(self, is_fine):
        since = time.ticks_ms()
        while self._ms:
            feed()
            now = time.ticks_ms()
            if not is_fine():
                since = now
            elif self.hangs and time.ticks_diff(now, since) > _HEALTHY * self._ms:
                self.clear()
            await asyncio.sleep_ms(_FEED_MS)
