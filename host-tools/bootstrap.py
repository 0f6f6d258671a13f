#!/usr/bin/env python3
"""Sets a fresh Debian machine up: system packages, then the virtual environment in .venv.

Standard library only: it runs before anything is installed. Idempotent, and quick when nothing
is to do. Exit codes: 0 done, 3 something is missing and could not be installed.

    python3 host-tools/bootstrap.py            set up
    python3 host-tools/bootstrap.py --check    only say what is missing
    python3 host-tools/bootstrap.py --train    also what the training scripts need
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

EXIT_MISSING = 3
TOP = Path(__file__).resolve().parents[1]
VENV = TOP / ".venv"
STAMP_NAME = "wasmote-stamp"


class Stop(Exception):
    """The set-up cannot go on; the text says why and what helps."""


def apt_packages(deps_toml: str) -> list[tuple[str, list[str]]]:
    """The (purpose, packages) pairs that deps.toml lists."""
    return [(e["purpose"], e["packages"]) for e in tomllib.loads(deps_toml).get("apt", [])]


def installed_packages(names: list[str]) -> set[str]:
    """Those of `names` that dpkg has installed."""
    query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names]
    try:
        out = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        raise Stop("dpkg-query is not here: wasmote's set-up knows Debian only.") from None
    lines = (line.split() for line in out.splitlines())
    return {words[0] for words in lines if words[1:] == ["installed"]}


def missing_packages(wanted: list[tuple[str, list[str]]], have: set[str]) -> list[tuple[str, str]]:
    """The (package, purpose) pairs of `wanted` that are not in `have`."""
    return [(name, purpose) for purpose, names in wanted for name in names if name not in have]


def install_prefix(uid: int, sudo: str | None) -> list[str] | None:
    """What stands before apt-get so that it may install, or None when it may not."""
    if uid == 0:
        return []
    return [sudo] if sudo else None


def install(missing: list[tuple[str, str]], prefix: list[str] | None) -> None:
    """Installs with apt-get, saying what and what for."""
    names = [name for name, _ in missing]
    command = "apt-get install --no-install-recommends " + " ".join(names)
    for name, purpose in missing:
        print(f"setup: missing Debian package {name} ({purpose})", flush=True)
    if prefix is None:
        raise Stop(f"not root and no sudo: run this as root, then try again:\n  {command}")
    env = ["env", "DEBIAN_FRONTEND=noninteractive"]
    for step in (["update"], ["install", "-y", "--no-install-recommends", *names]):
        print(f"setup: {' '.join([*prefix, 'apt-get', *step])}", flush=True)
        got = subprocess.run([*prefix, *env, "apt-get", "-qq", *step], check=False)
        if got.returncode != 0 and step != ["update"]:
            raise Stop(f"apt-get failed (exit {got.returncode}): try as root:\n  {command}")


def stamp(inputs: list[Path], python: str) -> str:
    """A digest of everything that decides what is in the environment."""
    digest = hashlib.sha256(python.encode())
    for path in inputs:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def venv_is_current(venv: Path, wanted: str) -> bool:
    """Whether `venv` was finished with the same inputs and its Python still starts."""
    try:
        return (venv / STAMP_NAME).read_text() == wanted and starts(venv)
    except OSError:
        return False


def starts(venv: Path) -> bool:
    """Whether the Python of `venv` is there, and has pip; it dangles when its base was removed."""
    try:
        probe = [str(venv / "bin/python"), "-c", "import pip._internal"]
        return subprocess.run(probe, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def run(what: str, command: list[str]) -> None:
    print(f"setup: {what}", flush=True)
    got = subprocess.run(command, check=False)
    if got.returncode != 0:
        raise Stop(f"{what} failed (exit {got.returncode}): {' '.join(command)}")


def make_venv(venv: Path, requirements: Path, wanted: str) -> None:
    """Brings `venv` up to date; the stamp comes last, so that a half-made one is not believed."""
    if not starts(venv):
        shutil.rmtree(venv, ignore_errors=True)
        run(f"virtual environment {venv.name}", [sys.executable, "-m", "venv", str(venv)])
    (venv / STAMP_NAME).unlink(missing_ok=True)
    pip = [str(venv / "bin/python"), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    run("Python packages", [*pip, "--require-hashes", "-r", str(requirements)])
    package = str(TOP / "host-tools")
    run("package wasmote", [*pip, "--no-deps", "--no-build-isolation", "-e", package])
    (venv / STAMP_NAME).write_text(wanted)


def set_up_packages(check: bool) -> None:
    wanted = apt_packages((TOP / "deps.toml").read_text())
    have = installed_packages([name for _, names in wanted for name in names])
    missing = missing_packages(wanted, have)
    if missing and check:
        raise Stop("missing Debian packages: " + " ".join(name for name, _ in missing))
    if missing:
        install(missing, install_prefix(os.getuid(), shutil.which("sudo")))


def set_up_venv(check: bool, train: bool) -> None:
    # An environment with the training packages serves for everything else as well.
    wider = TOP / "host-tools/requirements-train.txt"
    plain = TOP / "host-tools/requirements.txt"
    project = TOP / "host-tools/pyproject.toml"
    wanted = {path: stamp([path, project], sys.version) for path in (wider, plain)}
    if venv_is_current(VENV, wanted[wider]):
        return
    requirements = wider if train else plain
    if venv_is_current(VENV, wanted[requirements]):
        return
    if check:
        raise Stop(f"{VENV.name} is missing or out of date: run make venv")
    make_venv(VENV, requirements, wanted[requirements])


def main() -> int:
    parser = argparse.ArgumentParser(description="Set up what wasmote needs.")
    parser.add_argument("--check", action="store_true", help="only say what is missing")
    parser.add_argument("--train", action="store_true", help="also for training the agents")
    args = parser.parse_args()
    try:
        set_up_packages(args.check)
        set_up_venv(args.check, args.train)
    except Stop as stop:
        print(f"setup: {stop}", file=sys.stderr)
        return EXIT_MISSING
    return 0


if __name__ == "__main__":
    sys.exit(main())
