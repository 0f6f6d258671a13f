"""`wasmote provision`: where a board belongs and what it needs to get there, in one step."""

import getpass
import json as jsons
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from wasmote.cli.output import JsonOption, Output
from wasmote.errors import UsageError
from wasmote.links import configuration, connected, mqtt, trust

KINDS = ("lan", "wifi", "serial", "none")
_FILE_MAX = 8192

SecretFile = Annotated[Path | None, typer.Option(help="A file that holds it; left out: asked for.")]


def provision(
    device: Annotated[str, typer.Option("--device", "-d", help="As mpremote names them.")] = "auto",
    site: Annotated[str, typer.Option(help="Identifier: a-z, 0-9, -.")] = "",
    node: Annotated[str, typer.Option(help="Identifier: a-z, 0-9, -.")] = "",
    broker: Annotated[str, typer.Option(help="host or host:port (1883).")] = "",
    user: Annotated[str, typer.Option(help="As whom the broker knows it.")] = "",
    password_file: SecretFile = None,
    wifi: Annotated[str, typer.Option(metavar="SSID", help="The network to join.")] = "",
    wifi_password_file: SecretFile = None,
    network: Annotated[str, typer.Option(help=", ".join(KINDS) + ".")] = "",
    config: Annotated[
        Path | None, typer.Option(help="A JSON file whose entries go first, such as agents.")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Show the present configuration.")] = False,
    lock: Annotated[
        bool, typer.Option("--lock", help="Lock it for good then: nothing unsigned, no prompt.")
    ] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Soft-reset the device then.")] = False,
    json: JsonOption = False,
) -> None:
    """Write site, node, network and broker into a device's configuration; what is not named stays.

    The device checks all of it before it counts, and keeps the old one where it refuses. Passwords
    come from files or are asked for, and are never shown. --lock wants a key set on the device
    (wasmote keys provision) and signed agents; only erasing its flash unlocks.
    """
    out = Output(json)
    given = [site, node, broker, user, password_file, wifi, wifi_password_file, network, config]
    if show == (any(given) or lock):
        raise UsageError("name what is to be written, or --show alone; --help lists it")
    changes = _read_config(config) if config else {}
    changes |= {key: value for key, value in (("site", site), ("node", node)) if value}
    _into(changes, "network", _network(network, wifi, wifi_password_file))
    _into(changes, "mqtt", _mqtt(broker, user, password_file))
    if network == "serial":
        _into(changes, "mqtt", {}, always=True)
    with connected(device) as link:
        if show:
            found = configuration.show(link)
            out.say(_pretty(found) if found else f"{link.name}: no {configuration.PATH}")
            out.data({"device": link.name, "config": found})
            return
        found = configuration.stage(link, changes)
        out.say(_pretty(found))
        configuration.commit(link)
        out.say(f"{link.name}: written to {configuration.PATH}")
        if lock:
            trust.lock(link)
            out.say(f"{link.name}: locked")
        if restart:
            link.restart()
    if not found.get("agents"):
        out.say("it has no agents yet: the node starts once `agents` names some (--config)")
    out.data({"device": link.name, "config": found})


def _pretty(config: dict[str, Any]) -> str:
    return jsons.dumps(config, indent=2, sort_keys=True, ensure_ascii=False)


def _into(changes: dict[str, Any], key: str, more: dict[str, Any], always: bool = False) -> None:
    """Joins `more` with what the file says under `key`."""
    if more or always:
        before = changes.get(key)
        changes[key] = (before if isinstance(before, dict) else {}) | more


def _network(kind: str, ssid: str, password_file: Path | None) -> dict[str, Any]:
    """Secrets of a network that is not used any more do not stay."""
    if kind and kind not in KINDS:
        raise UsageError(f"--network: {kind!r} is none of {', '.join(KINDS)}")
    if ssid and kind not in ("", "wifi"):
        raise UsageError(f"--wifi {ssid}: not with --network {kind}")
    if ssid:
        secret = _secret(f"password of the Wi-Fi {ssid}", "--wifi-password-file", password_file)
        return {"kind": "wifi", "ssid": ssid, configuration.SECRET: secret}
    if password_file:
        raise UsageError("--wifi-password-file: needs --wifi")
    if kind and kind != "wifi":
        return {"kind": kind, "ssid": None, configuration.SECRET: None}
    return {"kind": kind} if kind else {}


def _mqtt(broker: str, user: str, password_file: Path | None) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if broker:
        changes["host"], changes["port"] = mqtt.parse_address(broker)
    if password_file and not user:
        raise UsageError("--password-file: needs --user")
    if user:
        secret = _secret(f"password of {user} at the broker", "--password-file", password_file)
        changes |= {"user": user, configuration.SECRET: secret}
    return changes


def _secret(what: str, option: str, file: Path | None) -> str | None:
    """From its file, without the end of its line, or asked for; None where it is empty."""
    if file:
        return _read(file).removesuffix("\n").removesuffix("\r") or None
    if not sys.stdin.isatty():
        raise UsageError(f"{what}: no terminal to ask on: name its file with {option}")
    return getpass.getpass(f"{what} (empty: none): ") or None


def _read(file: Path) -> str:
    """A small text file; what stands in it is quoted in no error."""
    try:
        with file.open("rb") as opened:
            data = opened.read(_FILE_MAX + 1)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    if len(data) > _FILE_MAX:
        raise UsageError(f"{file}: more than {_FILE_MAX} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise UsageError(f"{file}: not UTF-8") from None


def _read_config(file: Path) -> dict[str, Any]:
    try:
        found = jsons.loads(_read(file))
    except jsons.JSONDecodeError as error:
        raise UsageError(f"{file}: line {error.lineno}, column {error.colno}: no JSON") from None
    if not isinstance(found, dict):
        raise UsageError(f"{file}: no object")
    return found
