"""Uploads into a node that runs, over its console: no reset, nothing lost, and the node decides.

Rerun one: .venv/bin/pytest tests/e2e/test_byhand_upload.py -k "<name> and <unix or board>"
"""

import json
import os
import subprocess
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from commands import Run
from update_support import BoardNode, Fleet, Signer, UnixNode, Web, after, digest, golden, wat

from wasmote.boards import Board
from wasmote.broker import Broker
from wasmote.links.base import Link
from wasmote.links.mqtt import Listener
from wasmote.links.process import environment, program
from wasmote.sim import Simulator, simulator

pytestmark = pytest.mark.timeout(180)

LOCK = """
from wasmote import trust
trust.can_lock = True
trust.default().lock()
"""


class PtyNode(UnixNode):
    """A process whose console is a pty, `port`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._end, slave = os.openpty()
        tty.setraw(slave)
        self._slave = slave
        self.port = os.ttyname(slave)
        self.running: subprocess.Popen[bytes] | None = None

    def boot(self) -> None:
        self.running = subprocess.Popen(
            [*program(), "main.py"],
            cwd=self.folder,
            env=environment(),
            stdin=self._end,
            stdout=self._end,
        )

    def kill(self) -> None:
        if self.running:
            self.running.kill()
            self.running.wait()
        self.running = None

    def stop(self) -> None:
        self.kill()
        os.close(self._end)
        os.close(self._slave)


class SerialNode(BoardNode):
    """A board whose console nobody holds."""

    @property
    def port(self) -> str:
        return self.simulator.port

    def boot(self) -> None:
        super().boot()
        self._close()


class Field(Fleet):
    """A node with a broker, whose console is at hand."""

    node: PtyNode | SerialNode

    def __init__(self, *given: Any, wasmote: Run, tmp_path: Path) -> None:
        super().__init__(*given)
        self._wasmote = wasmote
        self._folder = tmp_path

    def write(self, bundle: dict[str, bytes]) -> str:
        """The bundle's folder."""
        folder = self._folder / f"bundle-{digest(bundle)[:8]}-{len(bundle)}"
        folder.mkdir(exist_ok=True)
        for name, content in bundle.items():
            (folder / name).write_bytes(content)
        return str(folder)

    def upload(self, bundle: dict[str, bytes], port: str = "") -> tuple[int, str, dict[str, Any]]:
        """Exit code, what it said as an error, and its JSON."""
        words = ("agent", "upload", self.write(bundle), "-d", port or self.node.port, "--json")
        got = self._wasmote(*words)
        return got.returncode, got.stderr, json.loads(got.stdout or "{}")

    def lock(self) -> None:
        self.node.kill()
        if isinstance(self.node, SerialNode):
            self.node.simulator.start()
        with self.node.link() as link:
            self.run(link, LOCK)
        self.node.boot()

    def run(self, link: Link, code: str) -> None:
        assert link.exec(code, timeout_s=30).strip() == ""

    def versions(self) -> list[str]:
        return [r["version"] for r in self.results]


@contextmanager
def field(node: PtyNode | SerialNode, broker: Broker, **more: Any) -> Iterator[Field]:
    web = Web().start()
    try:
        with Listener("127.0.0.1", broker.port) as listener:
            yield Field(node, broker.port, listener, web, **more)
    finally:
        node.stop()
        web.stop()


@pytest.fixture(params=["unix", "board"])
def at_hand(
    request: pytest.FixtureRequest, board: Board, tmp_path: Path, broker: Broker, wasmote: Run
) -> Iterator[Field]:
    node: PtyNode | SerialNode
    if request.param == "unix":
        folder = tmp_path / "node"
        folder.mkdir()
        node = PtyNode(folder)
    else:
        simulator.install(board, "test-byhand")
        node = SerialNode(Simulator(board, "test-byhand", fresh=True).start())
    with field(node, broker, wasmote=wasmote, tmp_path=tmp_path) as found:
        yield found


@pytest.fixture
def old(at_hand: Field) -> dict[str, bytes]:
    """What runs at first."""
    return at_hand.signer.bundle(3, wat(1), golden(1))


Bundle = Callable[[Signer, int], dict[str, bytes]]


def good(signer: Signer, sequence: int) -> dict[str, bytes]:
    return signer.bundle(sequence, wat(sequence), golden(sequence))


def unsigned(bundle: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in bundle.items() if name != "manifest.sig"}


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_running_node_takes_a_new_version(
    at_hand: Field, old: dict[str, bytes], signed: bool
) -> None:
    at_hand.provision(old)
    at_hand.until_version(3)
    new = good(at_hand.signer, 4)
    code, error, said = at_hand.upload(new if signed else unsigned(new))
    assert code == 0, error
    assert said["state"] == "confirmed"
    at_hand.until_version(4)
    at_hand.until(lambda: at_hand.update_is("confirmed", new))
    at_hand.check_gapless()
    at_hand.check_samples()
    assert {r["boot"] for r in at_hand.results} == {1}
    assert at_hand.versions() == sorted(at_hand.versions())
    # It is there to stay, with the one before it to go back to.
    at_hand.node.kill()
    at_hand.results.clear()
    at_hand.node.boot()
    at_hand.until_version(4)
    at_hand.until(lambda: at_hand.reported["boot"] == 2)
    assert at_hand.agent["previous"] == digest(old)


def test_what_the_node_refuses_is_said(at_hand: Field, old: dict[str, bytes]) -> None:
    at_hand.provision(old)
    at_hand.until_version(3)
    assert at_hand.upload(good(at_hand.signer, 4))[0] == 0
    trap = at_hand.signer.bundle(5, wat(5, after(4, "unreachable")), golden(5))
    cases = [
        (good(at_hand.signer, 2), 5, "rollback"),
        (good(Signer(), 5), 5, "unknown-key"),
        (at_hand.signer.bundle(6, wat(6), golden(6), boards=["NO_SUCH"]), 5, "wrong-board"),
        (trap, 1, "rolled-back: trap"),
        (trap, 5, "known-bad"),
        (unsigned(trap), 5, "known-bad"),
    ]
    for bundle, exit_code, words in cases:
        code, error, _ = at_hand.upload(bundle)
        assert (code, words in error) == (exit_code, True), error
    at_hand.until_version(4)
    at_hand.check_gapless()
    assert {r["boot"] for r in at_hand.results} == {1}


def test_locked_node_takes_only_what_is_signed(at_hand: Field, old: dict[str, bytes]) -> None:
    at_hand.provision(old)
    at_hand.until_version(3)
    at_hand.lock()
    at_hand.until(lambda: at_hand.reported.get("mode") == "locked")
    at_hand.results.clear()
    new = good(at_hand.signer, 4)
    code, error, _ = at_hand.upload(unsigned(new))
    assert code == 5
    assert "signature-format" in error
    assert "wasmote agent sign" in error
    code, error, said = at_hand.upload(new)
    assert (code, said.get("state")) == (0, "confirmed"), error
    at_hand.until_version(4)
    at_hand.check_gapless()
    assert len({r["boot"] for r in at_hand.results}) == 1


def test_node_that_is_busy_says_so(at_hand: Field, old: dict[str, bytes]) -> None:
    at_hand.provision(old, trial_runs=100_000, trial_s=3600)
    at_hand.until_version(3)
    at_hand.want(good(at_hand.signer, 4))
    at_hand.until(lambda: at_hand.agent.get("state") == "trial")
    code, error, _ = at_hand.upload(good(at_hand.signer, 5))
    assert code == 4
    assert "busy" in error
    at_hand.until_version(4)
    at_hand.check_gapless()
