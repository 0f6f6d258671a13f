"""The rules of the ONNX operators; RULES has them all."""
