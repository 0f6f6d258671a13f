# What this board has of a network: the interface that the configuration names, sockets, TLS.
import asyncio
import time

from micropython import const

_POLL_MS = const(20)


# Brings it up; without `network.kind`, a LAN where the board has one. The link goes on trying when
# no address comes. Returns what keeps it up from then on, to be run for ever, or None.
async def up(options, log):
    try:
        import network
    except ImportError:
        network = None
    kind = options["kind"] or ("lan" if hasattr(network, "LAN") else "none")
    if kind == "wifi":
        return await _wifi_up(network, options, log)
    if kind == "lan":
        await _lan_up(network, options["timeout_s"], log)
    return None


async def _wifi_up(network, options, log):
    if not hasattr(network, "WLAN"):
        log("error: network.kind: this board has no Wi-Fi")
        return None
    from .wifi import Station

    try:
        station = Station(network, options, log)
    except OSError as e:
        log("error: network: Wi-Fi does not start: %s" % e)
        return None
    await station.up()
    return station.keep()


async def _lan_up(network, timeout_s, log):
    if not hasattr(network, "LAN"):
        log("error: network.kind: this board has no LAN")
        return
    from . import names

    nic = network.LAN()
    nic.active(True)
    start = time.ticks_ms()
    while not nic.isconnected():
        if time.ticks_diff(time.ticks_ms(), start) > timeout_s * 1000:
            log("error: network: no address in %d s" % timeout_s)
            return
        await asyncio.sleep_ms(_POLL_MS)
    names.nic = nic
    log("network %s" % nic.ifconfig()[0])


# What a link takes its socket from; None: nothing there.
def sockets(kind):
    if kind == "serial":
        from . import bridge

        return bridge.sockets()
    try:
        import socket
    except ImportError:
        return None
    return socket


def has_tls():
    try:
        import tls
    except ImportError:
        return False
    return hasattr(tls, "SSLContext")
