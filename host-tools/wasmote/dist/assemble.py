"""Building a dist: every board from nothing, named files, licences, index, sums."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from wasmote import paths
from wasmote.agent.build import is_agent
from wasmote.agent.manifest import FILE_NAME, Manifest
from wasmote.boards import Board
from wasmote.build import commit, firmware
from wasmote.build.deps import sha256_of
from wasmote.build.process import run
from wasmote.dist import index, notice
from wasmote.errors import BuildError, MissingError, UsageError

Say = Callable[[str], None]
_VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
# ELF's e_machine -> who takes the debug information out, which names folders of this machine.
_STRIP = {40: "arm-none-eabi-strip", 243: "riscv64-unknown-elf-strip"}


def version() -> str:
    """What boards say as their firmware's version."""
    text = (paths.FIRMWARE / "lib/wasmote/__init__.py").read_text()
    found = _VERSION.search(text)
    if not found:
        raise BuildError("firmware/lib/wasmote/__init__.py: no __version__")
    return found.group(1)


def make(boards: list[Board], out: Path, jobs: int, say: Say) -> dict[str, Any]:
    """Builds `boards` and makes the dist `out` of them and of all agents; returns its index.

    The dist appears whole or not at all. An older one in its place is replaced, anything else is
    not touched.
    """
    if out.exists() and any(out.iterdir()) and not (out / index.INDEX).is_file():
        raise UsageError(f"{paths.shown(out)} holds something else than a dist: name another")
    work = out.with_name(out.name + ".build")
    shutil.rmtree(work, ignore_errors=True)
    ready = work / "dist"
    ready.mkdir(parents=True)
    made = _about()
    made["boards"] = {}
    for board in boards:
        say(f"{board.name}: building")
        fresh = replace(board, built=work / board.name)
        # The date once and for all: somebody may commit meanwhile.
        firmware.build(fresh, jobs, made["source_date_epoch"])
        made["boards"][board.name] = _entry_of(fresh, ready)
        shutil.rmtree(fresh.build_dir)
    made["agents"] = _agents(ready)
    (ready / "NOTICE").write_text(notice.text())
    shutil.copyfile(paths.TOP / "LICENSE", ready / "LICENSE")
    _write_index(made, ready)
    shutil.rmtree(out, ignore_errors=True)
    ready.rename(out)
    shutil.rmtree(work)
    return made


def _about() -> dict[str, Any]:
    now = commit.current()
    return {
        "format": index.FORMAT,
        "version": version(),
        "commit": now.name if now else "",
        "dirty": bool(now and now.dirty),
        "source_date_epoch": commit.epoch(),
        "micropython": notice.micropython_version(),
        "wasm3": notice.wasm3_version(),
    }


def _entry_of(board: Board, ready: Path) -> dict[str, Any]:
    flash = board.section("flash")
    return {
        "description": board.values["description"],
        "core": board.values["core"],
        "chip": str(flash.get("chip", "")),
        "tool": str(flash.get("tool", "emulator" if board.emulated else "")),
        "files": collect(board, ready),
    }


def collect(board: Board, ready: Path) -> list[dict[str, Any]]:
    """Copies what is flashed, under names of its own, and the UF2 beside it; as the index has it.

    A file with an `address` is one that a flasher writes.
    """
    flash, build = board.section("flash"), board.section("build")
    wanted = {
        str(part["file"]): int(part["address"])
        for part in flash.get("parts")
        or [{"file": board.firmware.name, "address": flash.get("address", 0)}]
    }
    files: dict[str, int | None] = {**dict.fromkeys(filter(None, [build.get("uf2")])), **wanted}
    endings = [Path(file).suffix for file in files]
    found = []
    for file, address in files.items():
        source, ending = board.build_dir / file, Path(file).suffix
        if not source.is_file():
            raise BuildError(f"the build of {board.name} made no {file}")
        part = f"-{Path(file).stem}" if endings.count(ending) > 1 else ""
        target = ready / f"wasmote-{version()}-{board.name}{part}{ending}"
        if target.exists():
            raise UsageError(f"{board.name}: board.toml: two files would be {target.name}")
        shutil.copy(source, target)
        strip(target)
        found.append(_entry(target) | ({} if address is None else {"address": address}))
    return found


def strip(file: Path) -> None:
    """Takes the debug information out of an ELF file; other files stay as they are."""
    with file.open("rb") as opened:
        head = opened.read(20)
    if head[:4] == b"\x7fELF":
        machine = int.from_bytes(head[18:20], "little")
        run([_STRIP.get(machine, "strip"), "--strip-debug", file])


def _entry(file: Path) -> dict[str, Any]:
    return {"name": file.name, "bytes": file.stat().st_size, "sha256": sha256_of(file)}


def _agents(ready: Path) -> dict[str, Any]:
    """The bundles of the agents of this tree, as folders that `wasmote agent upload` takes."""
    agents = {}
    for crate in filter(is_agent, sorted(paths.AGENTS.iterdir())):
        bundle = paths.BUILD / "agents" / crate.name
        if not (bundle / FILE_NAME).is_file():
            raise MissingError(f"{paths.shown(bundle)} is not there: make agents")
        manifest = Manifest.read(bundle)
        target = ready / "agents" / crate.name
        target.mkdir(parents=True)
        for name in [FILE_NAME, *manifest.files]:
            shutil.copyfile(bundle / name, target / name)
        files = [_entry(target / name) for name in sorted([FILE_NAME, *manifest.files])]
        agents[manifest.name] = {"version": manifest.version, "files": files}
    return agents


def _write_index(made: dict[str, Any], ready: Path) -> None:
    (ready / index.INDEX).write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")
    index.write_sums(ready)
