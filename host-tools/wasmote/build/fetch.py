"""Getting one archive through a package client: apt, cargo or pip.

Each fetcher leaves either an archive (checked by the caller) or, for pip, which unpacks what it
has checked, a folder. Nothing here knows a registry's address: the clients' own set-up says it.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from wasmote.build.process import run
from wasmote.errors import BuildError, MissingError

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
CARGO_MIN = (1, 82)  # the first whose `cargo info` brings the crate itself


def archive_uri(targets: str, release: str) -> str:
    """The main archive's address out of `apt-get indextargets`, one `uri|release|component|label`
    a line; never the security archive, which has no other suites' sources.
    """
    rows = [line.split("|") for line in targets.splitlines() if line.count("|") == 3]
    fits = [row for row in rows if row[1] == release and row[2] == "main"]
    # The label is known only after apt-get update; then it tells Debian from other archives.
    fits.sort(key=lambda row: row[3] != "Debian")
    if not fits:
        raise MissingError(
            f"apt knows no archive with {release}/main: see sources.list(.d) in /etc/apt"
        )
    return fits[0][0]


def _release() -> str:
    text = Path("/etc/os-release").read_text()
    found = re.search(r"^VERSION_CODENAME=\"?(\w+)", text, re.MULTILINE)
    return found.group(1) if found else "stable"


def apt_conf(root: Path, line: str) -> Path:
    """Writes a private apt configuration under `root` with the one source `line`."""
    for name in ("lists/partial", "cache/archives/partial", "preferences.d"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "sources.list").write_text(line + "\n")
    settings = {
        "Dir::Etc::sourcelist": root / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::Etc::preferencesparts": root / "preferences.d",
        "Dir::State::lists": root / "lists",
        "Dir::Cache": root / "cache",
        # apt would change to a user who may not read our folder.
        "APT::Sandbox::User": "root",
    }
    conf = root / "apt.conf"
    conf.write_text("".join(f'{key} "{value}";\n' for key, value in settings.items()))
    return conf


def debian_source(package: str, suite: str, archive: str, cache: Path) -> Path:
    """Brings the source package's upstream archive; returns its path."""
    command = ["apt-get", "source", "-q", "--download-only", "--only-source", package]
    return _debian("deb-src", command, package, suite, archive, cache / f"apt-{suite}")


def debian_package(package: str, suite: str, archive: str, cache: Path) -> Path:
    """Brings a package of the machine's own architecture, or of all; returns its path.

    It is not installed, and what it depends on does not matter.
    """
    command = ["apt-get", "download", "-q", package]
    return _debian("deb", command, package, suite, archive, cache / f"apt-{suite}-packages")


def _debian(
    kind: str, command: list[str], package: str, suite: str, archive: str, root: Path
) -> Path:
    """Runs `command` where apt knows only `suite`, which need not be this machine's."""
    form = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(LABEL)"
    targets = run(["apt-get", "indextargets", "--format", form, "Created-By: Packages"])
    uri = archive_uri(targets, _release())
    env = {"APT_CONFIG": str(apt_conf(root, f"{kind} [signed-by={KEYRING}] {uri} {suite} main"))}
    run(["apt-get", "update", "-q"], env=env)
    folder = root / "sources"
    folder.mkdir(exist_ok=True)
    run(command, cwd=folder, env=env)
    if not (folder / archive).exists():
        have = ", ".join(sorted(path.name for path in folder.glob(f"{package}_*")))
        raise BuildError(f"{package}: {suite} has no {archive} any more, but {have}")
    return folder / archive


def cargo_version(text: str) -> tuple[int, int]:
    """(major, minor) out of what `cargo --version` printed; (0, 0) when it is not that."""
    found = re.search(r"\b(\d+)\.(\d+)\.\d+", text)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


def _usable_cargos(cache: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """(cargo, its environment): those of this machine, then Debian's newest, put aside for us."""
    named = [os.environ.get("CARGO"), shutil.which("cargo"), str(Path.home() / ".cargo/bin/cargo")]
    for name in filter(None, named):
        if Path(name).exists():
            yield Path(name), {}
    yield _private_cargo(cache / "cargo-web")


def _find_cargo(cache: Path) -> tuple[Path, dict[str, str]]:
    for cargo, env in _usable_cargos(cache):
        try:
            if cargo_version(run([cargo, "--version"], env=env)) >= CARGO_MIN:
                return cargo, env
        except BuildError:
            continue
    raise MissingError(f"no cargo of {CARGO_MIN[0]}.{CARGO_MIN[1]} or newer, also not Debian's")


def _depends(package: str) -> list[str]:
    kinds = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    out = run(["apt-cache", "depends", *(f"--no-{kind}" for kind in kinds), package])
    return re.findall(r"^\s*\|?(?:Pre)?Depends: (\S+)", out, re.MULTILINE)


def _missing_libraries(package: str) -> list[str]:
    """The shared-library packages that `package` needs and this machine lacks."""
    have = set(run(["dpkg-query", "-W", "-f", "${Package}\n"]).split())
    seen: list[str] = []
    queue = [package]
    while queue:
        for name in _depends(queue.pop()):
            if name.startswith("lib") and name not in have and name not in seen:
                seen.append(name)
                queue.append(name)
    return seen


def _private_cargo(folder: Path) -> tuple[Path, dict[str, str]]:
    """Debian's newest cargo, unpacked and not installed: as a package it would displace cargo."""
    root = folder / "root"
    cargo = root / "usr/bin/cargo"
    libraries = [str(path) for path in (root / "usr/lib").glob("*-linux-gnu*")]
    if not cargo.exists():
        folder.mkdir(parents=True, exist_ok=True)
        names = ["cargo-web", *_missing_libraries("cargo-web")]
        run(["apt-get", "-o", "APT::Sandbox::User=root", "download", *names], cwd=folder)
        for deb in sorted(folder.glob("*.deb"), reverse=True):
            run(["dpkg-deb", "-x", deb, root])
        libraries = [str(path) for path in (root / "usr/lib").glob("*-linux-gnu*")]
    return cargo, {"LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {}


def crate(package: str, version: str, archive: str, cache: Path) -> Path:
    """Brings a crate's archive with a cargo home of our own; returns its path."""
    home = cache / "cargo-home"
    home.mkdir(parents=True, exist_ok=True)
    _keep_cargo_config(home)
    cargo, env = _find_cargo(cache)
    run([cargo, "info", f"{package}@{version}"], cwd=home, env={**env, "CARGO_HOME": str(home)})
    found = sorted(home.glob(f"registry/cache/*/{archive}"))
    if not found:
        raise BuildError(f"cargo brought no {archive}")
    return found[0]


def _keep_cargo_config(home: Path) -> None:
    """A machine whose cargo goes through a mirror says so in the user's configuration."""
    theirs = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo")) / "config.toml"
    if theirs.exists():
        shutil.copy(theirs, home / "config.toml")


def python_sdist(package: str, version: str, sha256: str, cache: Path) -> Path:
    """Brings an sdist and returns the folder into which pip unpacked it after its own check.

    pip then asks the package for metadata, which fails for packages without a setup.py; what was
    unpacked by then is all that is wanted, so pip's exit code does not count.
    """
    work = cache / f"pip-{package}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    wanted = work / "wanted.txt"
    wanted.write_text(f"{package}=={version} --hash=sha256:{sha256}\n")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-clean"]
    which = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes"]
    try:
        said = run(
            [*pip, *which, "-r", wanted, "-d", work / "out"], env={"TMPDIR": str(work)}, cwd=work
        )
    except BuildError as error:
        said = str(error)
    if "DO NOT MATCH THE HASHES" in said:
        raise BuildError(f"{package} {version}: SHA-256 is not {sha256}\n{said}")
    found = sorted(work.glob(f"pip-download-*/{re.sub(r'[-_.]+', '-', package)}_*"))
    if not found:
        raise BuildError(f"pip brought no {package} {version}\n{said}")
    return found[0]
