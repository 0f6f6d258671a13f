"""From an .onnx file in QDQ form to the converter's graph, pass by pass: scan, parse, clean, lower,
finish."""
