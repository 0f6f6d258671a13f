"""bootstrap.py: what it decides to install, and when it has nothing to do."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from wasmote import paths

SCRIPT = paths.TOP / "host-tools/bootstrap.py"


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_bootstrap_names_what_is_missing_and_why(bootstrap: ModuleType) -> None:
    wanted = bootstrap.apt_packages('[[apt]]\npurpose = "C"\npackages = ["gcc", "make"]\n')
    assert bootstrap.missing_packages(wanted, {"make"}) == [("gcc", "C")]
    assert bootstrap.missing_packages(wanted, {"make", "gcc"}) == []


def test_bootstrap_asks_dpkg(bootstrap: ModuleType) -> None:
    assert bootstrap.installed_packages(["dpkg", "no-such-package-0"]) == {"dpkg"}


def test_bootstrap_stops_where_it_may_not_install(bootstrap: ModuleType) -> None:
    assert bootstrap.install_prefix(0, None) == []
    assert bootstrap.install_prefix(1000, "/usr/bin/sudo") == ["/usr/bin/sudo"]
    assert bootstrap.install_prefix(1000, None) is None
    with pytest.raises(bootstrap.Stop, match="apt-get install --no-install-recommends gcc-x"):
        bootstrap.install([("gcc-x", "nothing")], None)


def test_bootstrap_check_exits_3_and_installs_nothing(tmp_path: Path) -> None:
    (tmp_path / "host-tools").mkdir()
    (tmp_path / "deps.toml").write_text(
        '[[apt]]\npurpose = "p"\npackages = ["no-such-package-0"]\n'
    )
    copy = tmp_path / "host-tools/bootstrap.py"
    copy.write_bytes(SCRIPT.read_bytes())
    got = subprocess.run([sys.executable, copy, "--check"], capture_output=True, text=True)
    assert got.returncode == 3
    assert got.stderr == "setup: missing Debian packages: no-such-package-0\n"


def test_bootstrap_stamp_follows_its_inputs(bootstrap: ModuleType, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("a==1")
    before = bootstrap.stamp([lock], "3.11")
    assert bootstrap.stamp([lock], "3.11") == before
    assert bootstrap.stamp([lock], "3.12") != before
    lock.write_text("a==2")
    assert bootstrap.stamp([lock], "3.11") != before


def test_bootstrap_does_not_believe_a_dead_environment(
    bootstrap: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / bootstrap.STAMP_NAME).write_text("x")
    assert not bootstrap.venv_is_current(tmp_path, "x")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(tmp_path / "gone")
    assert not bootstrap.venv_is_current(tmp_path, "x")
    (tmp_path / "bin/python").unlink()
    # Not a link: Python would look for its environment beside the link.
    (tmp_path / "bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (tmp_path / "bin/python").chmod(0o755)
    assert bootstrap.venv_is_current(tmp_path, "x")
    assert not bootstrap.venv_is_current(tmp_path, "y")


def test_bootstrap_lock_has_hashes_and_no_addresses() -> None:
    for name in ("requirements.txt", "requirements-train.txt"):
        text = (paths.TOP / "host-tools" / name).read_text()
        assert "://" not in text
        pins = [line for line in text.splitlines() if "==" in line]
        assert len(pins) > 10
        assert all(line.endswith("\\") for line in pins), "a pin without a hash behind it"
