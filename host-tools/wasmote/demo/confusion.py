"""The confusion matrix as a picture."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

CELL, MARGIN = 56, 72
INK, PAPER = (20, 20, 30), (255, 255, 255)
RIGHT, WRONG = (38, 120, 178), (214, 84, 60)


def _shade(colour: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    """From paper (0) to `colour` (1); small shares stay visible."""
    weight = share**0.5
    red, green, blue = (round(p + (c - p) * weight) for c, p in zip(colour, PAPER, strict=True))
    return red, green, blue


def draw(confusion: list[list[int]], title: str, path: Path) -> None:
    """Writes a PNG: a row for each true label, a column for each predicted one."""
    size = len(confusion)
    side = MARGIN * 2 + CELL * size
    image = Image.new("RGB", (side, side), PAPER)
    pen = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(20), ImageFont.load_default(16)
    pen.text((side / 2, MARGIN / 3), title, INK, font, anchor="mm")
    pen.text((side / 2, side - MARGIN / 3), "predicted", INK, small, anchor="mm")
    pen.text((8, side / 2), "true", INK, small, anchor="lm")
    for row, counts in enumerate(confusion):
        total = max(sum(counts), 1)
        middle = MARGIN + CELL * row + CELL / 2
        pen.text((MARGIN - 14, middle), str(row), INK, font, anchor="mm")
        pen.text((middle, side - MARGIN + 16), str(row), INK, font, anchor="mm")
        for column, count in enumerate(counts):
            _cell(pen, font, row, column, count, count / total)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def _cell(
    pen: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    row: int,
    column: int,
    count: int,
    share: float,
) -> None:
    left, top = MARGIN + CELL * column, MARGIN + CELL * row
    fill = _shade(RIGHT if row == column else WRONG, share)
    pen.rectangle((left, top, left + CELL - 2, top + CELL - 2), fill, (200, 200, 205))
    if count:
        ink = PAPER if share > 0.4 else INK
        pen.text((left + CELL / 2, top + CELL / 2), str(count), ink, font, anchor="mm")
