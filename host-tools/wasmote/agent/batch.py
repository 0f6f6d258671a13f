"""Batches of an agent's inputs and outputs as numpy files.

A `.npy` file holds one array (batch, *shape) where the agent has one input (output), or bytes
(batch, all of them behind each other); a `.npz` file holds one such array for each tensor, by its
name in the manifest.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasmote.agent.manifest import Tensor
from wasmote.errors import MissingError, UsageError

Array = NDArray[Any]


def read(path: Path, tensors: Sequence[Tensor]) -> list[bytes]:
    """The inputs of each inference; UsageError says what does not fit the manifest."""
    try:
        found = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise MissingError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: not a file of numpy's: {error}") from None
    if isinstance(found, np.ndarray):
        return _single(path, found, tensors)
    missing = [tensor.name for tensor in tensors if tensor.name not in found]
    if missing:
        raise UsageError(f"{path}: no array {missing[0]!r}; it has {', '.join(found.files)}")
    columns = [_batch(path, found[tensor.name], tensor) for tensor in tensors]
    if len({len(column) for column in columns}) != 1:
        raise UsageError(f"{path}: its arrays are batches of different sizes")
    return [b"".join(parts) for parts in zip(*columns, strict=True)]


def _single(path: Path, array: Array, tensors: Sequence[Tensor]) -> list[bytes]:
    size = sum(tensor.nbytes for tensor in tensors)
    if array.dtype.itemsize == 1 and array.ndim == 2 and array.shape[1] == size:
        return [row.tobytes() for row in array]
    if len(tensors) > 1:
        names = ", ".join(tensor.name for tensor in tensors)
        raise UsageError(
            f"{path}: {array.dtype} {list(array.shape)}: give bytes [batch, {size}], "
            f"or an .npz with {names}"
        )
    return _batch(path, array, tensors[0])


def _batch(path: Path, array: Array, tensor: Tensor) -> list[bytes]:
    wanted = np.dtype(tensor.dtype).newbyteorder("<")
    if array.dtype != wanted or array.shape[1:] != tensor.shape:
        # A leading dimension of one may be the batch.
        if array.dtype == wanted and tensor.shape[0] == 1 and array.shape[1:] == tensor.shape[1:]:
            return [row.tobytes() for row in array]
        raise UsageError(
            f"{path}: {array.dtype} {list(array.shape)}, but {tensor.name!r} takes {tensor.dtype} "
            f"[batch, {', '.join(map(str, tensor.shape))}]"
        )
    return [row.tobytes() for row in array]


def write(path: Path, tensors: Sequence[Tensor], answers: Sequence[bytes]) -> None:
    """The outputs of each inference: one array, or an .npz where `path` ends so."""
    data = np.frombuffer(b"".join(answers), np.uint8).reshape(len(answers), -1)
    columns = {
        tensor.name: np.ascontiguousarray(data[:, tensor.offset : tensor.offset + tensor.nbytes])
        .view(np.dtype(tensor.dtype).newbyteorder("<"))
        .reshape(len(answers), *tensor.shape)
        for tensor in tensors
    }
    if path.suffix == ".npz":
        np.savez(path, **columns)
    else:
        # Through a file object, or numpy would add an ending of its own.
        with path.open("wb") as stream:
            np.save(stream, data if len(tensors) > 1 else columns[tensors[0].name])
