"""All tests: the end-to-end ones, which mostly wait, beside the others. What is given goes to both.

The last line is the sum: `N passed, N failed, N skipped`.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from wasmote import paths

HERE = Path(__file__).parent
E2E = HERE / "e2e"
NO_TESTS = 5  # pytest's code where none was selected


def command(name: str, *words: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *words, f"--junitxml={report(name)}", *sys.argv[1:]]


def report(name: str) -> Path:
    return paths.REPORT / f"{name}.xml"


def main() -> int:
    # A shell starts what runs in the background deaf to Ctrl-C, which tests send to tools.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    log = paths.REPORT / "e2e.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    # Each has its own emulated boards: one board cannot run twice.
    env = {**os.environ, "WASMOTE_SIM": str(paths.BUILD / "sim-e2e")}
    for name in ("e2e", "others"):
        report(name).unlink(missing_ok=True)
    with log.open("wb") as out:
        beside = subprocess.Popen(command("e2e", str(E2E)), stdout=out, stderr=out, env=env)
    try:
        codes = {subprocess.call(command("others", str(HERE), f"--ignore={E2E}")), beside.wait()}
    finally:
        beside.kill()
    print(log.read_text(errors="replace"))
    codes.discard(NO_TESTS)
    print(summary())
    return max(codes, key=abs) if codes else NO_TESTS


def summary() -> str:
    """What both have counted. One that was broken off has written nothing."""
    total = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for name in ("e2e", "others"):
        if report(name).exists():
            suite = ElementTree.parse(report(name)).getroot()[0]
            total = {kind: n + int(suite.get(kind, 0)) for kind, n in total.items()}
    failed = total["failures"] + total["errors"]
    passed = total["tests"] - failed - total["skipped"]
    return f"{passed} passed, {failed} failed, {total['skipped']} skipped"


if __name__ == "__main__":
    sys.exit(main())
