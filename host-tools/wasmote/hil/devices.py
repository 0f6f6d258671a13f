"""A bench's boards while something runs on them."""

import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from wasmote.bridge import broker, run
from wasmote.errors import DeviceError
from wasmote.hil.bench import Place
from wasmote.links import connect, names
from wasmote.links.base import Link
from wasmote.links.serial import serial_port
from wasmote.running import Running
from wasmote.sim import Simulator, simulator

SWITCH_TIMEOUT_S = 30
# From power on to a USB port that answers.
APPEARS_S = 15


class Device(Running):
    """A board, emulated or plugged in. Emulated ones begin with an empty flash; real ones keep
    theirs, so that tests have to clean up."""

    def __init__(self, place: Place, use: str = "hil") -> None:
        """`use` keeps apart what several runs of tests do with the same emulated board."""
        self.place = place
        self.board = place.board
        self.name = place.name
        self._simulator: Simulator | None = None
        self._emulated = f"{use}-{place.name}"
        self._prompt = ""

    @property
    def device(self) -> str:
        """The name for links."""
        if self._prompt:
            return self._prompt
        if self._simulator:
            return self._simulator.device
        return f"id:{self.place.serial}" if self.place.serial else self.place.port

    @property
    def port(self) -> str:
        """Its serial port; "" for a process."""
        if self._simulator:
            return self._simulator.port
        return serial_port(names.parse(self.device))

    @property
    def is_process(self) -> bool:
        """Whether it is a program of this machine, which has no serial port and runs on demand."""
        return self.board.section("sim").get("kind") == "process"

    @property
    def has_network(self) -> bool:
        """Whether it reaches a broker by itself."""
        return self.is_process or self.board.section("network").get("kind") != "none"

    @contextmanager
    def bridged(self, host: str, port: int) -> Iterator[None]:
        """Meanwhile a board without a network reaches that broker through its serial port, and
        links go to the bridge's prompt. Nothing changes for a board that has one."""
        if self.has_network:
            yield
            return
        prompts: queue.Queue[str] = queue.Queue()
        ended = threading.Event()

        def tell(_port: str, kind: str, text: str) -> None:
            if kind == "prompt":
                prompts.put(text)

        address = broker.find(host, port)
        thread = threading.Thread(
            target=run.bridge, args=([self.port], address, tell, ended.is_set), daemon=True
        )
        thread.start()
        try:
            self._prompt = prompts.get(timeout=APPEARS_S)
            yield
        finally:
            self._prompt = ""
            ended.set()
            thread.join(APPEARS_S)

    @property
    def why_not_cut(self) -> str:
        """Why its power cannot be cut; "" where it can."""
        if self.is_process:
            return "a process has no power to cut"
        if self.place.is_emulated or self.place.power:
            return ""
        return f"the bench has no power switch for {self.name}"

    def link(self) -> Link:
        """A link to it, to be closed."""
        return connect(self.device)

    def start(self) -> Self:
        """Starts it. DeviceError where it is not there."""
        if self.place.is_emulated:
            simulator.install(self.board, self._emulated)
            self._simulator = Simulator(self.board, self._emulated, fresh=True).start()
        elif self.place.power:
            self._switch("on")
            self._wait()
        else:
            self._greet()
        return self

    def cut(self) -> None:
        """Takes the power away, and gives it back. DeviceError where the bench cannot."""
        if self.why_not_cut:
            raise DeviceError(f"{self.name}: {self.why_not_cut}")
        if self._simulator:
            self._simulator.kill()
            self._simulator.stop()
            self._simulator = Simulator(self.board, self._emulated).start()
            return
        self._switch("off")
        time.sleep(1)
        self._switch("on")
        self._wait()

    def recover(self) -> None:
        """Brings a board back that does not answer; DeviceError where it stays silent."""
        if not self.why_not_cut:
            self.cut()
            return
        link = self.link()
        try:
            link.restart()
        finally:
            link.close()

    def stop(self) -> None:
        """Stops an emulated board; a real one goes on with what it does."""
        if self._simulator:
            self._simulator.stop()
            self._simulator = None

    def _switch(self, state: str) -> None:
        command = [word.replace("{state}", state) for word in self.place.power]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=SWITCH_TIMEOUT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DeviceError(f"{self.name}: power {state}: {error}") from None
        if done.returncode:
            said = (done.stderr or done.stdout).strip()[-200:]
            raise DeviceError(f"{self.name}: power {state}: {command[0]} failed: {said}")

    def _wait(self) -> None:
        end = time.monotonic() + APPEARS_S
        while True:
            try:
                self._greet()
                return
            except DeviceError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def _greet(self) -> None:
        link = self.link()
        try:
            link.exec("pass")
        finally:
            link.close()
