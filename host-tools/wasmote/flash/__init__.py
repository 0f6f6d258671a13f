"""Firmware onto boards: one verb over several flashers, which board.toml chooses.

`run` goes through the steps, `registry` names the flashers, each of which is one file.
"""

from wasmote.flash.base import Options
from wasmote.flash.run import Outcome, flash

__all__ = ["Options", "Outcome", "flash"]
