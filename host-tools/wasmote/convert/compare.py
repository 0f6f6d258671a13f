"""Counts where the reference and onnxruntime answer differently; the reference is the definition.

onnxruntime multiplies by binary32 scales and rounds once, ties to even, so that some outputs are
one step apart. Its optimisations are off: they replace what the file says by integer kernels that
depend on the processor.
"""

import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wasmote.convert.errors import ConvertError
from wasmote.convert.ir import Array, Tensor
from wasmote.convert.load import is_onnx
from wasmote.convert.reference import Model

_SAMPLES = 16
# Enough for a second or so of numpy.
_MACS = 1 << 28


@dataclass(frozen=True)
class Difference:
    """How many of all output elements differ, how many of these by more than one step of their
    scale, and by how many at most."""

    differing: int
    far: int
    elements: int
    largest: int
    samples: int

    def __str__(self) -> str:
        most = f" ({self.far} by more than 1, the most by {self.largest})" if self.differing else ""
        return (
            f"{self.differing} of {self.elements} outputs differ from onnxruntime{most} "
            f"over {self.samples} random inputs"
        )


def with_onnxruntime(path: Path, model: Model) -> tuple[Difference | None, str]:
    """Figures of a model that was read from `path`, and what to say of them; for .onnx files."""
    if not is_onnx(path):
        return None, ""
    if importlib.util.find_spec("onnxruntime") is None:
        return None, "onnxruntime is not installed: its outputs were not compared"
    try:
        found = compare(path.read_bytes(), model)
    except ConvertError as error:
        return None, str(error)
    return found, str(found)


def compare(data: bytes, model: Model, samples: int | None = None, seed: int = 0) -> Difference:
    """Runs an .onnx file and the model made of it over the same random inputs."""
    count = samples or max(1, min(_SAMPLES, _MACS // max(1, model.macs)))
    rng = np.random.default_rng(seed)
    session = _Session(data)
    gaps: list[Array] = []
    for _ in range(count):
        given = [_random(rng, tensor) for tensor in _tensors(model, model.graph.inputs)]
        made = _tensors(model, model.graph.outputs)
        theirs = session.run(_tensors(model, model.graph.inputs), given)
        for tensor, ours, other in zip(made, model.run(given), theirs, strict=True):
            wanted = _steps(other, tensor)
            if wanted.shape != ours.shape:
                raise ConvertError(
                    f"{tensor}: onnxruntime's shape is {list(wanted.shape)}, not {list(ours.shape)}"
                )
            gaps.append(np.abs(ours.astype(np.int64) - wanted).reshape(-1))
    every = np.concatenate(gaps)
    differing, far = int((every > 0).sum()), int((every > 1).sum())
    return Difference(differing, far, every.size, int(every.max()), count)


def _tensors(model: Model, indices: Sequence[int]) -> list[Tensor]:
    return [model.graph.tensors[index] for index in indices]


def _random(rng: np.random.Generator, tensor: Tensor) -> Array:
    info = np.iinfo(tensor.dtype.numpy)
    return rng.integers(info.min, info.max + 1, tensor.shape).astype(tensor.dtype.numpy)


def _steps(values: Array, tensor: Tensor) -> Array:
    """What onnxruntime answered, in steps of our scale."""
    if values.dtype.kind != "f" or tensor.quant is None:
        return values.astype(np.int64)
    info = np.iinfo(tensor.dtype.numpy)
    scale, zero_point = tensor.quant.scales[0], tensor.quant.zero_points[0]
    places = np.rint(values / np.float32(scale)).astype(np.float64) + zero_point
    steps: Array = np.clip(places, info.min, info.max).astype(np.int64)
    return steps


class _Session:
    """An .onnx file in onnxruntime."""

    def __init__(self, data: bytes) -> None:
        import onnxruntime  # noqa: PLC0415 (only there where somebody has installed it)

        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        with _asking():
            self.session = onnxruntime.InferenceSession(
                data, options, providers=["CPUExecutionProvider"], enable_fallback=0
            )

    def run(self, tensors: Sequence[Tensor], given: Sequence[Array]) -> list[Array]:
        """One inference; int8 inputs become the real numbers that the file takes."""
        feed = {}
        for place, tensor, values in zip(self.session.get_inputs(), tensors, given, strict=True):
            feed[place.name] = values
            if place.type == "tensor(float)" and tensor.quant is not None:
                centred = values.astype(np.float32) - np.float32(tensor.quant.zero_points[0])
                with np.errstate(over="ignore"):
                    feed[place.name] = np.asarray(centred * np.float32(tensor.quant.scales[0]))
        with _asking():
            made: list[Array] = self.session.run(None, feed)
        return made


@contextmanager
def _asking() -> Iterator[None]:
    """What onnxruntime raises within is a ConvertError outside."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state  # noqa: PLC0415

    errors = (
        *(state.Fail, state.InvalidArgument, state.InvalidGraph),
        *(state.NotImplemented, state.RuntimeException),
        ValueError,  # a name in the file that is not UTF-8
    )
    try:
        yield
    except errors as error:
        raise ConvertError(f"onnxruntime cannot run this file: {error}") from None
