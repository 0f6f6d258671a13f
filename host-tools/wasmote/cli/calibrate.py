"""`wasmote calibrate`: what kernels cost on an emulated board, for predictions."""

from typing import Annotated

import typer

from wasmote import boards, paths
from wasmote.bench import calibrate as calibration
from wasmote.cli.output import JsonOption, Output


def calibrate(
    board: Annotated[str, typer.Argument(help="An emulated board that counts instructions.")],
    json: JsonOption = False,
) -> None:
    """Measure layers of many shapes on a board, and write what kernels cost there into its folder.

    `wasmote convert --board` predicts with it.
    """
    out = Output(json)
    found = boards.find(board)
    inferences = calibration.measure(found)
    costs = calibration.fit(inferences)
    path = calibration.write(found, costs)
    out.data({"board": board, "layers": len(inferences), "error": costs.error, "file": str(path)})
    out.say(
        f"{paths.shown(path)}: {len(inferences)} layers; predictions are off by up to "
        f"{costs.error:.0%}, on average by {costs.mean_error:.1%}"
    )
