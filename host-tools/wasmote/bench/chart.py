"""Bars for what each layer of a model costs, as a picture."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from wasmote.bench.nn import Result

ROW, GAP, LEFT, BAR, RIGHT, TOP = 20, 6, 300, 560, 200, 56
INK, PAPER, LIGHT = (20, 20, 30), (255, 255, 255), (200, 200, 205)
COLOURS = ((38, 120, 178), (230, 140, 40), (60, 150, 90), (190, 70, 60), (120, 90, 160))


def draw(results: Sequence[Result], path: Path) -> None:
    """Writes a PNG: a block for each result, a bar for each of its calls, on one scale each."""
    rows = sum(len(result.calls) for result in results)
    height = rows * (ROW + GAP) + len(results) * TOP + GAP
    image = Image.new("RGB", (LEFT + BAR + RIGHT, height), PAPER)
    pen = ImageDraw.Draw(image)
    at = 0
    for result in results:
        at = _block(pen, result, at)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def _block(pen: ImageDraw.ImageDraw, result: Result, at: int) -> int:
    """Draws one result from `at` down; returns where the next one begins."""
    title, small = ImageFont.load_default(18), ImageFont.load_default(13)
    words = f"{result.model} on {result.board}: {result.infer:,} instructions, {result.macs:,} MACs"
    pen.text((12, at + TOP / 2), words, INK, title, anchor="lm")
    at += TOP
    most = max((call.instructions for call in result.calls), default=0) or 1
    kinds = sorted({call.op for call in result.calls})
    for call in result.calls:
        middle = at + ROW / 2
        width = BAR * call.instructions / most
        colour = COLOURS[kinds.index(call.op) % len(COLOURS)]
        pen.text((LEFT - 10, middle), call.op, INK, small, anchor="rm")
        pen.rectangle((LEFT, at, LEFT + width, at + ROW), colour)
        rate = f"  {call.instructions / call.macs:.2f} a MAC" if call.macs else ""
        text = f"{call.instructions:,}{rate}"
        pen.text((LEFT + width + 8, middle), text, INK, small, anchor="lm")
        at += ROW + GAP
    pen.line((LEFT, at - GAP / 2, LEFT + BAR, at - GAP / 2), LIGHT)
    return at
