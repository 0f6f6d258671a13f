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
        return tflite_reader.read(path.read_bytes())
    except ConvertError as error:
        raise ConvertError(f"{path}: {error}") from None
