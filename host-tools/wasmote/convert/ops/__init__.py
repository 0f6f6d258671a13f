"""The ops of the converter; REGISTRY has them all."""
