"""The MQTT broker that the demo and the tests run: mosquitto with our configuration."""

from wasmote.broker.mosquitto import Broker

__all__ = ["Broker"]
