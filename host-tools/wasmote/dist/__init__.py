"""Prebuilt firmware: made by `make dist`, flashed by `wasmote flash BOARD --from`."""

from wasmote.dist.index import open_dist
from wasmote.dist.assemble import make

__all__ = ["make", "open_dist"]
