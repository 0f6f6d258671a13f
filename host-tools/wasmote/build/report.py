"""Figures as one flat JSON object a target, in build/report/."""

import json
from pathlib import Path
from typing import Any

from wasmote import paths

Figures = dict[str, Any]


def add(target: str, figures: Figures) -> Path:
    """As `write`; what the file has under other keys stays."""
    path = paths.REPORT / f"{target}.json"
    known = json.loads(path.read_text()) if path.is_file() else {}
    return write(target, {**known, **figures})


def write(target: str, figures: Figures) -> Path:
    """Writes build/report/<target>.json and returns its path."""
    paths.REPORT.mkdir(parents=True, exist_ok=True)
    path = paths.REPORT / f"{target}.json"
    path.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    return path
