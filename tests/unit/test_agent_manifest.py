"""manifest.json as the host parses it, by the vectors that devices read too."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmote.agent.manifest import MAX_BYTES, Manifest, ManifestError
from wasmote.errors import BundleError

VECTORS = Path(__file__).parents[1] / "vectors" / "manifest" / "manifests.json"
ROWS: list[dict[str, Any]] = json.loads(VECTORS.read_text())
GOOD = next(row["manifest"] for row in ROWS if row["name"] == "good").encode()


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_manifest_vector(row: dict[str, Any]) -> None:
    data = row["manifest"].encode()
    if row["field"] is None:
        manifest = Manifest.parse(data)
        assert Manifest.parse(manifest.to_json()) == manifest
    else:
        with pytest.raises(ManifestError) as caught:
            Manifest.parse(data)
        assert any(path.startswith(row["field"]) for path, _ in caught.value.problems)
        assert row["field"] in str(caught.value)
        assert caught.value.exit_code == 5


def test_manifest_names_every_wrong_field_at_once() -> None:
    value = json.loads(GOOD)
    value.update(sequence=0, version="1", inputs=[{**value["inputs"][0], "scale": -1}], colour=1)
    with pytest.raises(ManifestError) as caught:
        Manifest.parse(json.dumps(value).encode())
    paths = [path for path, _ in caught.value.problems]
    assert paths == ["version", "sequence", "inputs[0].scale", "colour"]


@pytest.mark.parametrize(
    "data", [b"\xff\xfe{}", b"\xef\xbb\xbf" + GOOD, GOOD.decode().encode("utf-16")]
)
def test_manifest_refuses_other_encodings(data: bytes) -> None:
    with pytest.raises(ManifestError):
        Manifest.parse(data)


def test_manifest_of_the_greatest_length_is_taken() -> None:
    assert Manifest.parse(GOOD.ljust(MAX_BYTES)).name == "digits"
    with pytest.raises(ManifestError, match="longer than 8192 bytes"):
        Manifest.parse(GOOD.ljust(MAX_BYTES + 1))


def test_manifest_writes_nothing_that_it_would_refuse() -> None:
    manifest = Manifest.parse(GOOD)
    with pytest.raises(ManifestError, match="deadline_ms"):
        replace(manifest, deadline_ms=0).to_json()


def test_manifest_knows_the_bytes_of_its_tensors() -> None:
    manifest = Manifest.parse(GOOD)
    assert (manifest.inputs_bytes, manifest.outputs_bytes) == (64, 22)


def test_manifest_keeps_own_keys() -> None:
    value = {**json.loads(GOOD), "x-note": [1, {"a": None}]}
    manifest = Manifest.parse(json.dumps(value).encode())
    assert json.loads(manifest.to_json())["x-note"] == [1, {"a": None}]


def test_files_are_read_with_their_size_and_digest(tmp_path: Path) -> None:
    value = json.loads(GOOD)
    data = b"0123456789"
    value["files"]["agent.wasm"]["sha256"] = hashlib.sha256(data).hexdigest()
    manifest = Manifest.parse(json.dumps(value).encode())
    path = tmp_path / "agent.wasm"
    with pytest.raises(BundleError, match=r"agent\.wasm: No such file"):
        manifest.read_files(tmp_path)
    path.write_bytes(data)
    assert manifest.read_files(tmp_path) == {"agent.wasm": data}
    path.write_bytes(data[:-1])
    with pytest.raises(BundleError, match="9 bytes, not the manifest's 10"):
        manifest.read_files(tmp_path)
    path.write_bytes(data + b"x")
    with pytest.raises(BundleError, match="longer than the manifest's 10"):
        manifest.read_files(tmp_path)
    path.write_bytes(data[::-1])
    with pytest.raises(BundleError, match="SHA-256"):
        manifest.read_files(tmp_path)


def test_folder_without_manifest_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no bundle"):
        Manifest.read(tmp_path)


@given(st.integers(0, len(GOOD)), st.integers(0, 20), st.binary(max_size=20))
def test_no_bytes_raise_anything_but_manifest_error(at: int, cut: int, noise: bytes) -> None:
    try:
        Manifest.parse(GOOD[:at] + noise + GOOD[at + cut :])
    except ManifestError as error:
        assert error.problems
