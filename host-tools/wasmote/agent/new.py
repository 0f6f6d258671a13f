"""A new agent's crate: a copy of agents/template under another name."""

import os
import shutil
from pathlib import Path

from wasmote.agent.names import AGENT_NAME, AGENT_RULE
from wasmote.errors import UsageError
from wasmote.paths import AGENTS

TEMPLATE = AGENTS / "template"
SDK = AGENTS / "sdk"
# What Cargo does not take as a package's name; an agent's is one otherwise, but for words of the
# Rust language.
_TAKEN = {"test", "core", "std", "alloc", "wasmote-sdk"}
_NOT_COPIED = shutil.ignore_patterns("target", "__pycache__", "Cargo.lock")


def create(name: str, crate: Path) -> Path:
    """Makes the crate of agent `name` in the new folder `crate`; returns its path."""
    if not AGENT_NAME.fullmatch(name) or name in _TAKEN:
        raise UsageError(
            f"{name!r} cannot name an agent: {AGENT_RULE}, nor {', '.join(sorted(_TAKEN))}"
        )
    if crate.exists():
        raise UsageError(f"{crate} is there already; choose another name or remove it")
    crate.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(TEMPLATE, crate, ignore=_NOT_COPIED)
    manifest = crate / "Cargo.toml"
    manifest.write_text(_renamed(manifest.read_text(), name, crate))
    for test in (crate / "tests").glob("*.rs"):
        # Rust writes - in a crate's name as _.
        test.write_text(test.read_text().replace("template::", name.replace("-", "_") + "::"))
    return crate


def _renamed(text: str, name: str, crate: Path) -> str:
    sdk = os.path.relpath(SDK.resolve(), crate.resolve())
    changes = {
        'name = "template"': f'name = "{name}"',
        'path = "../sdk"': f'path = "{sdk}"',
        'source = "wasmote\'s template"': 'source = "own work"',
    }
    for old, new in changes.items():
        if text.count(old) != 1:
            raise UsageError(f"{TEMPLATE / 'Cargo.toml'}: expected once: {old}")
        text = text.replace(old, new)
    return text
