"""Benches: files that say which boards stand there, how they are wired and switched.

description = "what is on this desk"

[broker]                # left out: the tests start mosquitto on the host
host = "192.168.1.2"    # as boards reach it
port = 1883

[wifi]                  # for boards that have it
ssid = "lab"
password_env = "LAB_WIFI"       # the environment variable with the password; left out: none

[[board]]
name = "pico"           # unique on the bench
board = "..."           # a folder of boards/
serial = "E66138935F"   # of its USB device; or port = "/dev/ttyACM0". Emulated: neither
power = ["uhubctl", "-p", "2", "-a", "{state}"]   # state: on, off; left out: no switch
wiring = { GP26 = "half of 3V3" }                 # for people and for tests
"""

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wasmote import boards, paths
from wasmote.boards import Board
from wasmote.errors import UsageError

_BENCH: dict[str, type] = {"description": str, "broker": dict, "wifi": dict, "board": list}
_BROKER: dict[str, type] = {"host": str, "port": int}
_WIFI: dict[str, type] = {"ssid": str, "password_env": str}
_PLACE: dict[str, type] = {
    "name": str,
    "board": str,
    "serial": str,
    "port": str,
    "power": list,
    "wiring": dict,
}


@dataclass(frozen=True)
class Place:
    """One board of a bench."""

    name: str
    board: Board
    serial: str = ""
    port: str = ""
    power: tuple[str, ...] = ()
    wiring: dict[str, str] = field(default_factory=dict)

    @property
    def is_emulated(self) -> bool:
        """Whether the board is started here, instead of plugged in."""
        return not self.serial and not self.port


@dataclass(frozen=True)
class Bench:
    """A bench file's content."""

    name: str
    description: str
    places: tuple[Place, ...]
    # Where boards reach a broker that is there already; "": the tests start one.
    broker_host: str = ""
    broker_port: int = 1883
    # The network that boards with Wi-Fi join; "": none.
    ssid: str = ""
    password_env: str = ""

    def network_of(self, place: Place) -> dict[str, str]:
        """What `network` has to say in the configuration of a node there. Raises UsageError where
        the bench does not know."""
        board = place.board
        kind = board.section("network").get("kind")
        if kind == "none":
            is_process = board.section("sim").get("kind") == "process"
            return {} if is_process else {"kind": "serial"}
        if not place.is_emulated and not self.broker_host:
            raise UsageError(f"benches/{self.name}.toml: no [broker] that {place.name} reaches")
        return self._wifi() if kind == "wifi" else {}

    def _wifi(self) -> dict[str, str]:
        if not self.ssid:
            raise UsageError(f"benches/{self.name}.toml: no [wifi]")
        if not self.password_env:
            return {"kind": "wifi", "ssid": self.ssid}
        if self.password_env not in os.environ:
            raise UsageError(f"the environment has no {self.password_env}, the Wi-Fi's password")
        return {"kind": "wifi", "ssid": self.ssid, "password": os.environ[self.password_env]}

    @classmethod
    def read(cls, path: Path) -> "Bench":
        """Reads and checks a bench file. Raises UsageError: where, what, what there is."""
        shown = paths.shown(path)
        try:
            values = tomllib.loads(path.read_text())
        except FileNotFoundError:
            known = ", ".join(p.name for p in sorted(paths.BENCHES.glob("*.toml")))
            raise UsageError(f"{shown}: no such bench; in benches/ there are {known}") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise UsageError(f"{shown}: {error}") from None
        _check(f"{shown}:", values, _BENCH, ("board",))
        broker = values.get("broker", {})
        if broker:
            _check(f"{shown}: broker:", broker, _BROKER, ("host",))
        wifi = values.get("wifi", {})
        if wifi:
            _check(f"{shown}: wifi:", wifi, _WIFI, ("ssid",))
        places = [_place(f"{shown}: board {i}:", row) for i, row in enumerate(values["board"], 1)]
        names = [place.name for place in places]
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"{shown}: two boards are called {name!r}")
        return cls(
            path.stem,
            values.get("description", ""),
            tuple(places),
            broker.get("host", ""),
            broker.get("port", 1883),
            wifi.get("ssid", ""),
            wifi.get("password_env", ""),
        )


def _place(where: str, row: Any) -> Place:
    if not isinstance(row, dict):
        raise UsageError(f"{where} is no table")
    _check(where, row, _PLACE, ("name", "board"))
    board = boards.find(row["board"])
    place = Place(
        row["name"],
        board,
        row.get("serial", ""),
        row.get("port", ""),
        tuple(row.get("power", ())),
        row.get("wiring", {}),
    )
    if not place.name.replace("-", "").replace("_", "").isalnum():
        raise UsageError(f"{where} name: {place.name!r} has more than letters, digits, - and _")
    if place.serial and place.port:
        raise UsageError(f"{where} serial and port; one of them says which board it is")
    if place.is_emulated and not board.emulated:
        raise UsageError(
            f"{where} {board.name} is not emulated: say which one it is, by its USB device's "
            'serial = "..." (wasmote doctor lists them) or by port = "..."'
        )
    if place.power and not any("{state}" in word for word in place.power):
        raise UsageError(f"{where} power: no word has {{state}} in it")
    return place


def _check(where: str, values: dict[str, Any], known: dict[str, type], needed: Any) -> None:
    for key, value in values.items():
        if key not in known:
            raise UsageError(f"{where} {key}: unknown; there are {', '.join(known)}")
        if type(value) is not known[key]:
            raise UsageError(f"{where} {key}: {value!r} is no {known[key].__name__}")
        parts = value if isinstance(value, list) else ()
        if key == "power" and not all(isinstance(part, str) for part in parts):
            raise UsageError(f"{where} {key}: {value!r} has more than strings")
    for key in needed:
        if not values.get(key):
            raise UsageError(f"{where} {key} is missing")
