# Bundles for device tests, made of a module and what its manifest says.
import hashlib
import json
import os
from binascii import hexlify

import devtest


def tensor(name, dtype="uint8", shape=(4,)):
    shape = list(shape)
    return {
        "name": name, "dtype": dtype, "shape": shape, "scale": 1.0, "zero_point": 0, "offset": 0
    }  # fmt: skip


# Writes the bundle of a module of devdata/ into the folder `name`, whose path is returned.
# `more` goes into the manifest.
def make(name, module, **more):
    wasm = devtest.read(module + ".wasm")
    digest = hexlify(hashlib.sha256(wasm).digest()).decode()
    manifest = {
        "format": 1,
        "name": name,
        "version": "1.2.3",
        "sequence": 4,
        "abi": 1,
        "files": {"agent.wasm": {"size": len(wasm), "sha256": digest}},
        "inputs": [tensor("x")],
        "outputs": [tensor("y")],
        "memory_bytes": 1024,
        "stack_bytes": 0,
        "vm_stack_bytes": 1024,
        "deadline_ms": 1000,
        "imports": [],
        "boards": [],
        "licence": "MIT",
        "source": "a test",
    }
    manifest.update(more)
    remove(name)
    os.mkdir(name)
    for file, data in (("agent.wasm", wasm), ("manifest.json", json.dumps(manifest).encode())):
        with open(name + "/" + file, "wb") as f:
            f.write(data)
    return name


def remove(folder):
    try:
        for file in os.listdir(folder):
            os.remove(folder + "/" + file)
        os.rmdir(folder)
    except OSError:
        pass
