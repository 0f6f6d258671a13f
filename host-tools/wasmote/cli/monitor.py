"""`wasmote monitor`: what a device prints and what nodes publish, together."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
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
    seconds: Annotated[float, typer.Option(help="Stop after so long; 0: at Ctrl-C.")] = 0,
    json: JsonOption = False,
) -> None:
    """Show a device's serial lines and nodes' MQTT messages as they come, until Ctrl-C."""
    if not device and not broker:
        raise UsageError("say what to watch: --device, --mqtt, or both")
    out = Output(json)
    with ExitStack() as stack:
        sources: list[Callable[[], Iterator[Event]]] = []
        if device:
            sources.append(_serial_source(device, stack))
        if broker:
            sources.append(_mqtt_source(broker, prefix, stack))
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


def _mqtt_source(broker: str, prefix: str, stack: ExitStack) -> Callable[[], Iterator[Event]]:
    listener = stack.enter_context(mqtt.Listener(*mqtt.parse_address(broker), prefix))

    def events() -> Iterator[Event]:
        message = listener.next(lines.POLL_S)
        while message:
            yield message.topic, message.payload.decode(errors="replace")
            message = listener.next(0)

    return events
