"""Roots on several machines: drafts that travel, signatures that come together."""

from pathlib import Path

import pytest
from sign_support import Machine

from wasmote.sign.chain import Chain


def carry(path: Path, *files: Path) -> list[Path]:
    """Files on a stick."""
    path.mkdir(exist_ok=True)
    for file in files:
        (path / file.name).write_bytes(file.read_bytes())
    return [path / file.name for file in files]


def copy_chain(source: Machine, target: Machine) -> None:
    carry(target.folder, *source.folder.glob("keyset.*"))


@pytest.fixture
def three(tmp_path: Path) -> list[Machine]:
    """Machines of three roots, two of whom must sign; on the first is the first key set."""
    machines = [Machine(tmp_path / name) for name in ("ann", "bob", "carl")]
    for machine in machines:
        machine.run("new", machine.folder.name, "--root")
    ann, bob, carl = machines
    pubs = [str(other.folder / f"{other.folder.name}.pub") for other in (bob, carl)]
    said = ann.json("init", "--root", "ann", "--root", pubs[0], "--root", pubs[1])
    assert (said["published"], said["signed"], len(said["missing"])) == (False, ["ann"], 1)
    assert Chain(ann.folder).documents() == []
    json_file, sig_file = carry(
        tmp_path / "stick", ann.folder / "draft.json", ann.folder / "draft.sig"
    )
    assert "threshold 2 of 3" in bob.run("draft", str(json_file))
    said = bob.json("sign-set", str(json_file))
    assert (said["published"], said["missing"]) == (False, [])
    said = ann.json("finish", str(sig_file))
    assert (said["published"], said["version"], len(said["signed"])) == (True, 1, 2)
    assert not (ann.folder / "draft.json").exists()
    assert not (ann.folder / "draft.sig").exists()
    return machines


def test_roots_on_three_machines_replace_one_that_is_lost(
    three: list[Machine], tmp_path: Path
) -> None:
    ann, bob, _ = three
    dora = Machine(tmp_path / "dora")
    dora.run("new", "dora", "--root")
    pub = str(dora.folder / "dora.pub")
    said = ann.json("roots", "--remove", "carl", "--add", pub)
    assert not said["published"]
    assert [line[:30] for line in said["missing"]] == [
        "1 of the roots of the present ", "1 of the roots of the new key "
    ]  # fmt: skip
    stick = carry(tmp_path / "stick", ann.folder / "draft.json", ann.folder / "draft.sig")
    said = dora.run("sign-set", str(stick[0]), exit_code=2)
    assert "follows key set 1: copy that" in " ".join(said.split())
    for other in (dora, bob):
        copy_chain(ann, other)
    # The new root alone is not enough for the present key set.
    assert dora.json("sign-set", str(stick[0]))["missing"] != []
    assert not ann.json("finish", str(stick[1]))["published"]
    assert bob.json("sign-set", str(stick[0]))["missing"] == []
    assert ann.json("finish", str(stick[1]))["published"]
    assert [row["version"] for row in ann.json("verify")] == [1, 2]
    copy_chain(ann, bob)
    # Carl has no say any more, and an id is as good as a name.
    ann.run("new", "ci", "--publisher")
    ann.run("allow", "ci", "digits")
    stick = carry(tmp_path / "stick", ann.folder / "draft.json", ann.folder / "draft.sig")
    copy_chain(ann, three[2])
    said = three[2].run("sign-set", str(stick[0]), exit_code=2)
    assert "none of the roots that it needs" in said
    [dora_id] = [row["id"] for row in dora.json("ls") if row["name"] == "dora"]
    said = ann.json("roots", "--remove", dora_id)
    assert f"- root dora {dora_id}" in said["changes"]


def test_signatures_made_at_the_same_time_are_joined(three: list[Machine], tmp_path: Path) -> None:
    ann, bob, carl = three
    ann.run("new", "ci", "--publisher")
    ann.run("allow", "ci", "digits", "--draft")
    ann.run("floor", "digits=1", "--draft")
    files = []
    for other in (bob, carl):
        copy_chain(ann, other)
        stick = carry(tmp_path / other.folder.name / "stick", ann.folder / "draft.json")
        other.run("sign-set", str(stick[0]))
        files.append(str(stick[0].with_suffix(".sig")))
    assert not ann.json("finish", files[0])["published"]
    assert ann.json("finish", files[1])["signed"] != ["ann"]
    assert ann.latest().floors == {"digits": 1}
    assert ann.publishers() == {"ci": {"digits": 2**31 - 1}}


def test_draft_loses_its_signatures_when_it_is_changed(
    three: list[Machine], tmp_path: Path
) -> None:
    ann, bob, _ = three
    copy_chain(ann, bob)
    ann.run("floor", "digits=1")
    stick = carry(tmp_path / "stick", ann.folder / "draft.json", ann.folder / "draft.sig")
    bob.run("sign-set", str(stick[0]))
    ann.run("floor", "digits=2", "--draft")
    assert not (ann.folder / "draft.sig").exists()
    said = ann.run("finish", str(stick[1]), exit_code=5)
    assert "bad-signature" in said
    assert ann.latest().version == 1
    ann.run("draft", "--drop")
    ann.run("draft", exit_code=2)


def test_stranger_does_not_sign(three: list[Machine], tmp_path: Path) -> None:
    ann, *_ = three
    eve = Machine(tmp_path / "eve")
    eve.run("new", "eve", "--root")
    copy_chain(ann, eve)
    ann.run("floor", "digits=1")
    file = str(ann.folder / "draft.json")
    assert "none of the roots that it needs" in eve.run("sign-set", file, exit_code=2)
    said = eve.run("sign-set", file, "--key", "eve", exit_code=5)
    assert "is none of the roots" in said
