"""Device names, as mpremote writes them, and `unix:<folder>` for the unix port."""

from dataclasses import dataclass

from wasmote.errors import UsageError

FORMS = "auto, id:<serial number>, port:<path>, /dev/tty..., socket://host:port, unix:<folder>"
URL_SCHEMES = ("socket://", "rfc2217://", "loop://", "spy://", "hwgrep://", "alt://")


@dataclass(frozen=True)
class DeviceName:
    """A parsed name: `kind` is auto, id, serial or unix; `value` what follows it."""

    kind: str
    value: str = ""


def parse(text: str) -> DeviceName:
    """Tells what kind of device a name means. Raises UsageError with the forms there are."""
    if text == "auto":
        return DeviceName("auto")
    if text.startswith(("/", *URL_SCHEMES)) or (text.upper().startswith("COM") and text[3:]):
        return DeviceName("serial", text)
    prefix, colon, value = text.partition(":")
    kind = {"id": "id", "port": "serial", "unix": "unix"}.get(prefix)
    if not colon or not value or kind is None:
        raise UsageError(f"{text!r} names no device; the forms are {FORMS}")
    return DeviceName(kind, value)
