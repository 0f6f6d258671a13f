"""Emulated boards: what `wasmote sim` starts, also for tests and the demo."""

from wasmote.sim.simulator import Simulator

__all__ = ["Simulator"]
