# Wi-Fi as a station: joins the network that the configuration names, and joins it again when it
# was away. Ports differ in what they do of that by themselves, so this asks them only whether
# there is a connection, and begins anew when there was none for `network.timeout_s`.
import asyncio
import time

from micropython import const

from . import names

_POLL_MS = const(100)
_HINTS = (
    ("STAT_NO_AP_FOUND", "no network of this name"),
    ("STAT_WRONG_PASSWORD", "the password is refused"),
    ("STAT_HANDSHAKE_TIMEOUT", "the password may be wrong"),
)


# `network`: the module. `options`: those of the configuration. `log(text)`: a line for people,
# which never holds the password.
class Station:
    def __init__(self, network, options, log):
        self._nic = names.nic = network.WLAN()
        self._hints = {getattr(network, n): text for n, text in _HINTS if hasattr(network, n)}
        self._options = options
        self._log = log
        self._up = False
        self._since = time.ticks_ms()  # the last change, or the last try
        self._nic.active(True)
        self._join()

    # Until there is an address, or for `network.timeout_s`.
    async def up(self):
        while self._look() == 0:
            await asyncio.sleep_ms(_POLL_MS)

    # For ever.
    async def keep(self):
        while True:
            self._look()
            await asyncio.sleep_ms(_POLL_MS)

    # 1: connected. 0: not yet. -1: not within the time, and begun anew.
    def _look(self):
        now = time.ticks_ms()
        up = self._nic.isconnected()
        if up != self._up:
            self._up, self._since = up, now
            self._log("network " + (self._nic.ifconfig()[0] if up else "lost"))
        if up:
            return 1
        if time.ticks_diff(now, self._since) <= self._options["timeout_s"] * 1000:
            return 0
        self._since = now
        self._complain()
        self._leave()
        self._join()
        return -1

    def _complain(self):
        hint = self._hints.get(self._nic.status())
        text = "error: network: %r not joined in %d s" % (
            self._options["ssid"],
            self._options["timeout_s"],
        )
        self._log(text + (": " + hint if hint else ""))

    # What is under way: some ports do not begin another beside it.
    def _leave(self):
        try:
            self._nic.disconnect()
        except OSError:
            pass

    def _join(self):
        try:
            self._nic.connect(self._options["ssid"], self._options["password"])
        except OSError as e:
            self._log("error: network: %s" % e)
