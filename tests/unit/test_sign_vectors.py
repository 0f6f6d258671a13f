"""What the host takes and refuses of signed documents, by the vectors that devices read too."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmote import paths
from wasmote.sign import sigfile
from wasmote.sign.keyset import KeySet, KeySetError
from wasmote.sign.refused import Refused
from wasmote.sign.trust import Node, keyset_check, manifest_check, stamp_check

VECTORS = paths.TOP / "tests/vectors/trust"
FIELDS = ("issued", "agents")
FILES = sorted(path.name for path in VECTORS.glob("*.jsonl"))


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (VECTORS / name).read_text().splitlines()]


def by_name(name: str) -> Any:
    return pytest.mark.parametrize("row", rows(name), ids=lambda row: row["name"])


def raw(value: str | None) -> bytes | None:
    return None if value is None else bytes.fromhex(value)


def test_vectors_are_what_their_script_makes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, VECTORS / "make.py", tmp_path], check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES
    for name in FILES:
        assert (VECTORS / name).read_bytes() == (tmp_path / name).read_bytes(), name


@pytest.mark.parametrize("name", FILES)
def test_vectors_have_lines_for_small_heaps_and_names_of_their_own(name: str) -> None:
    lines = (VECTORS / name).read_text().splitlines()
    assert max(map(len, lines)) < 8192
    names = [row["name"] for row in rows(name)]
    assert len(names) == len(set(names))


@by_name("signatures.jsonl")
def test_signature_file_vector(row: dict[str, Any]) -> None:
    data = bytes.fromhex(row["sig"])
    if row["ids"] is None:
        with pytest.raises(Refused) as caught:
            sigfile.parse(data)
        assert caught.value.code == "signature-format"
    else:
        found = sigfile.parse(data)
        assert [key.hex() for key in found] == row["ids"]
        assert sigfile.pack(found) == data


def taken(present: bytes | None, document: bytes, signature: bytes, code: str | None) -> bool:
    """Whether a key set is taken, which it must be when `code` is None."""
    if code is None:
        assert keyset_check(document, signature, present) == KeySet.parse(document)
        return True
    with pytest.raises(Refused) as caught:
        keyset_check(document, signature, present)
    assert caught.value.code == code, caught.value
    return False


@by_name("keysets.jsonl")
def test_keyset_vector(row: dict[str, Any]) -> None:
    document = bytes.fromhex(row["keyset"])
    if taken(raw(row["present"]), document, bytes.fromhex(row["sig"]), row["code"]):
        keyset = KeySet.parse(document)
        assert KeySet.parse(keyset.to_json()) == keyset


@by_name("chains.jsonl")
def test_chain_vector(row: dict[str, Any]) -> None:
    present = None
    for keyset, signature, code in row["steps"]:
        document = bytes.fromhex(keyset)
        if taken(present, document, bytes.fromhex(signature), code):
            present = document


@by_name("manifests.jsonl")
def test_manifest_vector(row: dict[str, Any]) -> None:
    highest = row["taken"]
    node = Node(
        agent=row["agent"],
        boards=row["boards"],
        taken=highest and (highest[0], bytes.fromhex(highest[1])),
        previous=raw(row["previous"]),
        bad=[bytes.fromhex(digest) for digest in row["bad"]],
    )
    keyset = row["keyset"] and KeySet.parse(bytes.fromhex(row["keyset"]))
    document, signature = bytes.fromhex(row["manifest"]), bytes.fromhex(row["sig"])
    if row["code"] is None:
        assert manifest_check(document, signature, keyset, node).name == row["agent"]
    else:
        with pytest.raises(Refused) as caught:
            manifest_check(document, signature, keyset, node)
        assert caught.value.code == row["code"], caught.value
        assert caught.value.exit_code == 5


@by_name("timestamps.jsonl")
def test_timestamp_vector(row: dict[str, Any]) -> None:
    taken = row["taken"] and (row["taken"][0], bytes.fromhex(row["taken"][1]))
    keyset = row["keyset"] and KeySet.parse(bytes.fromhex(row["keyset"]))
    document, signature = bytes.fromhex(row["stamp"]), bytes.fromhex(row["sig"])
    if row["code"] is None:
        found = stamp_check(document, signature, keyset, taken)
        assert (found.issued, found.agents) == tuple(map(json.loads(document).get, FIELDS))
    else:
        with pytest.raises(Refused) as caught:
            stamp_check(document, signature, keyset, taken)
        assert caught.value.code == row["code"], caught.value


def test_manifest_changed_in_any_bit_or_cut_anywhere() -> None:
    [row] = [row for row in rows("manifests.jsonl") if row["name"] == "good"]
    keyset = KeySet.parse(bytes.fromhex(row["keyset"]))
    document, signature = bytes.fromhex(row["manifest"]), bytes.fromhex(row["sig"])
    manifest_check(document, signature, keyset)
    for changed in changes(document):
        refused("bad-signature", manifest_check, changed, signature, keyset)
    for changed in changes(signature):
        codes = "signature-format unknown-key bad-signature"
        refused(codes, manifest_check, document, changed, keyset)


@pytest.mark.parametrize("name", ["next: follows", "next: another root, both signed"])
def test_keyset_changed_in_any_bit_or_cut_anywhere(name: str) -> None:
    [row] = [row for row in rows("keysets.jsonl") if row["name"] == name]
    document, signature = bytes.fromhex(row["keyset"]), bytes.fromhex(row["sig"])
    present = bytes.fromhex(row["present"])
    keyset_check(document, signature, present)
    for changed in changes(document):
        refused("bad-signature", keyset_check, changed, signature, present)
        refused("bad-signature too-few keyset", keyset_check, changed, signature, None)
    for changed in changes(signature):
        codes = "signature-format too-few bad-signature"
        refused(codes, keyset_check, document, changed, present)


def changes(data: bytes) -> list[bytes]:
    """`data` with each bit flipped, and every beginning of it."""
    flips = []
    for at in range(len(data)):
        flips += [data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :] for bit in range(8)]
    return flips + [data[:size] for size in range(len(data))]


def refused(codes: str, check: Any, *what: Any) -> None:
    with pytest.raises(Refused) as caught:
        check(*what)
    assert caught.value.code in codes.split(), caught.value


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(SCALARS, lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=8)


@given(
    st.sampled_from(["format", "version", "threshold", "roots", "publishers", "floors"]), VALUES
)
def test_keyset_with_any_value_is_read_or_named_as_wrong(key: str, value: Any) -> None:
    row = rows("keysets.jsonl")[0]
    changed = {**json.loads(bytes.fromhex(row["keyset"])), key: value}
    try:
        keyset = KeySet.parse(json.dumps(changed).encode())
    except KeySetError as error:
        assert error.problems
    else:
        assert KeySet.parse(keyset.to_json()) == keyset


def test_documents_longer_than_they_may_be() -> None:
    row = rows("manifests.jsonl")[0]
    keyset, signature = bytes.fromhex(row["keyset"]), bytes.fromhex(row["sig"])
    long = bytes.fromhex(row["manifest"]).ljust(8193)
    refused("manifest", manifest_check, long, signature, KeySet.parse(keyset))
    refused("keyset", keyset_check, keyset.ljust(8193), signature, keyset)
    refused("keyset", keyset_check, keyset.ljust(8193), signature, None)
