"""`wasmote bridge`: MQTT for boards that have nothing but a serial port."""

from pathlib import Path
from typing import Annotated

import typer

from wasmote.bridge import broker as brokers
from wasmote.bridge import run, tls
from wasmote.cli.output import JsonOption, Output
from wasmote.errors import UsageError
from wasmote.links import mqtt, names
from wasmote.links.serial import serial_port


def printable(text: str) -> str:
    """What a board says, without what would steer the terminal."""
    return "".join(char if char.isprintable() or char == "\t" else "\ufffd" for char in text)


def bridge(
    ports: Annotated[list[str], typer.Argument(metavar="PORT", help="As mpremote names them.")],
    broker: Annotated[str, typer.Option(help="host or host:port (1883; with TLS 8883).")],
    tls_ca: Annotated[
        Path | None, typer.Option(help="TLS: who signed the broker's certificate (PEM, DER).")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Our certificate (PEM).")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key (PEM).")] = None,
    tls_server_name: Annotated[
        str, typer.Option(help="Whom the broker's certificate is for, if not host.")
    ] = "",
    json: JsonOption = False,
) -> None:
    """Carry the MQTT of boards on serial ports to a broker, until Ctrl-C.

    Their configuration says {"network": {"kind": "serial"}, "mqtt": {}}.
    Boards may be started before or after; any of the three may be started again.

    For each port a pty is named: mpremote and wasmote monitor can open it while
    results pass. What boards print while nobody has it open is shown here.
    """
    out = Output(json)
    devices = []
    for port in ports:
        name = names.parse(port)
        if name.kind == "unix":
            raise UsageError(f"{port!r} has no serial port; it has this machine's network")
        devices.append(serial_port(name))
    if len(set(devices)) < len(devices):
        raise UsageError("a port is named twice")
    if tls_ca:
        host, number = mqtt.parse_address(broker, mqtt.TLS_PORT)
        context = tls.context(tls_ca, tls_cert, tls_key)
        address: brokers.Address = tls.find(host, number, context, tls_server_name or host)
    elif tls_cert or tls_key or tls_server_name:
        raise UsageError("--tls-cert, --tls-key, --tls-server-name: need --tls-ca")
    else:
        address = brokers.find(*mqtt.parse_address(broker))

    def tell(port: str, kind: str, text: str) -> None:
        shown = {
            "prompt": f"bridge to {address.text}; its prompt: {text}",
            "text": f"> {printable(text)}",
        }
        out.say(f"{port}: {shown.get(kind, text)}")
        out.data({"port": port, "kind": kind, "text": text})

    run.bridge(devices, address, tell)
