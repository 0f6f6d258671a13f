# The manifest as a node checks it: SPEC.md section 2.
import json

import devtest
from devtest import equal, raises, true
from wasmote import manifest


def tensor(name, shape, offset=0, dtype="int8"):
    return {
        "name": name,
        "dtype": dtype,
        "shape": shape,
        "scale": 0.5,
        "zero_point": -3,
        "offset": offset,
    }


def right():
    return {
        "format": 1,
        "name": "digits",
        "version": "1.20.3",
        "sequence": 7,
        "abi": 1,
        "files": {"agent.wasm": {"size": 10, "sha256": "0a" * 32}},
        "inputs": [tensor("x", [1, 8, 8, 1])],
        "outputs": [tensor("y", [10]), tensor("z", [2, 3], 10, "int16")],
        "memory_bytes": 32768,
        "stack_bytes": 1024,
        "vm_stack_bytes": 2048,
        "deadline_ms": 50,
        "imports": ["env.log"],
        "boards": [],
        "licence": "MIT",
        "source": "here",
        "x-note": "passed over",
    }


def parse(given):
    return manifest.parse(json.dumps(given).encode())


# Refused with just this line, when the entry at the end of `path` is changed.
def refused(path, value, line):
    given = right()
    at = given
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    equal(raises(manifest.ManifestError, parse, given).errors, [line])


def test_right_one_is_taken():
    m = parse(right())
    equal((m["name"], m["input_bytes"], m["output_bytes"]), ("digits", 64, 22))
    equal([t["count"] for t in m["outputs"]], [10, 6])


def test_every_entry_but_extensions_is_required():
    for key in right():
        given = right()
        del given[key]
        if key == "x-note":
            parse(given)
        else:
            error = raises(manifest.ManifestError, parse, given)
            true("%s: missing" % key in error.errors, "%s: %r" % (key, error.errors))


def test_unknown_and_duplicate_keys_are_refused():
    refused(["colour"], 1, "colour: unknown entry")
    data = json.dumps(right()).encode()
    twice = data[:-1] + b', "abi": 1}'
    raises(manifest.ManifestError, manifest.parse, twice, words=["'abi' stands here twice"])
    raises(manifest.ManifestError, manifest.parse, data + b"x", words=["behind the end"])
    raises(manifest.ManifestError, manifest.parse, data + b" " * 8192, words=["at most 8192"])


def test_entries_out_of_range():
    refused(["format"], 2, "format: 2 is not one of 1")
    refused(["abi"], 2, "abi: 2 is not one of 1")
    refused(["name"], "9x", "name: '9x' does not start with a letter")
    refused(["sequence"], 0, "sequence: 0 is not in 1..2147483647")
    refused(["stack_bytes"], 32769, "stack_bytes: 32769 is more than memory_bytes, 32768")
    refused(["vm_stack_bytes"], 516, "vm_stack_bytes: 516 is not a multiple of 8")
    refused(["deadline_ms"], 0, "deadline_ms: 0 is not in 1..600000")
    refused(["imports", 0], "log", "imports[0]: 'log' is not module.name")
    for version in ("1.2", "1.2.x", "01.2.3", "1.2.65536", "1.2.3.4"):
        error = raises(manifest.ManifestError, lambda: parse(dict_with("version", version)))
        true(error.errors[0].startswith("version: "), error.errors)


def dict_with(key, value):
    given = right()
    given[key] = value
    return given


def test_files():
    entry = {"size": 1, "sha256": "00" * 32}
    refused(["files", ".x"], entry, "files..x: not a name of a file in a bundle")
    refused(["files", "a/b"], entry, "files.a/b: not a name of a file in a bundle")
    refused(
        ["files", "manifest.json"], entry, "files.manifest.json: a manifest does not list itself"
    )
    refused(["files"], {}, "files.agent.wasm: missing")
    refused(
        ["files", "agent.wasm", "size"], -1, "files.agent.wasm.size: -1 is not in 0..2147483647"
    )
    error = raises(
        manifest.ManifestError,
        lambda: parse(dict_with("files", {"agent.wasm": {"size": 1, "sha256": "0A" * 32}})),
    )
    true("is not 64 hex digits" in error.errors[0])


def test_tensors():
    refused(["outputs", 1, "offset"], 12, "outputs[1].offset: 12, not 10")
    refused(["outputs", 1, "offset"], 8, "outputs[1].offset: 8, not 10")
    refused(["inputs", 0, "scale"], 0, "inputs[0].scale: 0 is no finite number above 0")
    refused(["inputs", 0, "shape", 1], 0, "inputs[0].shape[1]: 0 is not in 1..16777216")
    refused(["inputs", 0, "shape"], [], "inputs[0].shape: 0 members, not 1..6")
    refused(["inputs"], [], "inputs: 0 members, not 1..8")
    wrong = [tensor("x", [1], dtype="int128")]
    error = raises(manifest.ManifestError, lambda: parse(dict_with("inputs", wrong)))
    true(error.errors[0].startswith("inputs[0].dtype: 'int128' is not one of"), error.errors)
    huge = [tensor("x", [65536, 65536])]
    error = raises(manifest.ManifestError, lambda: parse(dict_with("inputs", huge)))
    equal(error.errors, ["inputs[0].shape: 4294967296 elements, at most 16777216"])


def test_the_first_of_many_errors():
    given = right()
    for i in range(200):
        given["k%d" % i] = 1
    error = raises(manifest.ManifestError, parse, given, words=["unknown entry"])
    true(8 <= len(error.errors) <= 32, len(error.errors))


# SPEC.md 2, as hosts read it.
def test_vectors():
    with open(devtest.path("manifests.jsonl")) as f:
        for line in f:
            row = json.loads(line)
            data, field = row["manifest"].encode(), row["field"]
            try:
                manifest.parse(data)
                taken = True
            except manifest.ManifestError as e:
                taken = False
                true(any(error.startswith(field or "") for error in e.errors), (row["name"], e.errors))
            equal((row["name"], taken), (row["name"], field is None))


def test_keys_that_no_memory_is_there_for():
    data = b"{" + b",".join([b'"%d":1' % i for i in range(900)]) + b"}"
    held = []
    try:
        while True:
            held.append(bytearray(1000))
    except MemoryError:
        del held[-10:]
    raises(MemoryError, manifest.parse, data, words=["no memory for what is in 7091 bytes of JSON"])


devtest.run(globals())
