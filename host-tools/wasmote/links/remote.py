"""Running an agent on a device: inputs go over as a file, outputs come back as lines."""

import itertools
from collections.abc import Iterator
from pathlib import PurePosixPath

from wasmote.errors import DeviceError
from wasmote.links import bundles, files
from wasmote.links.base import Link

# At most so many bytes of inputs lie on the device at a time (one input in any case).
FILE_BYTES = 65536
INFER_TIMEOUT_S = 300
FILE = "/inputs.tmp"
_RUN = """
import binascii, wasmote
_agent = wasmote.Agent({path!r})
_input = bytearray({size})
with open({file!r}, "rb") as _f:
    for _ in range({count}):
        _f.readinto(_input)
        print(binascii.hexlify(_agent.infer(_input)).decode())
_agent.close()
"""


def infer(link: Link, agent: str, inputs: list[bytes]) -> list[bytes]:
    """The outputs of an agent on a device. `agent` is its name there, or a bundle's folder here,
    whose last part is that name.
    """
    path = f"{link.root}{bundles.FOLDER}/{PurePosixPath(agent).name}"
    answers: list[bytes] = []
    try:
        for batch in _batches(inputs):
            answers += _infer_batch(link, path, batch)
    finally:
        files.remove(link, FILE)
    return answers


def _batches(inputs: list[bytes]) -> Iterator[list[bytes]]:
    for size, same in itertools.groupby(inputs, len):
        rest = list(same)
        count = max(1, FILE_BYTES // max(1, size))
        for start in range(0, len(rest), count):
            yield rest[start : start + count]


def _infer_batch(link: Link, path: str, batch: list[bytes]) -> list[bytes]:
    link.write(FILE, b"".join(batch))
    code = _RUN.format(path=path, size=len(batch[0]), file=link.root + FILE, count=len(batch))
    said = link.exec(code, INFER_TIMEOUT_S)
    try:
        answers = [bytes.fromhex(line) for line in said.split()]
    except ValueError:
        answers = []
    if len(answers) != len(batch):
        raise DeviceError(f"{link.name}: {path}: not outputs: {said[-200:]!r}")
    return answers
