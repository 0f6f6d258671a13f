"""`wasmote agent`: make agents, check them, put them on devices, run them."""

from pathlib import Path
from typing import Annotated

import typer

from wasmote import paths
from wasmote.agent import build as builder
from wasmote.agent import check as checker
from wasmote.agent import new as maker
from wasmote.cli.output import JsonOption, Output
from wasmote.errors import EXIT_BUNDLE
from wasmote.links import bundles, connected, names, running
from wasmote.links.serial import serial_port

Bundle = Annotated[Path, typer.Argument(help="The bundle's folder, such as build/agents/digits.")]
Device = Annotated[str, typer.Option("--device", "-d", help="As mpremote names them.")]
BUNDLES = paths.BUILD / "agents"


def new(
    name: Annotated[str, typer.Argument(help="[a-z0-9-], first a letter.")],
    folder: Annotated[Path | None, typer.Option("--dir", help="Where; agents/<name>.")] = None,
    json: JsonOption = False,
) -> None:
    """Make an agent's crate from the template."""
    out = Output(json)
    target = folder or paths.AGENTS / name
    maker.create(name, target)
    out.say(f"{paths.shown(target)}: now wasmote agent build {paths.shown(target)}")
    out.data({"name": name, "crate": str(target)})


def build(
    crates: Annotated[list[Path] | None, typer.Argument(help="Crates; all of agents/.")] = None,
    folder: Annotated[Path, typer.Option("--out", help="Where the bundles go.")] = BUNDLES,
    json: JsonOption = False,
) -> None:
    """Build agents into bundles and show what memory each takes, in bytes."""
    out = Output(json)
    found = crates or [path for path in sorted(paths.AGENTS.iterdir()) if builder.is_agent(path)]
    reports = []
    with out.progress("building agents", len(found)) as advance:
        for crate in found:
            name = builder.read_crate(crate).name
            reports.append(builder.build(crate, folder / name))
            advance(1)
    columns = ("name", "version", "wasm_bytes", "linear_bytes", "stack_bytes", "vm_stack_bytes")
    if json:
        out.data([report.to_json() for report in reports])
        return
    out.rows(columns, [[report.to_json()[key] for key in columns] for report in reports])


def check(bundle: Bundle, json: JsonOption = False) -> None:
    """Check a bundle: manifest, module, memory, golden vectors. Exit 5 when something is wrong."""
    out = Output(json)
    findings = checker.check(bundle)
    ok = not checker.has_errors(findings)
    out.data({"bundle": str(bundle), "findings": [f.to_json() for f in findings], "ok": ok})
    for finding in findings:
        out.say(str(finding))
    if not ok:
        raise typer.Exit(EXIT_BUNDLE)
    out.say(f"{bundle}: good")


def upload(
    bundle: Bundle,
    device: Device = "auto",
    restart: Annotated[
        bool, typer.Option("--restart", help="Stop what runs, and soft-reset the device then.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Check a bundle and put it on a device, whole or not at all.

    A node that runs is not stopped: it takes the bundle on trial, and this waits for the outcome.
    Exit 1 where it took it back, 5 where it refused it. Elsewhere the device's prompt is used.
    """
    out = Output(json)
    manifest, files = bundles.load(bundle)
    total = sum(len(data) for data in files.values())
    said = {"name": manifest.name, "version": manifest.version, "bytes": total}
    what = f"{manifest.name} {manifest.version}: {total} bytes"
    name = names.parse(device)
    if name.kind != "unix" and not restart:
        port = serial_port(name)
        state = _into_node(out, port, manifest.name, files)
        if state:
            error = running.problem(port, manifest.name, files, state)
            if error:
                raise error
            out.say(f"{what}, confirmed; the node has gone on")
            out.data(said | {"path": f"{bundles.STORE}/{manifest.name}", "state": state.state})
            return
    with connected(device) as link:
        with out.progress(f"{manifest.name} to {link.name}", total) as advance:
            uploaded = bundles.upload(link, manifest.name, files, advance)
        if restart:
            link.restart()
    signed = ", its signature too" if uploaded.checked else ""
    out.say(f"{what} in {uploaded.path}, verified{signed}")
    out.data(said | {"path": uploaded.path, "state": "uploaded", "checked": uploaded.checked})


def _into_node(out: Output, port: str, name: str, files: dict[str, bytes]) -> running.State | None:
    """The install's end; None where no node answers."""
    before = running.State("")
    with out.progress(f"{name} to {port}", 100) as advance:

        def tell(state: running.State) -> None:
            nonlocal before
            if state.state == "loading":
                advance(max(0, state.done - before.done))
            elif state.state != before.state and state.state not in running.FINAL:
                out.say(f"{port}: {state.state}")
            before = state

        return running.install(port, name, files, tell)


def ls(device: Device = "auto", json: JsonOption = False) -> None:
    """List the agents on a device."""
    out = Output(json)
    with connected(device) as link:
        found = bundles.installed(link)
    columns = ("name", "version", "sequence", "bundle_bytes", "where", "problem")
    out.rows(columns, [[entry.to_json()[key] for key in columns] for entry in found])


def rm(
    name: Annotated[str, typer.Argument(help="The agent's name.")],
    device: Device = "auto",
    json: JsonOption = False,
) -> None:
    """Remove an agent from a device."""
    out = Output(json)
    with connected(device) as link:
        bundles.remove(link, name)
    out.say(f"{name}: removed")
    out.data({"removed": name})
