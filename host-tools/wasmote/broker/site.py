"""A site's broker: a folder with mosquitto's configuration, its users, and their rights."""

import json
import os
import pwd
import re
import shutil
import stat
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from wasmote.broker import access
from wasmote.broker.mosquitto import Broker, configuration, free_port
from wasmote.errors import DeviceError, UsageError, WasmoteError
from wasmote.links import mqtt


@dataclass(frozen=True)
class Settings:
    """What `init` was told, kept in broker.json."""

    prefix: str
    gateways: list[str]
    orchestrators: list[str]
    bind: str
    tls_port: int
    certificate: str
    key: str
    authority: str
    plain_port: int
    max_connections: int
    run_as: str

    def check(self) -> None:
        """Raises UsageError, with what is wrong."""
        access.identifier(self.prefix, "--prefix")
        roles = [*self.gateways, *self.orchestrators]
        for name in roles:
            access.identifier(name, "user")
        if not self.orchestrators or len(set(roles)) < len(roles):
            raise UsageError("users: at least one orchestrator, and no name twice")
        if bool(self.certificate) != bool(self.key) or (self.authority and not self.key):
            raise UsageError("TLS takes --cert and --key, and --ca besides where it is wanted")
        if not self.certificate and not self.plain_port:
            raise UsageError("no listener: name --cert and --key, or --plain-port (not ciphered)")
        for file in filter(None, (self.certificate, self.key, self.authority)):
            if not Path(file).is_file():
                raise UsageError(f"{file}: no such file")
        for port in (self.tls_port, self.plain_port):
            if not 0 <= port <= 65535:
                raise UsageError(f"port {port} is not in 1..65535")
        if self.max_connections < 1:
            raise UsageError(f"--max-connections: {self.max_connections} is less than 1")
        try:
            pwd.getpwnam(self.run_as)
        except KeyError:
            raise UsageError(f"--run-as: this machine has no user {self.run_as!r}") from None


class Site:
    """The folder of a site's broker."""

    def __init__(self, folder: Path) -> None:
        """It need not exist before `init`."""
        self.folder = folder.resolve()
        self.settings_file = self.folder / "broker.json"
        self.conf = self.folder / "mosquitto.conf"
        self.acl = self.folder / "acl"
        self.passwords = self.folder / "passwords"
        self.secrets = self.folder / "secrets"
        self.store = self.folder / "store"

    def init(self, settings: Settings) -> dict[str, Path]:
        """Makes the folder; returns where the password of each user is."""
        settings.check()
        if self.folder.exists() and any(self.folder.iterdir()):
            raise UsageError(f"{self.folder}: there is something already; take another folder")
        for folder in (self.folder, self.secrets, self.store):
            folder.mkdir(parents=True, exist_ok=True)
        self.secrets.chmod(0o700)
        self.store.chmod(0o700)
        self.settings_file.write_text(json.dumps(asdict(settings), indent=2) + "\n")
        self.conf.write_text(self._configuration(settings))
        access.write_secret(self.acl, self._acl(settings))
        access.write_users(self.passwords, {})
        self._give_to(settings.run_as)
        users = [*settings.gateways, *settings.orchestrators]
        return {user: self._add(user) for user in users}

    def _acl(self, settings: Settings) -> str:
        return access.acl(settings.prefix, settings.gateways, settings.orchestrators)

    # Started as root, mosquitto becomes `user` before it reads these files again.
    def _give_to(self, user: str) -> None:
        if os.geteuid() == 0:
            for path in (self.acl, self.passwords, self.store):
                shutil.chown(path, user)

    def _configuration(self, settings: Settings) -> str:
        lines = [
            f"user {settings.run_as}",
            "allow_anonymous false",
            f"password_file {self.passwords}",
            f"acl_file {self.acl}",
        ]
        if settings.certificate:
            lines += ["", f"listener {settings.tls_port} {settings.bind}".rstrip()]
            lines += [f"certfile {settings.certificate}", f"keyfile {settings.key}"]
            if settings.authority:
                lines += [f"cafile {settings.authority}"]
            lines += self._listener(settings)
        if settings.plain_port:
            lines += ["", f"listener {settings.plain_port} {settings.bind}".rstrip()]
            lines += self._listener(settings)
        return configuration("\n".join(lines) + "\n", self.store)

    def _listener(self, settings: Settings) -> list[str]:
        return [
            f"max_connections {settings.max_connections}",
            "# A client that takes another's identifier throws it out: so everyone has its own.",
            "use_username_as_clientid true",
        ]

    def settings(self) -> Settings:
        """What `init` wrote. Raises UsageError where that is not there or damaged."""
        try:
            return Settings(**json.loads(self.settings_file.read_text()))
        except OSError as error:
            raise UsageError(f"{self.settings_file}: {error.strerror}: run init first") from None
        except (ValueError, TypeError) as error:
            raise UsageError(f"{self.settings_file}: {error}") from None

    def add_node(self, node: str) -> Path:
        """A user for a node, with a new password; returns the file that holds it."""
        user = access.node_user(node)
        settings = self.settings()
        if user.split("/")[0] in (*settings.gateways, *settings.orchestrators):
            raise UsageError(f"{user}: the site has the name of a user; one of them must change")
        if user in access.read_users(self.passwords):
            raise UsageError(f"{user} is there already: rm-node first gives it a new password")
        return self._add(user)

    def _add(self, user: str) -> Path:
        password = access.new_password()
        file = self.secret_of(user)
        access.write_secret(file, password + "\n")
        users = access.read_users(self.passwords)
        access.write_users(self.passwords, users | {user: access.password_hash(password)})
        return file

    def remove_node(self, node: str) -> None:
        """Takes a node's user away."""
        user = access.node_user(node)
        users = access.read_users(self.passwords)
        if user not in users:
            raise UsageError(f"{user}: not among the users of {self.passwords}")
        del users[user]
        access.write_users(self.passwords, users)
        self.secret_of(user).unlink(missing_ok=True)

    def secret_of(self, user: str) -> Path:
        """Where a user's password is, for `wasmote provision --password-file`."""
        return self.secrets / user.replace("/", ".")

    def check(self) -> list[str]:
        """What is wrong with the folder, each with where; mosquitto is tried with it, too."""
        settings = self.settings()
        wrong = []
        for file in (self.conf, self.acl, self.passwords):
            if not file.is_file():
                wrong.append(f"{file}: is not there")
        if wrong:
            return wrong
        secret = [self.acl, self.passwords, self.secrets, self.store, *self.secrets.iterdir()]
        for file in [*secret, *([Path(settings.key)] if settings.key else [])]:
            if stat.S_IMODE(file.stat().st_mode) & 0o077:
                wrong.append(f"{file}: others than its owner may use it: chmod go= it")
        if self.acl.read_text() != self._acl(settings):
            wrong.append(f"{self.acl}: is not what SPEC.md, 5.4, wants for {self.settings_file}")
        wrong += self._check_users(settings)
        try:
            self._try()
        except WasmoteError as error:
            wrong.append(f"{self.conf}: {error}")
        return wrong

    def _check_users(self, settings: Settings) -> list[str]:
        try:
            users = access.read_users(self.passwords)
        except UsageError as error:
            return [str(error)]
        roles = {*settings.gateways, *settings.orchestrators}
        wrong = [f"{self.passwords}: no user {user}" for user in sorted(roles - set(users))]
        for user in sorted(set(users) - roles):
            try:
                access.node_user(user)
            except UsageError:
                wrong.append(f"{self.passwords}: {user!r} is no node, gateway or orchestrator")
        return wrong

    def _try(self) -> None:
        """Starts mosquitto with the configuration, on other ports and with an empty store."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if os.geteuid() == 0:
                shutil.chown(folder, self.settings().run_as)
            text = re.sub(
                r"(?m)^listener .*$",
                lambda _: f"listener {free_port()} 127.0.0.1",
                self.conf.read_text(),
            )
            text = re.sub(r"(?m)^persistence_location .*$", f"persistence_location {name}/", text)
            port = free_port()
            conf = folder / "mosquitto.conf"
            conf.write_text(f"{text}\nlistener {port} 127.0.0.1\n")
            with Broker(folder, conf, port):
                if mqtt.connack("127.0.0.1", port) == 0:
                    raise DeviceError("lets in who names no user: allow_anonymous false")
