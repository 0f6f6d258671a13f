"""The folders of boards/ and what their board.toml says, for the contract tests."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from wasmote import paths

FOLDERS = sorted(path for path in paths.BOARDS.iterdir() if path.is_dir())

each_board = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as `table.key`."""
    result: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            result |= flat(value, f"{prefix}{key}.")
        else:
            result[prefix + key] = value
    return result


def load(folder: Path) -> dict[str, Any]:
    """board.toml, flat."""
    return flat(tomllib.loads((folder / "board.toml").read_text()))
