"""Where things lie in the repository."""

import os
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
# Another one for firmware of other sources, which tests then take from there.
BUILD = Path(os.environ.get("WASMOTE_BUILD") or TOP / "build").absolute()
REPORT = BUILD / "report"
# Emulated boards, a folder each; another one for who runs the same boards at the same time.
SIM = Path(os.environ.get("WASMOTE_SIM") or BUILD / "sim").absolute()
THIRD_PARTY = TOP / "third_party"
BOARDS = TOP / "boards"
AGENTS = TOP / "agents"
FIRMWARE = TOP / "firmware"
BENCHES = TOP / "benches"


def shown(path: Path) -> str:
    """`path` as people want to read it: relative to the repository where it lies inside."""
    try:
        return str(path.resolve().relative_to(TOP))
    except ValueError:
        return str(path)
