"""Hardware in the loop: benches of emulated and real boards, and reports of what they did."""

from wasmote.hil.bench import Bench, Place
from wasmote.hil.devices import Device

__all__ = ["Bench", "Device", "Place"]
