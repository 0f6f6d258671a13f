"""What a node is to do with a .wast file: a step a line, JSON, and the modules behind.

Steps name modules by numbers, and bytes by their place in the partition that the plan lies in:

    ["module", module, at, bytes, links]    load; links: [[from, name, module or null], ...]
    ["drop", module]                        nothing more will ask for it
    ["return", module, name, args, results] call
    ["trap", module, name, args, words]     call, which traps with these words
    ["get", module, name, results]          read a global
    ["refused", at, bytes, links]           load, which must fail
    ["start", at, bytes, links, words]      load, whose start function traps with these words

Floats are the bits of an f64, also for an f32: Python's floats are double. A result that may be
any NaN of a kind is "canonical" or "arithmetic".
"""

import json
from dataclasses import dataclass, field
from typing import Any

import spec_wasm
from spec_convert import Script

ALIGN = 16
# Kinds that nobody is asked about, and why not
TEXT = "assert_malformed, text format"
LINKING = "assert_unlinkable"
# Says that a module prints; no module's number
SPECTEST = -1
WORDS = {"unreachable": "unreachable executed", "call stack exhausted": "stack overflow"}
UNINITIALIZED = "uninitialized element"

Step = list[Any]


@dataclass(frozen=True)
class Case:
    """One step that has a verdict: what it is and where it stands."""

    file: str
    line: int
    kind: str
    detail: str
    module: int | None  # that it is about

    @property
    def where(self) -> str:
        return f"{self.file}.wast:{self.line}"


@dataclass
class Plan:
    """A file's steps and their cases (None: a step without a verdict), and what was left out."""

    name: str
    steps: list[Step] = field(default_factory=list)
    cases: list[Case | None] = field(default_factory=list)
    left_out: list[Case] = field(default_factory=list)
    sources: dict[int, int] = field(default_factory=dict)  # module -> line
    shares: dict[int, str] = field(default_factory=dict)  # module -> what it imports but functions
    blob: bytearray = field(default_factory=bytearray)

    def encoded(self) -> bytes:
        """What goes into the partition: two lengths, the steps, the modules."""
        text = "\n".join(json.dumps(step, ensure_ascii=False) for step in self.steps).encode()
        start = -(-(8 + len(text)) // ALIGN) * ALIGN
        head = start.to_bytes(4, "little") + len(text).to_bytes(4, "little")
        return (head + text).ljust(start, b"\0") + bytes(self.blob)


class _Builder:
    def __init__(self, script: Script) -> None:
        self.script = script
        self.plan = Plan(script.name)
        self.current = 0
        self.names: dict[str, int] = {}
        self.registered: dict[str, int] = {}

    def build(self) -> Plan:
        for command in self.script.commands:
            getattr(self, str(command["type"]))(command)
        self._drop_early()
        return self.plan

    def _add(self, step: Step, case: Case | None) -> None:
        self.plan.steps.append(step)
        self.plan.cases.append(case)

    def _case(self, command: dict[str, Any], kind: str, detail: str, module: int | None) -> Case:
        return Case(self.script.name, command["line"], kind, detail, module)

    def _place(self, wasm: bytes) -> tuple[int, int]:
        at = len(self.plan.blob)
        self.plan.blob += wasm.ljust(-(-len(wasm) // ALIGN) * ALIGN, b"\0")
        return at, len(wasm)

    def _links(self, wasm: bytes) -> list[list[Any]]:
        """Who gives the module each function that it imports; None: nobody."""
        return [
            [item.module, item.name, self._provider(item)]
            for item in spec_wasm.imports(wasm)
            if item.kind == "function"
        ]

    def _provider(self, item: spec_wasm.Import) -> int | None:
        if item.module == "spectest":
            return SPECTEST if item.name.startswith("print") else None
        return self.registered.get(item.module)

    def _target(self, command: dict[str, Any]) -> int:
        name = command.get("module") or command.get("name")
        return self.names[name] if name else self.current

    # --- one for each of wast2json's commands

    def module(self, command: dict[str, Any]) -> None:
        wasm = self.script.module(command)
        self.current += 1
        number = self.current
        self.plan.sources[number] = command["line"]
        if "name" in command:
            self.names[command["name"]] = number
        shared = sorted({item.kind for item in spec_wasm.imports(wasm) if item.kind != "function"})
        if shared:
            self.plan.shares[number] = ", ".join(shared)
        case = self._case(command, "module", "", number)
        self._add(["module", number, *self._place(wasm), self._links(wasm)], case)

    def register(self, command: dict[str, Any]) -> None:
        self.registered[command["as"]] = self._target(command)

    def action(self, command: dict[str, Any]) -> None:
        self._action("action", command, command["expected"])

    def assert_return(self, command: dict[str, Any]) -> None:
        self._action("assert_return", command, command["expected"])

    def _action(self, kind: str, command: dict[str, Any], expected: list[dict[str, str]]) -> None:
        action = command["action"]
        module = self._target(action)
        case = self._case(command, kind, action["field"], module)
        # A plain action's may be any.
        results = [_value(value) for value in expected] if kind == "assert_return" else None
        if action["type"] == "get":
            self._add(["get", module, action["field"], results], case)
        else:
            args = [_value(value) for value in action["args"]]
            self._add(["return", module, action["field"], args, results], case)

    def assert_trap(self, command: dict[str, Any]) -> None:
        self._trap("assert_trap", command)

    def assert_exhaustion(self, command: dict[str, Any]) -> None:
        self._trap("assert_exhaustion", command)

    def _trap(self, kind: str, command: dict[str, Any]) -> None:
        action = command["action"]
        module = self._target(action)
        args = [_value(value) for value in action["args"]]
        case = self._case(command, kind, action["field"], module)
        self._add(["trap", module, action["field"], args, _words(command["text"])], case)

    def assert_uninstantiable(self, command: dict[str, Any]) -> None:
        wasm = self.script.module(command)
        case = self._case(command, command["type"], command["text"], None)
        step = ["start", *self._place(wasm), self._links(wasm), _words(command["text"])]
        self._add(step, case)

    def assert_invalid(self, command: dict[str, Any]) -> None:
        self._refused(command, "assert_invalid")

    def assert_malformed(self, command: dict[str, Any]) -> None:
        if command["module_type"] == "text":
            self.plan.left_out.append(self._case(command, TEXT, command["text"], None))
        else:
            self._refused(command, "assert_malformed")

    def assert_unlinkable(self, command: dict[str, Any]) -> None:
        self.plan.left_out.append(self._case(command, LINKING, command["text"], None))

    def _refused(self, command: dict[str, Any], kind: str) -> None:
        wasm = self.script.module(command)
        case = self._case(command, kind, command["text"], None)
        # Anybody will do: only a module whose functions all have somebody is compiled by load.
        links = [[item[0], item[1], SPECTEST] for item in self._links(wasm)]
        self._add(["refused", *self._place(wasm), links], case)

    def _drop_early(self) -> None:
        """Lets a node forget each module after the last step that needs it."""
        steps, cases = self.plan.steps, self.plan.cases
        last: dict[int, int] = {}
        for index, step in enumerate(steps):
            for module in _needed(step):
                last[module] = index
        self.plan.steps, self.plan.cases = [], []
        for index, (step, case) in enumerate(zip(steps, cases, strict=True)):
            self._add(step, case)
            for module in sorted(number for number, end in last.items() if end == index):
                self._add(["drop", module], None)


def _needed(step: Step) -> set[int]:
    """The modules that a step asks for."""
    if step[0] == "module":
        return {step[1], *(link[2] for link in step[4] if link[2] is not None)} - {SPECTEST}
    if step[0] in ("return", "trap", "get"):
        return {step[1]}
    return {link[2] for link in step[3] if link[2] is not None} - {SPECTEST}


def build(script: Script) -> Plan:
    """The plan of one file."""
    return _Builder(script).build()


def _words(text: str) -> str:
    """What wasm3 says for the suite's words, of which the suite gives only the first."""
    if text.startswith(("uninitialized", "undefined", "indirect call")):
        return text.replace("element 7", "element")
    return WORDS.get(text, text)


def _value(value: dict[str, str]) -> int | str:
    kind, text = value["type"], value["value"]
    if text.startswith("nan:"):
        return text[4:]
    bits = int(text)
    if kind == "f32":
        return spec_wasm.widen(bits)
    if kind == "f64":
        return bits
    width = 32 if kind == "i32" else 64
    return bits - (1 << width) if bits >> (width - 1) else bits
