"""Options of the verbs that use keys."""

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from wasmote.agent.manifest import Manifest
from wasmote.errors import UsageError
from wasmote.sign.keyfolder import Ask, passphrase_check
from wasmote.sign.keyset import AGENT_NAME, ANY_AGENT, MAX_NUMBER

FOLDER = Path("~/.wasmote/keys")

Folder = Annotated[
    Path, typer.Option("--keys", envvar="WASMOTE_KEYS", help="The folder of keys and key sets.")
]
PassphraseEnv = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="The environment variable that holds the passphrase; else asked for."
    ),
]


def asking(variable: str) -> Ask:
    """How passphrases of keys are found out: in an environment variable, or by asking."""

    def ask(name: str) -> bytes:
        return passphrase_check(_from(variable) if variable else _typed(f"passphrase of {name}"))

    return ask


def new_passphrase(name: str, variable: str) -> bytes:
    """The passphrase for a new key, typed twice where it is asked for."""
    if variable:
        return passphrase_check(_from(variable))
    first = passphrase_check(_typed(f"passphrase for {name}"))
    if _typed("once more") != first:
        raise UsageError("the two passphrases differ")
    return first


def _from(variable: str) -> bytes:
    value = os.environb.get(os.fsencode(variable))
    if not value:
        raise UsageError(f"--passphrase-env: the environment has no {variable}, or an empty one")
    return value


def _typed(what: str) -> bytes:
    if not sys.stdin.isatty():
        raise UsageError(f"{what}: no terminal to ask on: see --passphrase-env")
    return getpass.getpass(f"{what}: ").encode()


def agent_limits(words: list[str], default: int | None = None) -> dict[str, int]:
    """`AGENT=SEQUENCE` for each word; `AGENT` alone where there is a `default`."""
    limits = {}
    for word in words:
        name, equals, number = word.partition("=")
        if name != ANY_AGENT and not AGENT_NAME.fullmatch(name):
            raise UsageError(f"{word!r}: {name!r} is no agent's name ([a-z0-9-], or '*' for any)")
        if not equals and default is not None:
            number = str(default)
        if not (number.isascii() and number.isdigit() and int(number[:11]) <= MAX_NUMBER):
            raise UsageError(f"{word!r}: expected AGENT=SEQUENCE, SEQUENCE in 0..{MAX_NUMBER}")
        limits[name] = int(number)
    return limits


def signed_limits(words: list[str]) -> dict[str, int]:
    """The same, where a word may also be a bundle's folder: its name and sequence."""
    limits: dict[str, int] = {}
    for word in words:
        if Path(word).is_dir():
            manifest = Manifest.read(Path(word))
            found = {manifest.name: manifest.sequence}
        else:
            found = agent_limits([word])
        for agent, sequence in found.items():
            limits[agent] = max(sequence, limits.get(agent, 0))
    return limits
