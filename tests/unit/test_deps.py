"""deps.py and fetch.py: nothing unpinned gets into third_party/, nothing is half laid out."""

import io
import tarfile
from pathlib import Path

import pytest

from wasmote import paths
from wasmote.build import deps, fetch
from wasmote.build.deps import Source
from wasmote.build.process import run
from wasmote.errors import BuildError, MissingError, UsageError


def make_archive(third_party: Path, entries: dict[str, bytes]) -> tuple[Path, str]:
    """An archive where deps.py keeps those it has fetched, and its SHA-256."""
    path = third_party / ".cache/archives/x-1.tar.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name, content in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path, deps.sha256_of(path)


def source(sha256: str, **more: object) -> Source:
    return Source("x", "crate", "x", "1", "x-1.tar.gz", sha256, **more)  # type: ignore[arg-type]


def said(lines: list[str]) -> deps.Say:
    return lines.append


def test_deps_lays_out_a_folder_of_the_archive(tmp_path: Path) -> None:
    _, digest = make_archive(tmp_path, {"x-1/src/a.c": b"a", "x-1/README": b"r"})
    lines: list[str] = []
    assert deps.ensure([source(digest, take="src")], tmp_path, said(lines)) == ["x"]
    assert [p.name for p in (tmp_path / "x").iterdir()] == ["a.c"]
    assert deps.ensure([source(digest, take="src")], tmp_path, said(lines)) == []
    assert len(lines) == 1


def test_deps_lays_out_a_folder_of_a_debian_package(tmp_path: Path) -> None:
    made = tmp_path / "made"
    (made / "usr/src/x").mkdir(parents=True)
    (made / "usr/src/x/a.c").write_text("a")
    (made / "DEBIAN").mkdir()
    fields = {"Package": "x", "Version": "1", "Architecture": "all", "Maintainer": "x <x@x.x>"}
    control = "".join(f"{key}: {value}\n" for key, value in fields.items())
    (made / "DEBIAN/control").write_text(control + "Description: x\n")
    archive = tmp_path / ".cache/archives/x_1_all.deb"
    archive.parent.mkdir(parents=True)
    run(["dpkg-deb", "--build", "--root-owner-group", made, archive])
    package = Source(
        "x", "debian-package", "x", "1", archive.name, deps.sha256_of(archive), take="usr/src/x"
    )
    assert deps.ensure([package], tmp_path, said([])) == ["x"]
    assert [p.name for p in (tmp_path / "x").iterdir()] == ["a.c"]


def test_deps_keeps_only_what_is_named(tmp_path: Path) -> None:
    _, digest = make_archive(tmp_path, {"x-1/umqtt/s.py": b"s", "x-1/setup.cfg": b""})
    deps.ensure([source(digest, only=["umqtt"])], tmp_path, said([]))
    assert [p.name for p in (tmp_path / "x").iterdir()] == ["umqtt"]


def test_deps_new_pin_replaces_the_old_folder(tmp_path: Path) -> None:
    _, first = make_archive(tmp_path, {"x-1/old": b"1"})
    deps.ensure([source(first)], tmp_path, said([]))
    _, second = make_archive(tmp_path, {"x-1/new": b"2"})
    deps.ensure([source(second)], tmp_path, said([]))
    assert [p.name for p in (tmp_path / "x").iterdir()] == ["new"]


def test_deps_refuses_another_archive_and_keeps_what_was_there(tmp_path: Path) -> None:
    _, digest = make_archive(tmp_path, {"x-1/old": b"1"})
    deps.ensure([source(digest)], tmp_path, said([]))
    path, _ = make_archive(tmp_path, {"x-1/evil": b"2"})
    with pytest.raises(BuildError, match=r"x-1.tar.gz: SHA-256 is \w{64}, deps.toml says 0{64}"):
        deps.ensure([source("0" * 64)], tmp_path, said([]))
    assert not path.exists(), "a wrong archive must not be found again"
    assert [p.name for p in (tmp_path / "x").iterdir()] == ["old"]


def test_deps_uses_a_checkout_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    monkeypatch.setenv("X_DIR", str(checkout))
    lines: list[str] = []
    assert deps.ensure([source("0" * 64, override="X_DIR")], tmp_path / "tp", said(lines)) == []
    assert lines == [f"deps: x: X_DIR={checkout}"]
    monkeypatch.setenv("X_DIR", str(tmp_path / "gone"))
    with pytest.raises(UsageError, match="no such folder"):
        deps.ensure([source("0" * 64, override="X_DIR")], tmp_path / "tp", said([]))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[source.a]\nfrom = "ftp"\n', "source.a.from: 'ftp'"),
        ('[source.a]\nfrom = "crate"\n', "source.a: .*missing"),
        ('[source.a]\nfrom = "crate"\nfoo = 1\n', "source.a: .*foo"),
    ],
)
def test_deps_toml_errors_name_the_entry(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        deps.parse(text)


def test_deps_toml_pins_everything() -> None:
    pinned = deps.parse((paths.TOP / "deps.toml").read_text())
    assert {s.name for s in pinned} >= {"micropython", "lwip", "wasm3", "umqtt.simple"}
    assert all(len(s.sha256) == 64 for s in pinned)


TARGETS = """http://mirror/security/|bookworm-security|main|Debian-Security
http://other/apt/|bookworm|main|Someone
http://mirror/debian/|bookworm|main|Debian
http://mirror/debian/|bookworm-updates|main|Debian
http://vendor/|bookworm|stable|Vendor
"""


def test_fetch_takes_the_main_archive() -> None:
    assert fetch.archive_uri(TARGETS, "bookworm") == "http://mirror/debian/"


def test_fetch_takes_what_there_is_before_the_first_update() -> None:
    raw = "http://m/security/|bookworm-security|main|\nhttp://m/debian/|bookworm|main|\n"
    assert fetch.archive_uri(raw, "bookworm") == "http://m/debian/"


def test_fetch_without_an_archive_says_so() -> None:
    with pytest.raises(MissingError, match="trixie/main"):
        fetch.archive_uri(TARGETS, "trixie")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("cargo 1.95.0 (f2d3ce0bd 2026-03-21)", (1, 95)),
        ("cargo 1.65.0", (1, 65)),
        ("no cargo here", (0, 0)),
    ],
)
def test_fetch_reads_cargo_versions(text: str, version: tuple[int, int]) -> None:
    assert fetch.cargo_version(text) == version


def test_fetch_apt_configuration_stands_alone(tmp_path: Path) -> None:
    conf = fetch.apt_conf(tmp_path, "deb-src uri suite main").read_text()
    assert 'Dir::Etc::sourceparts "-";' in conf
    assert f'Dir::State::lists "{tmp_path}/lists";' in conf
    assert (tmp_path / "sources.list").read_text() == "deb-src uri suite main\n"
