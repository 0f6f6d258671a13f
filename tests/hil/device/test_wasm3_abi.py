# The ABI table (tests/vectors/abi) on this board: a line of JSON a case, the module in it.
import binascii
import gc
import json

import devtest
import wasm3
from devtest import equal, true

KEYS = ("memory_bytes", "vm_stack_bytes", "deadline_ms", "inputs_bytes", "outputs_bytes")


def load(case):
    terms = {key: case[key] for key in KEYS}
    model = binascii.unhexlify(case["model"]) or None
    wasm = binascii.unhexlify(case.pop("wasm"))
    imports = tuple(case["imports"])
    return wasm3.Agent(wasm, name=case["name"], imports=imports, model=model, **terms)


def check_call(agent, call):
    name = agent.name
    try:
        output = agent.infer(binascii.unhexlify(call["input"]))
        got = (binascii.hexlify(output).decode(), None, None)
    except wasm3.Error as e:
        true(str(e).startswith("%s: %s: " % (name, e.reason)), str(e))
        got = (None, e.reason, e.code)
    equal((name,) + got, (name, call["output"], call["error"], call["code"]))


def check_case(case):
    try:
        agent = load(case)
    except wasm3.Error as e:
        true(str(e).startswith("%s: %s: " % (case["name"], e.reason)), str(e))
        equal((case["name"], e.reason, e.code), (case["name"], case["load"], case["load_code"]))
        return
    equal((case["name"], "ok"), (case["name"], case["load"]))
    for call in case["calls"]:
        check_call(agent, call)
    agent.close()


# A board without room for the case's memory says so; that is no failure of the case.
def fits(case):
    return case["memory_bytes"] + 16384 < wasm3.pool_info()[3] or case["load"] != "ok"


def test_abi_table():
    cases = skipped = 0
    with open(devtest.path("abi.jsonl")) as table:
        for line in table:
            case = json.loads(line)
            if case["load"] == "malformed" and wasm3.M3_VERSION == "0.5.0" or not fits(case):
                skipped += 1
                print("left out:", case["name"])
            else:
                check_case(case)
                cases += 1
            equal((case["name"], wasm3.pool_info()[1]), (case["name"], 0))
            gc.collect()
    true(cases > 80 and skipped < 8, (cases, skipped))


devtest.run(globals())
