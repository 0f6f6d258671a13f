"""Running an agent on a device, one input after the other, through the device's Python."""

from pathlib import PurePosixPath

from wasmote.errors import DeviceError
from wasmote.links import bundles, connected
from wasmote.links.base import Link

# Inputs per call: the code that carries them must fit in a small board's heap.
BATCH_BYTES = 512
INFER_TIMEOUT_S = 60
_LOAD = """
import binascii, wasmote
_agent = wasmote.Agent({path!r})
"""
_INFER = "print(binascii.hexlify(_agent.infer(binascii.unhexlify({data!r}))).decode())"
_CLOSE = "\n_agent.close()"


def infer(device: str, agent: str, inputs: list[bytes]) -> list[bytes]:
    """The outputs of an agent on a device. `agent` is its name there, or a bundle's folder here,
    whose last part is that name.
    """
    path = f"{bundles.FOLDER}/{PurePosixPath(agent).name}"
    with connected(device) as link:
        answers: list[bytes] = []
        for batch in _batches(inputs):
            answers += _infer_batch(link, link.root + path, batch)
        return answers


def _batches(inputs: list[bytes]) -> list[list[bytes]]:
    size = max(1, BATCH_BYTES // max(1, max((len(data) for data in inputs), default=1)))
    return [inputs[start : start + size] for start in range(0, len(inputs), size)]


def _infer_batch(link: Link, path: str, batch: list[bytes]) -> list[bytes]:
    # Loaded for each batch: over some links each call is a process of its own.
    lines = [_INFER.format(data=data.hex()) for data in batch]
    said = link.exec(_LOAD.format(path=path) + "\n".join(lines) + _CLOSE, INFER_TIMEOUT_S)
    try:
        answers = [bytes.fromhex(line) for line in said.split()]
    except ValueError:
        answers = []
    if len(answers) != len(batch):
        raise DeviceError(f"{link.name}: {path}: not outputs: {said[-200:]!r}")
    return answers
