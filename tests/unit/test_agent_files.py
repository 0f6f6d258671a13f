"""golden.bin and sample files, by the vectors that devices read too."""

import json
from pathlib import Path
from typing import Any

import pytest

from wasmote.agent import golden, samples
from wasmote.errors import BundleError

VECTORS = Path(__file__).parents[1] / "vectors" / "files"
GOLDEN: list[dict[str, Any]] = json.loads((VECTORS / "golden.json").read_text())
SAMPLES: list[dict[str, Any]] = json.loads((VECTORS / "samples.json").read_text())


@pytest.mark.parametrize("row", GOLDEN, ids=[row["name"] for row in GOLDEN])
def test_golden_vector(row: dict[str, Any]) -> None:
    data = bytes.fromhex(row["data"])
    if row["error"]:
        with pytest.raises(BundleError, match=f"^golden.bin: .*{row['error']}"):
            golden.read(data)
    else:
        found = golden.read(data)
        assert [[a.hex(), b.hex()] for a, b in found.pairs] == row["pairs"]
        assert (found.in_bytes, found.out_bytes) == (row["in_bytes"], row["out_bytes"])
        assert golden.write(list(found.pairs)) == data


@pytest.mark.parametrize("row", SAMPLES, ids=[row["name"] for row in SAMPLES])
def test_samples_vector(row: dict[str, Any]) -> None:
    data = bytes.fromhex(row["data"])
    if row["error"]:
        with pytest.raises(BundleError, match=f"^here.bin: .*{row['error']}"):
            samples.read(data, "here.bin")
    else:
        found = samples.read(data)
        assert [[a.hex(), b.hex()] for a, b in found.records] == row["records"]
        assert (found.sample_bytes, found.label_bytes) == (row["sample_bytes"], row["label_bytes"])
        assert samples.write(list(found.records)) == data


def test_pairs_of_unequal_length_are_not_written() -> None:
    with pytest.raises(BundleError):
        golden.write([(b"ab", b"c"), (b"a", b"b")])
    with pytest.raises(BundleError):
        samples.write([(b"ab", b"c"), (b"abc", b"b")])
