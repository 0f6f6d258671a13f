"""The corpora of the node's parsers, as they are and damaged, on the unix port: no exception but
those announced. atheris looks in CPython, whose built-in functions are others."""

import random
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import fuzz_corpus

from wasmote.links.process import environment, program

HERE = Path(__file__).parent
REGRESSIONS = HERE / "regressions"
DAMAGED = 40
TIMEOUT_S = 200


def damaged(data: bytes, source: random.Random) -> bytes:
    """One to three places of it changed, cut out or said twice."""
    for _ in range(source.randint(1, 3)):
        at = source.randrange(len(data) + 1)
        end = min(len(data), at + source.choice((1, 1, 2, 8)))
        put = source.choice((b"", source.randbytes(1), data[at:end] * 2, b'"', b"\\u00", b"9" * 20))
        data = data[:at] + put + data[end:]
    return data


def inputs() -> Iterator[tuple[str, bytes]]:
    for name, make in fuzz_corpus.PARSERS.items():
        known = sorted((REGRESSIONS / name).glob("*"))
        seeds = [*make(), *(path.read_bytes() for path in known)]
        source = random.Random(name)
        yield from ((name, data) for data in seeds)
        for _ in range(DAMAGED):
            yield name, damaged(source.choice(seeds), source)


def on_node(given: list[tuple[str, bytes]], folder: Path) -> list[str]:
    """The verdict on each of them."""
    for script in ("parsers.py", "node_parsers.py"):
        shutil.copy(HERE / "device" / script, folder)
    lines = [f"{name} {data.hex()}\n" for name, data in given]
    (folder / "inputs").write_text("".join(lines))
    command = [*program(), "-c", "import node_parsers; node_parsers.run('inputs')"]
    got = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=TIMEOUT_S,
        check=False,
    )
    assert got.returncode == 0 and got.stdout.endswith("end\n"), got.stdout[-2000:] + got.stderr
    return [line.split(" ", 2)[2] for line in got.stdout.splitlines() if line != "end"]


def test_node_takes_and_refuses(tmp_path: Path) -> None:
    given = list(inputs())
    verdicts = on_node(given, tmp_path)
    assert len(verdicts) == len(given)
    count: dict[str, set[str]] = defaultdict(set)
    for (name, data), verdict in zip(given, verdicts, strict=True):
        assert verdict in ("taken", "refused"), f"{name}: {verdict} for {data!r}"
        count[name].add(verdict)
    # Frames are never refused: what is none is text.
    assert count.pop("frames") == {"taken"}
    assert all(each == {"taken", "refused"} for each in count.values()), count
