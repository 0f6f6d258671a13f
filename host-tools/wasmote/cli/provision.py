"""`wasmote provision`: where a board belongs and what it needs to get there, in one step."""

import getpass
import json as jsons
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from wasmote.cli.output import JsonOption, Output
from wasmote.errors import UsageError
from wasmote.links import configuration, connected, mqtt, tls_files, trust

KINDS = ("lan", "wifi", "serial", "none")
_FILE_MAX = 8192

SecretFile = Annotated[Path | None, typer.Option(help="A file that holds it; left out: asked for.")]


def provision(
    device: Annotated[str, typer.Option("--device", "-d", help="As mpremote names them.")] = "auto",
    site: Annotated[str, typer.Option(help="Identifier: a-z, 0-9, -.")] = "",
    node: Annotated[str, typer.Option(help="Identifier: a-z, 0-9, -.")] = "",
    broker: Annotated[str, typer.Option(help="host or host:port (1883; TLS: 8883).")] = "",
    user: Annotated[str, typer.Option(help="As whom the broker knows it.")] = "",
    password_file: SecretFile = None,
    tls_ca: Annotated[
        Path | None, typer.Option(help="TLS: who signs brokers' certificates (PEM, DER).")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="The node's certificate.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key.")] = None,
    tls_server_name: Annotated[
        str, typer.Option(help="Whom the broker's certificate is for, if not its host.")
    ] = "",
    no_tls: Annotated[bool, typer.Option("--no-tls", help="MQTT in the clear.")] = False,
    update_ca: Annotated[
        Path | None,
        typer.Option(help="Updates by https:// alone: who signs web servers' certificates."),
    ] = None,
    ntp: Annotated[str, typer.Option(help="Who knows the date: host or host:port (123).")] = "",
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
    """Write site, node, network, broker into a device's configuration; what is not named stays.

    The device checks all of it before it counts, and keeps the old one where it refuses. Passwords
    come from files or are asked for, and are never shown, nor are keys. --lock wants a key set on
    the device (wasmote keys provision) and signed agents; only erasing its flash unlocks.
    """
    out = Output(json)
    secrets = {"tls-ca": tls_ca, "tls-cert": tls_cert, "tls-key": tls_key, "update-ca": update_ca}
    given: list[object] = [site, node, broker, user, password_file, network, config, ntp, lock]
    given += [wifi, wifi_password_file, *secrets.values(), tls_server_name, no_tls]
    if show == any(given):
        raise UsageError("name what is to be written, or --show alone; --help lists it")
    changes = _read_config(config) if config else {}
    changes |= {key: value for key, value in (("site", site), ("node", node)) if value}
    _into(changes, "network", _network(network, wifi, wifi_password_file))
    _into(changes, "network", {"ntp": ntp} if ntp else {})
    _into(changes, "mqtt", _mqtt(broker, user, password_file))
    shown = _tls_files(secrets)
    _into(changes, "mqtt", _tls(shown, tls_server_name, no_tls))
    _into(changes, "update", _update(shown))
    if network == "serial":
        _into(changes, "mqtt", {}, always=True)
    with connected(device) as link:
        if show:
            found = configuration.show(link)
            out.say(_pretty(found) if found else f"{link.name}: no {configuration.PATH}")
            out.data({"device": link.name, "config": found})
            return
        if shown:
            tls_files.put(link, ((_kind(name), data) for name, data in shown.items()))
            tls_files.seed(link)
        try:
            found = configuration.stage(link, changes)
            out.say(_pretty(found))
            configuration.commit(link)
        finally:
            if shown or no_tls:
                tls_files.sweep(link, configuration.show(link))
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
        changes["host"], port = mqtt.parse_address(broker)
        changes["port"] = port if ":" in broker else None  # whichever the node takes
    if password_file and not user:
        raise UsageError("--password-file: needs --user")
    if user:
        secret = _secret(f"password of {user} at the broker", "--password-file", password_file)
        changes |= {"user": user, configuration.SECRET: secret}
    return changes


def _kind(option: str) -> str:
    return option.rpartition("-")[2]


def _tls_files(named: dict[str, Path | None]) -> dict[str, bytes]:
    """What stands in them, by their options, once it is looked at."""
    if (named["tls-cert"] is None) != (named["tls-key"] is None):
        raise UsageError("--tls-cert and --tls-key: both or none")
    found = {}
    for option, file in named.items():
        if file:
            found[option] = _read_bytes(file)
            try:
                tls_files.check(_kind(option), found[option])
            except UsageError as error:
                raise UsageError(f"--{option} {file}: {error}") from None
    return found


def _tls(shown: dict[str, bytes], server_name: str, off: bool) -> dict[str, Any]:
    tls: dict[str, Any] = {
        _kind(option): tls_files.path_of(_kind(option), data)
        for option, data in shown.items()
        if option.startswith("tls-")
    }
    if server_name:
        tls["server_name"] = server_name
    if off and tls:
        raise UsageError("--no-tls: not with --tls-...")
    if off:
        return {"tls": None}
    return {"tls": tls} if tls else {}


def _update(shown: dict[str, bytes]) -> dict[str, Any]:
    ca = shown.get("update-ca")
    return {"ca": tls_files.path_of("ca", ca)} if ca else {}


def _secret(what: str, option: str, file: Path | None) -> str | None:
    """From its file, without the end of its line, or asked for; None where it is empty."""
    if file:
        return _read(file).removesuffix("\n").removesuffix("\r") or None
    if not sys.stdin.isatty():
        raise UsageError(f"{what}: no terminal to ask on: name its file with {option}")
    return getpass.getpass(f"{what} (empty: none): ") or None


def _read_bytes(file: Path) -> bytes:
    """A small file; what stands in it is quoted in no error."""
    try:
        with file.open("rb") as opened:
            data = opened.read(_FILE_MAX + 1)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    if len(data) > _FILE_MAX:
        raise UsageError(f"{file}: more than {_FILE_MAX} bytes")
    return data


def _read(file: Path) -> str:
    try:
        return _read_bytes(file).decode()
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
