"""Names on an emulated board: its own DNS server, and one that is not there.

Rerun one: .venv/bin/pytest tests/e2e/test_board_names.py -k <name>
"""

import pytest
from mqtt_support import LOOP_STOP_MS

from wasmote.links import connected
from wasmote.sim import Simulator

pytestmark = pytest.mark.timeout(120)

# QEMU's network answers for 10.0.2.3; nobody is 10.0.2.99.
PROGRAM = """
import asyncio, network, socket, time
from wasmote.links import names

nic = network.LAN()
nic.active(True)
while not nic.isconnected():
    time.sleep_ms(20)
if "{server}":
    nic.ifconfig(nic.ifconfig()[:3] + ("{server}",))
names.nic = nic
stop = 0

async def tick():
    global stop
    last = time.ticks_ms()
    while True:
        await asyncio.sleep_ms(5)
        now = time.ticks_ms()
        stop = max(stop, time.ticks_diff(now, last))
        last = now

async def main():
    task = asyncio.create_task(tick())
    await asyncio.sleep_ms(20)
    try:
        print(await names.resolve(socket, "{host}"))
    except OSError as e:
        print(e.args[1])
    await asyncio.sleep_ms(20)
    task.cancel()

asyncio.run(main())
print(stop)
"""


@pytest.mark.parametrize(
    ("server", "host", "words"),
    [
        ("", "10.0.2.2", "10.0.2.2"),
        # No answer where this machine itself has no DNS.
        ("10.0.2.3", "wasmote.invalid", "no such host|no answer from the DNS server 10.0.2.3"),
        ("10.0.2.99", "broker.lab", "no answer from the DNS server 10.0.2.99"),
        ("0.0.0.0", "broker.lab", "no DNS server"),
    ],
)
def test_name_does_not_stop_the_loop(
    running: Simulator, server: str, host: str, words: str
) -> None:
    """MicroPython's getaddrinfo blocks for 6 s to 7 s where no DNS server answers."""
    with connected(running.port) as link:
        said = link.exec(PROGRAM.format(server=server, host=host), 60).split("\n")
        link.restart()
    assert said[0].strip() in words.split("|")
    assert 0 < int(said[1]) <= LOOP_STOP_MS
    print(f"{said[0].strip()}: the loop stood still for {said[1].strip()} ms at most")
