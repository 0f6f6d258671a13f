"""A model file, whatever its format, as a graph."""

from pathlib import Path

from wasmote.convert import limits, tflite_reader
from wasmote.convert.errors import ConvertError
from wasmote.convert.ir import Graph
from wasmote.errors import MissingError


def load(path: Path) -> Graph:
    """Reads `path`; ConvertError says what is wrong with its content."""
    if not path.is_file():
        raise MissingError(f"{path}: no such file")
    size = path.stat().st_size
    if size > limits.FILE_BYTES:
        raise ConvertError(f"{path}: {size} bytes; at most {limits.FILE_BYTES} are read")
    try:
        return _read(path)
    except ConvertError as error:
        raise ConvertError(f"{path}: {error}") from None


def _read(path: Path) -> Graph:
    if not is_onnx(path):
        return tflite_reader.read(path.read_bytes())
    # A tenth of a second, which every other verb is spared.
    from wasmote.convert import onnx_reader  # noqa: PLC0415

    return onnx_reader.read(path.read_bytes())


def is_onnx(path: Path) -> bool:
    """By the end of its name; whatever else it is called is taken for .tflite, which says so."""
    return path.suffix.lower() == ".onnx"
