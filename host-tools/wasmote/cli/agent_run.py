"""`wasmote agent run`: an agent on inputs, wherever it may run."""

from pathlib import Path
from typing import Annotated

import typer

from wasmote.agent import batch, golden, samples
from wasmote.agent.manifest import Manifest
from wasmote.agent.runner import HostAgent
from wasmote.boards import find
from wasmote.cli.output import JsonOption, Output
from wasmote.errors import BundleError, UsageError
from wasmote.links import bundles, connected, remote
from wasmote.sim import Simulator, simulator

# Where an agent runs on this machine, without a board.
HOSTS = ("host", "simd")


def run(
    bundle: Annotated[str, typer.Argument(help="A bundle's folder, or an agent on the device.")],
    on: Annotated[
        str, typer.Option("--on", help="host, simd (host with SIMD128), or an emulated board.")
    ] = "host",
    device: Annotated[str, typer.Option("--device", "-d", help="Run it there.")] = "",
    given: Annotated[
        Path | None, typer.Option("--input", help="A .npy or .npz file of raw tensors.")
    ] = None,
    made: Annotated[
        Path | None, typer.Option("--output", help="Where the output tensors go, likewise.")
    ] = None,
    sample_file: Annotated[Path | None, typer.Option("--samples", help="A sample file.")] = None,
    data: Annotated[str, typer.Option("--hex", help="One input, as hex digits.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many inputs; 0: all.")] = 0,
    json: JsonOption = False,
) -> None:
    """Run an agent on inputs (its golden vectors' by default).

    Prints one line for each: the input's number and the output as hex digits; with --output the
    outputs go into a file instead. Emulated boards are booted for it, with an empty flash.
    """
    out = Output(json)
    if made and not Path(bundle).is_dir():
        raise UsageError("--output needs the bundle's folder here, for its manifest")
    inputs = _inputs(bundle, given, sample_file, data)
    inputs = inputs[:limit] if limit else inputs
    answers = _answers(bundle, inputs, on, device)
    if made:
        batch.write(made, Manifest.read(Path(bundle)).outputs, answers)
        out.say(f"{made}: {len(answers)} outputs")
        out.data({"outputs": len(answers), "file": str(made)})
        return
    rows = [(number, answer.hex()) for number, answer in enumerate(answers)]
    out.rows(("input", "output"), rows)


def _answers(bundle: str, inputs: list[bytes], on: str, device: str) -> list[bytes]:
    if device:
        with connected(device) as link:
            return remote.infer(link, bundle, inputs)
    if on in HOSTS:
        agent = HostAgent(Path(bundle), simd=on == "simd")
        return [agent.infer(data) for data in inputs]
    return _on_board(on, Path(bundle), inputs)


def _on_board(name: str, bundle: Path, inputs: list[bytes]) -> list[bytes]:
    board = find(name)
    sim = f"run-{board.name}"
    simulator.install(board, sim)
    manifest, files = bundles.load(bundle)
    with Simulator(board, sim, fresh=True) as running, connected(running.device) as link:
        bundles.upload(link, manifest.name, files)
        return remote.infer(link, manifest.name, inputs)


def _inputs(bundle: str, given: Path | None, sample_file: Path | None, digits: str) -> list[bytes]:
    if sum(source is not None for source in (given, sample_file, digits or None)) > 1:
        raise UsageError("--input, --samples and --hex: give one of them")
    if digits:
        try:
            return [bytes.fromhex(digits)]
        except ValueError as error:
            raise UsageError(f"--hex: {error}") from None
    if sample_file:
        found = samples.read(sample_file.read_bytes(), str(sample_file))
        return [sample for sample, _ in found.records]
    folder = Path(bundle)
    if not folder.is_dir():
        raise UsageError(f"{bundle} is no folder here: say --samples or --hex")
    if given:
        return batch.read(given, Manifest.read(folder).inputs)
    if golden.FILE_NAME not in Manifest.read(folder).files:
        raise BundleError(f"{bundle}: has no {golden.FILE_NAME}: say --input, --samples or --hex")
    return [data for data, _ in golden.read((folder / golden.FILE_NAME).read_bytes()).pairs]
