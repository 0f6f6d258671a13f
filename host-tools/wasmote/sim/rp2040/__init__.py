"""An emulated RP2040 with its real boot ROM, its flash in a file and its USB on this machine.

`python -m wasmote.sim.rp2040` is the program that `wasmote sim` starts, as it starts QEMU.
"""
