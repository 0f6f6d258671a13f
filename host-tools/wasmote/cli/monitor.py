"""`wasmote monitor`: what a device prints and what nodes publish, together."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from wasmote.cli.output import JsonOption, Output
from wasmote.errors import UsageError
from wasmote.links import lines, mqtt

Event = tuple[str, str]


def monitor(
    device: Annotated[str, typer.Option("--device", "-d", help="As mpremote names them.")] = "",
    broker: Annotated[str, typer.Option("--mqtt", help="A broker: host or host:port.")] = "",
    prefix: Annotated[str, typer.Option(help="The first part of the nodes' topics.")] = "wasmote",
    user: Annotated[str, typer.Option(help="As whom the broker knows us.")] = "",
    password_file: Annotated[Path | None, typer.Option(help="A file that holds it.")] = None,
    ca: Annotated[Path | None, typer.Option(help="TLS, with these authorities (PEM).")] = None,
    seconds: Annotated[float, typer.Option(help="Stop after so long; 0: at Ctrl-C.")] = 0,
    json: JsonOption = False,
) -> None:
    """Show a device's serial lines and nodes' MQTT messages as they come, until Ctrl-C."""
    if not device and not broker:
        raise UsageError("say what to watch: --device, --mqtt, or both")
    if bool(user) != bool(password_file) or ((user or ca) and not broker):
        raise UsageError("--user and --password-file go together, with --mqtt; so does --ca")
    password = password_file.read_text().rstrip("\r\n") if password_file else ""
    out = Output(json)
    with ExitStack() as stack:
        sources: list[Callable[[], Iterator[Event]]] = []
        if device:
            sources.append(_serial_source(device, stack))
        if broker:
            address = mqtt.parse_address(broker)
            listener = mqtt.Listener(*address, prefix, user=user, password=password, authority=ca)
            sources.append(_mqtt_source(stack.enter_context(listener)))
        end = time.monotonic() + seconds if seconds else float("inf")
        while time.monotonic() < end:
            for source in sources:
                for origin, text in source():
                    out.say(f"{origin} {text}")
                    out.data({"from": origin, "text": text})


def _serial_source(device: str, stack: ExitStack) -> Callable[[], Iterator[Event]]:
    followed = lines.follow(device)
    stack.callback(followed.close)
    return lambda: (("serial", line) for line in followed.poll())


def _mqtt_source(listener: mqtt.Listener) -> Callable[[], Iterator[Event]]:
    def events() -> Iterator[Event]:
        message = listener.next(lines.POLL_S)
        while message:
            yield message.topic, message.payload.decode(errors="replace")
            message = listener.next(0)

    return events
