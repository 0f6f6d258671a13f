"""Figures as one flat JSON object a target, in build/report/."""

import json
from pathlib import Path
from typing import Any

from wasmote import paths

Figures = dict[str, Any]


def write(target: str, figures: Figures) -> Path:
    """Writes build/report/<target>.json and returns its path."""
    paths.REPORT.mkdir(parents=True, exist_ok=True)
    path = paths.REPORT / f"{target}.json"
    path.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    return path
