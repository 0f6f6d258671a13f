"""Starting and stopping mosquitto with the configuration that we ship."""

import getpass
import shutil
import signal
import socket
import string
import subprocess
import time
from pathlib import Path
from typing import Self

from wasmote import child
from wasmote.errors import DeviceError, MissingError
from wasmote.running import Running

TEMPLATE = Path(__file__).with_name("mosquitto.conf")
START_TIMEOUT_S = 10.0


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program() -> str:
    """The path of mosquitto; Debian keeps it in /usr/sbin, which users' PATH lacks."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if not found:
        raise MissingError("mosquitto is not installed: run make venv")
    return found


def configuration(access: str, store: Path) -> str:
    """Our configuration file: `access` is who may connect and where."""
    return string.Template(TEMPLATE.read_text()).substitute(access=access, folder=store)


class Broker(Running):
    """A broker on a free loopback port; running inside `with`, stopped after in all cases."""

    def __init__(self, folder: Path, conf: Path | None = None, port: int = 0) -> None:
        """`folder` holds its configuration, log and store; a second start goes on with them.

        `conf`: a configuration that is there, which listens on `port`; else one that lets in all.
        """
        self.folder = folder.resolve()
        self.port = port or free_port()
        self._conf = conf
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What mosquitto logged."""
        return self.folder / "mosquitto.log"

    def access(self) -> str:
        """Who may connect, and where."""
        return f"listener {self.port} 127.0.0.1\nallow_anonymous true\n"

    def start(self) -> Self:
        """Starts it on its port and returns when it accepts connections."""
        self.folder.mkdir(parents=True, exist_ok=True)
        conf = self._conf or self._open_to_all()
        with self.log.open("ab") as log:
            self._process = child.start([program(), "-c", conf], log, cwd=self.folder)
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def _open_to_all(self) -> Path:
        conf = self.folder / "mosquitto.conf"
        # Run as root, mosquitto changes to a user of its own, who could not write the store.
        access = f"user {getpass.getuser()}\n{self.access()}"
        conf.write_text(configuration(access, self.folder))
        return conf

    def _wait(self) -> None:
        end = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end and self._process and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        tail = self.log.read_text(errors="replace").strip()[-800:]
        raise DeviceError(f"mosquitto did not start on port {self.port}: {tail}")

    def stop(self) -> None:
        """Stops it in order (its store is written); may be called twice."""
        if self._process:
            child.stop(self._process)
            self._process = None

    def reload(self) -> None:
        """Has it read its users and their rights again."""
        if self._process:
            self._process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        """Ends it without notice."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
