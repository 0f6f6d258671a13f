"""`wasmote bench-nn-host`: converted models on this machine (make bench-nn-host)."""

from pathlib import Path
from typing import Annotated

import typer

from wasmote import paths
from wasmote.bench import gateway
from wasmote.build import report
from wasmote.cli.output import JsonOption, Output

COLUMNS = ("model", "portable_ms", "simd_ms", "litert_ms", "ratio")


def bench_nn_host(
    models: Annotated[list[Path], typer.Argument(help="INT8 .tflite models; others are left out.")],
    json: JsonOption = False,
) -> None:
    """Time converted models under wasmtime, one thread, beside LiteRT with XNNPACK.

    `ratio` is the SIMD build's time over LiteRT's, the median of rounds that take turns.
    """
    out = Output(json)
    results = [gateway.run(model) for model in models if model.suffix == ".tflite"]
    figures = {key: value for result in results for key, value in result.figures().items()}
    path = report.write("bench-nn-host", figures)
    if json:
        out.data(figures)
        return
    rows = [
        (r.model, *(f"{v:.4f}" for v in (r.portable_ms, r.simd_ms, r.litert_ms)), f"{r.ratio:.1f}")
        for r in results
    ]
    out.rows(COLUMNS, rows)
    out.say(f"written to {paths.shown(path)}")
