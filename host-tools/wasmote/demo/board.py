"""The demo's board: configured and filled with the real mpremote command."""

import json
import sys
from pathlib import Path

from wasmote.build.process import run
from wasmote.errors import BuildError, DeviceError

SITE, NODE = "demo", "mps2"
MAIN = "import wasmote\n\nwasmote.run()\n"
SAMPLES = "/samples/{name}.bin"
MPREMOTE_TIMEOUT_S = 120


def configuration(agent: str, host: str, port: int) -> str:
    """The node's /wasmote.json (SPEC.md, 4): every sample once, as fast as it goes."""
    sensor = {"kind": "replay", "path": SAMPLES.format(name=agent), "period_ms": 0}
    config = {
        "site": SITE,
        "node": NODE,
        "network": {"kind": "lan"},
        "mqtt": {"host": host, "port": port, "qos": 1},
        "agents": [{"name": agent, "out": "json", "sensor": sensor}],
    }
    return json.dumps(config, indent=1) + "\n"


def mpremote(port: str, *words: str) -> str:
    """Runs mpremote on the board and returns what it printed."""
    command = [sys.executable, "-m", "mpremote", "connect", port, *words]
    try:
        return run(command, timeout_s=MPREMOTE_TIMEOUT_S)
    except BuildError as error:
        raise DeviceError(f"mpremote: {error}") from None


def fill(port: str, config: str, bundle: Path, samples: Path, scratch: Path) -> None:
    """Puts configuration, agent and samples on the board."""
    name = bundle.name
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / "wasmote.json").write_text(config)
    (scratch / "main.py").write_text(MAIN)
    words: list[str] = []
    for step in (
        ("fs", "mkdir", ":/agents"),
        ("fs", "mkdir", ":/samples"),
        ("fs", "cp", "-r", str(bundle), ":/agents/"),
        ("fs", "cp", str(samples), ":" + SAMPLES.format(name=name)),
        ("fs", "cp", str(scratch / "wasmote.json"), ":/wasmote.json"),
        ("fs", "cp", str(scratch / "main.py"), ":/main.py"),
    ):
        words += [*step, "+"]
    mpremote(port, *words[:-1])
