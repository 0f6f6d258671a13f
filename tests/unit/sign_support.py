"""A machine with a folder of keys, for tests of `wasmote keys`."""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from typer.testing import CliRunner

from wasmote.cli.main import app
from wasmote.sign.chain import Chain
from wasmote.sign.keyset import KeySet

ENV = "WASMOTE_TEST_PASSPHRASE"
PASSPHRASE = "open, sesame"


class Machine:
    """A folder of keys; every word that verbs say about it is looked through for secrets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *words: str, exit_code: int = 0) -> str:
        """What a verb prints."""
        env = {"WASMOTE_KEYS": str(self.folder), ENV: PASSPHRASE}
        got = CliRunner().invoke(app, ["keys", *words], env=env)
        assert got.exit_code == exit_code, got.output
        for secret in self.secrets():
            assert secret not in got.output
        return got.output

    def json(self, *words: str, exit_code: int = 0) -> Any:
        """What it prints with --json, as a value."""
        return json.loads(self.run(*words, "--json", exit_code=exit_code).splitlines()[0])

    def secrets(self) -> list[str]:
        """Every form in which a private key could be printed."""
        found = [PASSPHRASE]
        for path in self.folder.glob("*.pem"):
            pem = path.read_bytes()
            found += pem.decode().splitlines()[1:-1]
            if b"ENCRYPTED" in pem:
                private = load_pem_private_key(pem, PASSPHRASE.encode())
            else:
                private = load_pem_private_key(pem, None)
            assert isinstance(private, Ed25519PrivateKey)
            raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
            found += [raw.hex(), repr(raw)]
        return found

    def latest(self) -> KeySet:
        """The present key set, the chain before it verified."""
        return KeySet.parse(Chain(self.folder).documents()[-1])

    def publishers(self) -> dict[str, dict[str, int]]:
        """What the present key set allows."""
        return {entry.name: entry.agents for entry in self.latest().publishers}
