"""`wasmote agent` and others against devices: the emulated board, and a folder of the unix port."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Run

from wasmote import paths
from wasmote.agent import golden
from wasmote.links import bundles, connected, files, store
from wasmote.sim import Simulator

BUNDLE = paths.BUILD / "agents" / "digits"
SMALL = paths.BUILD / "agents" / "template"

# Whole files, large and then small: what a failed write leaves of its file is not kept.
FILL = """
import os
os.mkdir('/fill')
n = 0
for size in (65536, 4096):
    try:
        while True:
            with open('/fill/%d' % n, 'wb') as f:
                for _ in range(size // 4096):
                    f.write(bytes(4096))
            n += 1
    except OSError as e:
        print(e.args[0])
"""

# All but what is too little for `digits`.
FILL_STORE = """
import hashlib
from wasmote import store
s = store.default()
piece = bytes(1000)
size = s.info()[2] - 12288
h = hashlib.sha256()
for _ in range(size // 1000):
    h.update(piece)
digest = h.digest()
w = s.put(size // 1000 * 1000, digest)
for _ in range(size // 1000):
    w.write(piece)
w.close()
s.hold('fill', {'f': digest})
"""


@pytest.fixture(params=["board", "unix"])
def device(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A device's name; emptied of agents."""
    name = f"unix:{tmp_path}"
    if request.param == "board":
        name = request.getfixturevalue("running").port
    empty(name)
    yield name


def empty(name: str) -> None:
    """Removes every agent, and all that the store holds."""
    with connected(name) as link:
        files.remove(link, bundles.FOLDER)
        store.update(link, dict.fromkeys(store.owners(link) or {}))


def names(name: str, folder: str) -> list[str] | None:
    """What lies in a folder of a device."""
    with connected(name) as link:
        found = files.listdir(link, folder)
    return None if found is None else [entry.name for entry in found]


def held(name: str) -> dict[str, dict[str, int]]:
    """What the store of a device holds."""
    with connected(name) as link:
        return store.owners(link) or {}


def answer(run: Run, *words: str, exit_code: int = 0) -> Any:
    """What the command says with --json."""
    got = run(*words, "--json")
    assert got.returncode == exit_code, got.stdout + got.stderr
    return json.loads(got.stdout)


def test_agent_upload_ls_run_rm(wasmote: Run, device: str) -> None:
    put = answer(wasmote, "agent", "upload", str(BUNDLE), "--device", device)
    size = sum(path.stat().st_size for path in BUNDLE.iterdir())
    assert (put["name"], put["bytes"], put["path"]) == ("digits", size, "/store/digits")
    [entry] = answer(wasmote, "agent", "ls", "--device", device)
    assert (entry["name"], entry["version"], entry["problem"]) == ("digits", "0.1.0", "")
    assert (entry["where"], entry["bundle_bytes"]) == ("/store/digits", size)
    there = answer(wasmote, "agent", "run", str(BUNDLE), "--device", device)
    here = answer(wasmote, "agent", "run", str(BUNDLE))
    wanted = [out.hex() for _, out in golden.read((BUNDLE / golden.FILE_NAME).read_bytes()).pairs]
    assert [row["output"] for row in there] == [row["output"] for row in here] == wanted
    assert answer(wasmote, "agent", "rm", "digits", "--device", device) == {"removed": "digits"}
    assert answer(wasmote, "agent", "ls", "--device", device) == []
    assert held(device) == {}


def test_agent_upload_replaces_the_old_version_whole(wasmote: Run, device: str) -> None:
    with connected(device) as link:
        store.put(link, "template", b"of an older version")
        old = {"left-over": hashlib.sha256(b"of an older version").digest()}
        store.update(link, {"template": old, "template.new": old})
        files.mkdirs(link, "/agents/template")
        link.write("/agents/template/manifest.json", b"older still")
    answer(wasmote, "agent", "upload", str(SMALL), "--device", device)
    assert held(device) == {"template": {p.name: p.stat().st_size for p in SMALL.iterdir()}}
    assert names(device, "/agents") == []


def test_agent_upload_takes_the_signature_along(wasmote: Run, device: str, tmp_path: Path) -> None:
    keys, signed = ("--keys", str(tmp_path / "keys")), tmp_path / "host/template"
    shutil.copytree(SMALL, signed)
    answer(wasmote, "keys", "new", "ci", "--publisher", *keys)
    answer(wasmote, "agent", "sign", str(signed), "--key", "ci", *keys)
    answer(wasmote, "agent", "upload", str(signed), "--device", device)
    assert held(device) == {"template": {p.name: p.stat().st_size for p in signed.iterdir()}}
    with connected(device) as link:
        there = store.read(link, "template", "manifest.sig")
    assert there == (signed / "manifest.sig").read_bytes()
    assert len(answer(wasmote, "agent", "run", str(signed), "--device", device)) > 0
    answer(wasmote, "agent", "upload", str(SMALL), "--device", device)
    assert "manifest.sig" not in held(device)["template"]


def test_device_without_a_store_gets_a_folder(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole: what was in the folder is gone."""
    monkeypatch.setattr(store, "present", lambda *_: None)
    monkeypatch.setattr(store, "owners", lambda *_: None)
    _, data = bundles.load(SMALL)
    with connected(device) as link:
        files.mkdirs(link, "/agents/template")
        link.write("/agents/template/left-over", b"of an older version")
        assert bundles.upload(link, "template", data).path == "/agents/template"
        [entry] = bundles.installed(link)
        there = [found.name for found in files.listdir(link, "/agents/template") or []]
    assert (entry.where, entry.problem) == ("/agents/template", "")
    assert there == sorted(data)
    assert names(device, "/agents") == ["template"]


def test_agent_rm_knows_folders_and_what_was_taken_in(wasmote: Run, device: str) -> None:
    with connected(device) as link:
        files.mkdirs(link, "/agents/template")
        for path in SMALL.iterdir():
            link.write(f"/agents/template/{path.name}", path.read_bytes())
    answer(wasmote, "agent", "run", str(SMALL), "--device", device)
    assert list(held(device)["template"]) == ["agent.wasm"]
    [entry] = answer(wasmote, "agent", "ls", "--device", device)
    assert (entry["name"], entry["where"], entry["problem"]) == ("template", "/agents/template", "")
    with connected(device) as link:
        files.remove(link, "/agents/template")
    [entry] = answer(wasmote, "agent", "ls", "--device", device)
    assert entry["where"] == "/store/template"
    assert "is gone; wasmote agent rm template" in entry["problem"]
    answer(wasmote, "agent", "rm", "template", "--device", device)
    assert (held(device), answer(wasmote, "agent", "ls", "--device", device)) == ({}, [])


def test_agent_upload_of_a_broken_bundle_leaves_the_device_alone(
    wasmote: Run, device: str, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(SMALL, broken)
    (broken / "agent.wasm").write_bytes(b"\0asm\1\0\0\0")
    said = answer(wasmote, "agent", "upload", str(broken), "--device", device, exit_code=5)
    assert "agent.wasm" in said["error"]
    assert answer(wasmote, "agent", "ls", "--device", device) == []


def test_agent_ls_shows_a_broken_agent_as_broken(wasmote: Run, device: str) -> None:
    with connected(device) as link:
        files.mkdirs(link, "/agents/broken")
        link.write("/agents/broken/manifest.json", b'{"format": 2}')
    [entry] = answer(wasmote, "agent", "ls", "--device", device)
    assert entry["name"] == "broken"
    assert "manifest.json: format: 2 is not" in entry["problem"]


def test_agent_rm_of_what_is_not_there(wasmote: Run, device: str) -> None:
    said = answer(wasmote, "agent", "rm", "nobody", "--device", device, exit_code=2)
    assert "no agent 'nobody'; there: none" in said["error"]


def test_agent_upload_does_not_need_the_file_system(wasmote: Run, running: Simulator) -> None:
    empty(running.port)
    with connected(running.port) as link:
        assert link.exec(FILL, timeout_s=120).split() == ["28", "28"]
    answer(wasmote, "agent", "upload", str(BUNDLE), "--device", running.port)
    with connected(running.port) as link:
        files.remove(link, "/fill")
    assert answer(wasmote, "agent", "run", str(BUNDLE), "--device", running.port)


def test_agent_upload_into_a_full_store(wasmote: Run, running: Simulator) -> None:
    empty(running.port)
    answer(wasmote, "agent", "upload", str(SMALL), "--device", running.port)
    before = held(running.port)
    with connected(running.port) as link:
        link.exec(FILL_STORE, timeout_s=120)
    said = answer(wasmote, "agent", "upload", str(BUNDLE), "--device", running.port, exit_code=4)
    assert "no room for" in said["error"]
    assert "release an owner" in said["error"]
    now = held(running.port)
    del now["fill"]
    assert now == before
    assert answer(wasmote, "agent", "run", str(SMALL), "--device", running.port)
    with connected(running.port) as link:
        store.update(link, {"fill": None})
    answer(wasmote, "agent", "upload", str(BUNDLE), "--device", running.port)


def test_agent_upload_while_the_emulator_dies(
    wasmote: Run, running: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The serial port is taken away in the middle: exit 4, and the next start has no half agent."""
    empty(running.port)
    with connected(running.port) as link:
        manifest, data = bundles.load(BUNDLE)
        written = 0

        def pull_the_plug(done: int) -> None:
            nonlocal written
            written += done
            if written > 8000:
                running.kill()

        with pytest.raises(bundles.DeviceError, match="the port went away"):
            bundles.upload(link, manifest.name, data, pull_the_plug)
    said = answer(wasmote, "agent", "ls", "--device", running.port, exit_code=4)
    assert "no such port" in said["error"]
    running.stop()
    running.fresh = False  # with the flash as it is
    running.start()
    assert answer(wasmote, "agent", "ls", "--device", running.port) == []
    answer(wasmote, "agent", "upload", str(BUNDLE), "--device", running.port)


def test_device_that_is_busy(wasmote: Run, running: Simulator) -> None:
    with connected(running.port):
        said = answer(wasmote, "agent", "ls", "--device", running.port, exit_code=4)
    assert "busy" in said["error"]


def test_monitor_shows_serial_lines(wasmote: Run, running: Simulator) -> None:
    code = "import time\nwhile True:\n print('tick')\n time.sleep_ms(50)\n"
    with connected(running.port) as link:
        link.write("/main.py", code.encode())
        link.restart()
    got = wasmote("monitor", "--device", running.port, "--seconds", "1", "--json")
    events = [json.loads(line) for line in got.stdout.splitlines()]
    assert {"from": "serial", "text": "tick"} in events
    with connected(running.port) as link:
        files.remove(link, "/main.py")
