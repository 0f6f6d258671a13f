"""How motion-net is trained: data, network, ONNX file."""
