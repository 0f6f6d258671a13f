"""The host's side of wasmote: build, upload, run and watch agents on MicroPython boards."""
