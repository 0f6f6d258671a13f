"""The model converter: INT8 models into a typed graph, its reference, its memory and its cost."""
