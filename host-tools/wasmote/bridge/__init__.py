"""Boards without a network: their MQTT over the serial port, for `wasmote bridge`."""
