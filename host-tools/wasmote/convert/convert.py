"""From a model file to everything that an agent is made of."""

from pathlib import Path

from wasmote.convert import arena, reference
from wasmote.convert.errors import ConvertError
from wasmote.convert.load import load
from wasmote.convert.lower import lower
from wasmote.convert.project import Converted


def convert(path: Path) -> Converted:
    """Reads, checks, plans and lowers a model; ConvertError names file, layer, reason, way out."""
    graph = load(path)
    try:
        model = reference.prepare(graph)
        planned = arena.plan(model)
        return Converted(model, planned, lower(model, planned))
    except ConvertError as error:
        raise ConvertError(f"{path}: {error}") from None
