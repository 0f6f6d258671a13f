"""Everything that can be known of a bundle before it goes to a node (SPEC.md, 1 to 3)."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from wasmote.agent import golden, opcodes, policy, variants, wasm
from wasmote.agent.errors import AgentStopped, LoadError
from wasmote.agent.manifest import FILE_NAME, Manifest, ManifestError
from wasmote.agent.policy import IMPORTS, Terms
from wasmote.agent.runner import Runner
from wasmote.errors import BundleError
from wasmote.sign import sigfile
from wasmote.sign.refused import Refused

# What the rest of the page is filled with: two patterns, so that an agent that happens to
# read one of them as what it expects differs with the other.
_PATTERNS = (0xA5, 0x5A)
_UNLISTED = {FILE_NAME, sigfile.FILE_NAME}


@dataclass(frozen=True)
class Finding:
    """`where` names a file, field or function; `todo` says what to do about it."""

    severity: Literal["error", "warning"]
    where: str
    what: str
    todo: str

    def to_json(self) -> dict[str, str]:
        """The finding as one flat object."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.what}; {self.todo}"


def check(folder: Path) -> list[Finding]:
    """All findings about the bundle in `folder`; without an error among them it is fit to run."""
    try:
        manifest = Manifest.read(folder)
    except ManifestError as error:
        todo = "correct it in Cargo.toml and build again"
        return [_error(f"{FILE_NAME}: {at}" if at else FILE_NAME, what, todo)
                for at, what in error.problems]  # fmt: skip
    except BundleError as error:
        return [_error(FILE_NAME, str(error), "build the agent")]
    files, findings = _read_files(folder, manifest)
    findings += _signature_check(folder) + _tensors_check(manifest)
    if "agent.wasm" in files:
        findings += _module_check(files["agent.wasm"], manifest)
    if "agent.wasm" in files and not any(f.severity == "error" for f in findings):
        findings += _run_check(files, manifest)
    return findings


def has_errors(findings: list[Finding]) -> bool:
    """Whether the bundle is not fit to run."""
    return any(finding.severity == "error" for finding in findings)


def _error(where: str, what: str, todo: str) -> Finding:
    return Finding("error", where, what, todo)


def _read_files(folder: Path, manifest: Manifest) -> tuple[dict[str, bytes], list[Finding]]:
    files: dict[str, bytes] = {}
    findings = []
    for name in manifest.files:
        try:
            files[name] = manifest.read_file(folder, name)
        except BundleError as error:
            findings.append(_error(name, str(error), "build the agent again"))
    for name in sorted(set(os.listdir(folder)) - set(manifest.files) - _UNLISTED):
        todo = "remove it, or list it under files"
        findings.append(Finding("warning", name, "is not in the manifest", todo))
    return files, findings


def _signature_check(folder: Path) -> list[Finding]:
    """That manifest.sig is a signature file; `agent verify` says whose signatures they are."""
    path = folder / sigfile.FILE_NAME
    if not path.exists():
        return []
    try:
        with path.open("rb") as stream:
            sigfile.parse(stream.read(sigfile.MAX_BYTES + 1))
    except Refused as refused:
        return [_error(sigfile.FILE_NAME, refused.reason, "remove it and sign again")]
    return []


def _tensors_check(manifest: Manifest) -> list[Finding]:
    needed = manifest.inputs_bytes + manifest.outputs_bytes + manifest.stack_bytes
    if needed <= manifest.memory_bytes:
        return []
    what = f"{manifest.memory_bytes}, but tensors and stack alone take {needed}"
    return [_error("memory_bytes", what, "correct the tensors' shapes, or build again")]


def _module_check(data: bytes, manifest: Manifest) -> list[Finding]:
    try:
        module = wasm.parse(data)
        foreign = opcodes.foreign(module)
    except BundleError as error:
        return [_error("agent.wasm", str(error), "build with `wasmote agent build`")]
    findings = [
        _error(
            f"agent.wasm: function {index}",
            f"opcode {opcode} is outside the MVP and sign extension",
            "compile with -C target-cpu=mvp",
        )
        for index, opcode in foreign
    ]
    findings += _imports_check(module, manifest)
    try:
        policy.module_check(module, Terms.of(manifest))
    except LoadError as error:
        findings.append(_error("agent.wasm", str(error), "see SPEC.md 1.4 for the reason"))
    if module.heap_base is None:
        findings.append(
            Finding(
                "warning",
                "agent.wasm",
                "does not export __heap_base, so memory_bytes cannot be verified",
                "link with --export=__heap_base",
            )
        )
    return findings


def _imports_check(module: wasm.Module, manifest: Manifest) -> list[Finding]:
    used = {entry.full_name for entry in module.imports}
    todo = "take it out of the manifest: an agent gets no more than it uses"
    findings = [
        Finding("warning", f"imports: {name}", "the module does not import it", todo)
        for name in manifest.imports
        if name in IMPORTS and name not in used
    ]
    findings += [
        _error(f"imports: {name}", f"no host knows it; known are {', '.join(IMPORTS)}", "remove it")
        for name in manifest.imports
        if name not in IMPORTS
    ]
    return findings


def _run_check(files: dict[str, bytes], manifest: Manifest) -> list[Finding]:
    try:
        vectors = _vectors(files, manifest)
    except BundleError as error:
        return [_error(golden.FILE_NAME, str(error), "write it again")]
    findings: list[Finding] = []
    here = variants.runnable_here(manifest.files, manifest.imports)
    if not here:
        what = "calls operations that only nodes have: no gateway can run the agent or check it"
        todo = f"add {variants.PORTABLE_FILE}: give the crate a feature `nn` and build it again"
        findings.append(Finding("warning", variants.NODE_FILE, what, todo))
    for file in here:
        findings += _Module(files, manifest, file).check(vectors)
    if vectors is None:
        todo = "write golden.bin, so that every host can be compared with it"
        findings.append(Finding("warning", golden.FILE_NAME, "there is none", todo))
    return findings


def _vectors(files: dict[str, bytes], manifest: Manifest) -> golden.Golden | None:
    if golden.FILE_NAME not in files:
        return None
    vectors = golden.read(files[golden.FILE_NAME])
    if (vectors.in_bytes, vectors.out_bytes) != (manifest.inputs_bytes, manifest.outputs_bytes):
        raise BundleError(
            f"pairs of {vectors.in_bytes} + {vectors.out_bytes} bytes, tensors of "
            f"{manifest.inputs_bytes} + {manifest.outputs_bytes}"
        )
    return vectors


@dataclass(frozen=True)
class _Module:
    """One of the bundle's modules that this host can run."""

    files: dict[str, bytes]
    manifest: Manifest
    file: str

    def check(self, vectors: golden.Golden | None) -> list[Finding]:
        """Loads it, and runs the golden vectors: as on a node, and with the rest of the page
        filled with a pattern."""
        findings = self._loads_check()
        if vectors is not None:
            findings = findings or self._golden_check(vectors)
            for pattern in _PATTERNS:
                findings = findings or self._page_check(vectors, pattern)
        return findings

    def _load(self, exact: bool) -> Runner:
        terms = Terms.of(self.manifest, self.file)
        simd = self.file == variants.SIMD_FILE
        return Runner(self.files[self.file], terms, self.files.get("model.bin", b""), exact, simd)

    def _loads_check(self) -> list[Finding]:
        try:
            self._load(True).close()
        except AgentStopped as stopped:
            return [_error(self.file, str(stopped), "see SPEC.md 1.4 for the reason")]
        return []

    def _golden_check(self, vectors: golden.Golden) -> list[Finding]:
        agent = self._load(True)
        for number, (given, expected) in enumerate(vectors.pairs):
            finding = self._pair_check(agent, number, (given, expected), "")
            if finding:
                return [finding]
        return []

    def _page_check(self, vectors: golden.Golden, pattern: int) -> list[Finding]:
        agent = self._load(False)
        start, end = agent.terms.memory_bytes, agent.memory_size
        if start == end:
            return []
        rest = bytes([pattern]) * (end - start)
        agent.poke(start, rest)
        suffix = f" with 0x{pattern:02x} behind memory_bytes"
        for number, pair in enumerate(vectors.pairs):
            finding = self._pair_check(agent, number, pair, suffix)
            if finding:
                return [finding]
            if agent.peek(start, end) != rest:
                what = f"pair {number}: memory behind memory_bytes = {start} changed"
                return [_error(self.file, what, "raise memory_bytes, or look for a stray write")]
        return []

    def _pair_check(
        self, agent: Runner, number: int, pair: tuple[bytes, bytes], suffix: str
    ) -> Finding | None:
        given, expected = pair
        where = golden.FILE_NAME if self.file == variants.NODE_FILE else self.file
        try:
            found = agent.infer(given)
        except AgentStopped as stopped:
            todo = "correct the agent, its deadline_ms or its memory_bytes"
            return _error(where, f"pair {number}{suffix}: {stopped}", todo)
        if found == expected:
            return None
        bytes_of = enumerate(zip(found, expected, strict=True))
        at = next(i for i, pair in bytes_of if pair[0] != pair[1])
        what = f"pair {number}{suffix}: byte {at} is {found[at]}, expected {expected[at]}"
        return _error(where, what, "correct the agent, or golden.bin if that is wrong")
