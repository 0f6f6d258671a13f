"""UF2: hostile files, drives that are folders, and a MicroPython that is sent to its boot ROM."""

import random
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flash_support import Steps, make_board
from uf2_boot import BootDrive, RawPrompt

from wasmote.boards import Board
from wasmote.errors import DeviceError, TimedOutError, UsageError
from wasmote.flash import Options, drive, uf2, uf2_file
from wasmote.flash.base import VerifyError

RP2040, RP2350_ARM, RP2350_ABSOLUTE = 0xE48BFF56, 0xE48BFF59, 0xE48BFF57
FLASH = """
tool = "uf2"
chip = "RP2040"
usb = ["2e8a:0005"]
parts = [{file = "firmware.uf2", address = 0}]
"""
PAGES = [(at, random.Random(at).randbytes(256)) for at in range(0, 100_096, 256)]


def block(**changes: int) -> bytes:
    """One block of a file of one, with fields changed: the names of the format's description."""
    fields = {
        "magic0": 0x0A324655,
        "magic1": 0x9E5D5157,
        "flags": 0x2000,
        "address": 0x10000000,
        "size": 256,
        "number": 0,
        "count": 1,
        "family": RP2040,
    }
    end = changes.pop("end", 0x0AB16F30)
    return (
        struct.pack("<8I", *(fields | changes).values()).ljust(508, b"\xa5")
        + struct.pack("<I", end)
    )


HOSTILE = {
    "empty": (b"", "not 1 to"),
    "cut": (block()[:-1], "not 1 to"),
    "too-long": (bytes(512 * (uf2_file.MAX_BLOCKS + 1)), "not 1 to"),
    "no-uf2": (bytes(512), "block 0: not a UF2 block"),
    "magic0": (block(magic0=1), "not a UF2 block"),
    "magic1": (block(magic1=1), "not a UF2 block"),
    "end": (block(end=1), "not a UF2 block"),
    "not-flash": (block(flags=0x2001), "flags 0x2001"),
    "files": (block(flags=0x3000), "flags 0x3000"),
    "no-family": (block(flags=0), "flags 0x0"),
    "family": (block(family=RP2350_ARM), r"0xe48bff59 \(RP2350\) is not for RP2040"),
    "other-family": (block(family=7), "family 0x7 is not for RP2040"),
    "size": (block(size=476), "476 bytes"),
    "huge-size": (block(size=0xFFFFFFFF), "4294967295 bytes"),
    "address": (block(address=0x10000010), "whole pages"),
    "below": (block(address=0x0FFFFF00), "is not in flash"),
    "above": (block(address=0x11000000), "is not in flash"),
    "wraps": (block(address=0xFFFFFF00), "is not in flash"),
    "ram": (block(address=0x20000000), "is not in flash"),
    "number": (block(number=1), "says that it is number 1 of 1"),
    "part": (block(count=2), "1 blocks of 2"),
    "none": (block(count=0), "1 blocks of 0"),
    "count-changes": (block(count=2) + block(number=1, count=3), "number 1 of 3"),
    "twice": (block(count=2) + block(number=1, count=2), "comes twice"),
    "trailing": (block() + bytes(512), "block 1: not a UF2 block"),
    "absolute": (block(family=RP2350_ABSOLUTE, address=0x10FFFF00, count=2), "is not for RP2040"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_uf2_hostile_files_are_refused(case: str) -> None:
    data, message = HOSTILE[case]
    with pytest.raises(UsageError, match=message):
        uf2_file.parse(data, "x.uf2", "RP2040")


def test_uf2_noise_is_refused_or_read() -> None:
    good = uf2_file.encode(PAGES[:20], RP2040)
    draw = random.Random(1)
    for _ in range(2000):
        data = bytearray(good)
        for _ in range(draw.randint(1, 4)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        try:
            got = uf2_file.parse(bytes(data), "x.uf2", "RP2040")
        except UsageError:
            continue
        assert len(got.pages) == 20
        assert all(at % 256 == 0 and 0 <= at < 16 << 20 for at in got.pages)


def test_uf2_reads_what_it_wrote() -> None:
    got = uf2_file.parse(uf2_file.encode(PAGES, RP2040), "x.uf2", "RP2040")
    assert list(got.pages.items()) == PAGES
    assert got.sectors() == [("x.uf2", 0, 102_400)]


def test_uf2_block_against_rp2350_e10_is_left_in_place() -> None:
    first = block(family=RP2350_ABSOLUTE, address=0x10FFFF00, count=2)
    data = first + uf2_file.encode(PAGES[:4], RP2350_ARM)
    got = uf2_file.parse(data, "x.uf2", "RP2350")
    assert got.sectors() == [("x.uf2", 0, 4096)]
    assert got.filled(8192).startswith(first)
    assert len(got.filled(8192)) == 512 * (1 + 32)
    with pytest.raises(UsageError, match="is not for RP2350"):
        uf2_file.parse(uf2_file.encode(PAGES[:4], RP2350_ARM) + first, "x.uf2", "RP2350")


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    monkeypatch.setattr(drive, "POLL_S", 0.01)
    # Drives of the machine that runs the tests are none of ours.
    monkeypatch.setattr(drive, "MOUNTS", tmp_path / "mounts")
    (tmp_path / "mounts").write_text("")
    files = {"firmware.uf2": uf2_file.encode(PAGES, RP2040)}
    return make_board(tmp_path, monkeypatch, FLASH, files)


@pytest.fixture
def pico(tmp_path: Path) -> Iterator[BootDrive]:
    with BootDrive(tmp_path / "RPI RP2", "RPI-RP2", RP2040) as running:
        yield running


def mount(tmp_path: Path, *drives: BootDrive) -> None:
    """Lists drives as the kernel does; their block device is a file."""
    lines = ["proc /proc proc rw 0 0\n"]
    for one in drives:
        source = tmp_path / f"sd{one.folder.name}".replace(" ", "")
        source.touch()
        lines.append(f"{source} {str(one.folder).replace(' ', chr(92) + '040')} vfat rw 0 0\n")
    (tmp_path / "mounts").write_text("".join(lines))


FIRMWARE = b"".join(data for _, data in PAGES)


def test_uf2_finds_the_drive_and_keeps_files(
    board: Board, pico: BootDrive, tmp_path: Path
) -> None:
    mount(tmp_path, pico)
    steps = Steps()
    outcome = steps.flash(board, Options())
    assert (outcome.where, outcome.chip) == (str(pico.folder), "RP2040")
    assert steps.done == steps.total == len(PAGES) * 512
    assert pico.flash[: len(FIRMWARE)] == FIRMWARE
    assert pico.flash[102_400:] == b"\x11" * (len(pico.flash) - 102_400)
    assert outcome.verified == "the boot ROM took all blocks and restarted"


def test_uf2_erase_fills_all_else(board: Board, pico: BootDrive) -> None:
    small = replace(board, values={**board.values, "flash_bytes": len(pico.flash)})
    steps = Steps()
    outcome = steps.flash(small, Options(drive=str(pico.folder), erase=True))
    assert outcome.erased
    assert pico.flash == FIRMWARE.ljust(len(pico.flash), b"\xff")


def test_uf2_dry_run_writes_nothing(board: Board, pico: BootDrive) -> None:
    Steps().flash(board, Options(drive=str(pico.folder), dry_run=True))
    assert pico.flash == b"\x11" * len(pico.flash)
    assert drive.is_there(pico.folder)


def test_uf2_wrong_drive_is_refused(board: Board, tmp_path: Path) -> None:
    with BootDrive(tmp_path / "pico2", "RP2350", RP2350_ARM) as other:
        mount(tmp_path, other)
        for options in (Options(), Options(drive=str(other.folder))):
            with pytest.raises(DeviceError, match=r"chip is RP2350, but .* is for RP2040"):
                Steps().flash(board, options)
        assert not (other.folder / drive.FILE).exists()


def test_uf2_of_several_drives_the_fitting_one(
    board: Board, pico: BootDrive, tmp_path: Path
) -> None:
    with BootDrive(tmp_path / "pico2", "RP2350", RP2350_ARM) as other:
        mount(tmp_path, other, pico)
        assert Steps().flash(board, Options(dry_run=True)).where == str(pico.folder)
    with BootDrive(tmp_path / "second", "RPI-RP2", RP2040) as second:
        mount(tmp_path, pico, second)
        with pytest.raises(DeviceError, match="2 drives fit"):
            Steps().flash(board, Options())


def test_uf2_no_drive_says_what_to_do(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DeviceError, match="hold BOOTSEL"):
        Steps().flash(board, Options())
    with pytest.raises(DeviceError, match="is no UF2 drive"):
        Steps().flash(board, Options(drive=str(tmp_path)))
    (tmp_path / "RPI-RP2").touch()
    monkeypatch.setattr(drive, "LABELS", tmp_path)
    with pytest.raises(DeviceError, match=r"udisksctl mount -b .*/RPI-RP2"):
        Steps().flash(board, Options())


def test_uf2_cable_pulled_then_second_try_succeeds(
    board: Board, pico: BootDrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A folder takes everything at once; a drive has had what was synced.
    monkeypatch.setattr(drive.os, "fdatasync", lambda handle: pico.settle())
    for blocks in (39, 195, 351, len(PAGES) - 1):
        pico.leaves_after = blocks
        with pytest.raises(DeviceError, match=r"was the cable pulled\?"):
            Steps().flash(board, Options(drive=str(pico.folder)))
        pico.leaves_after = None
        pico.appear()
        Steps().flash(board, Options(drive=str(pico.folder)))
        assert pico.flash[: len(FIRMWARE)] == FIRMWARE
        pico.appear()


def test_uf2_drive_that_stays_is_an_error(
    board: Board, pico: BootDrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uf2, "TAKEN_TIMEOUT_S", 0.3)
    pico.stays = True
    with pytest.raises(TimedOutError, match="has not taken the firmware"):
        Steps().flash(board, Options(drive=str(pico.folder)))


def test_uf2_mount_that_outlives_its_drive_counts_as_gone(
    board: Board, pico: BootDrive, tmp_path: Path
) -> None:
    mount(tmp_path, pico)
    assert drive.is_there(pico.folder)
    (tmp_path / "sdRPIRP2").unlink()
    assert not drive.is_there(pico.folder)
    assert drive.mounted() == []
    drive.wait_until_gone(pico.folder, 0)


def test_uf2_drive_of_another_user_says_so(
    board: Board, pico: BootDrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError

    monkeypatch.setattr(drive.os, "open", refuse)
    with pytest.raises(DeviceError, match="no permission to write there: mount it as your own"):
        drive.copy(bytes(512), pico.folder, lambda steps: None)


def test_uf2_firmware_that_reaches_into_the_files_is_refused(board: Board, pico: BootDrive) -> None:
    near = replace(board, values={**board.values, "filesystem": {"offset": 98_304, "bytes": 4096}})
    with pytest.raises(UsageError, match="would overwrite the board's files"):
        Steps().flash(near, Options(drive=str(pico.folder)))
    near = replace(board, values={**board.values, "store": {"offset": 90_112, "bytes": 4096}})
    with pytest.raises(UsageError, match="would overwrite the board's agents"):
        Steps().flash(near, Options(drive=str(pico.folder)))
    tiny = replace(board, values={**board.values, "flash_bytes": 65_536})
    with pytest.raises(UsageError, match="is not inside"):
        Steps().flash(tiny, Options(drive=str(pico.folder)))


def test_uf2_running_micropython_is_sent_to_its_boot_rom(
    board: Board, pico: BootDrive, tmp_path: Path
) -> None:
    drive_info = pico.folder / drive.INFO
    drive_info.unlink()
    mount(tmp_path, pico)
    sent: list[str] = []

    def answer(code: str) -> str | None:
        sent.append(code)
        if "bootloader" in code:
            pico.appear()
            return None
        return "Raspberry Pi Pico with RP2040\r\n"

    with RawPrompt(tmp_path / "ttyACM", answer) as prompt:
        options = Options(port=str(prompt.port))
        dry = Steps().flash(board, replace(options, dry_run=True))
        assert dry.chip == "RP2040" and not drive_info.exists()

        import threading

        back = threading.Timer(1.0, prompt.plug)
        back.start()
        outcome = Steps().flash(board, options)
        back.join()
    assert pico.flash[: len(FIRMWARE)] == FIRMWARE
    assert "MicroPython answers on" in outcome.verified
    assert any("machine.bootloader()" in code for code in sent)


def test_uf2_wrong_micropython_stays_as_it_is(board: Board, tmp_path: Path) -> None:
    sent: list[str] = []

    def answer(code: str) -> str:
        sent.append(code)
        return "Raspberry Pi Pico 2 with RP2350\r\n"

    with (
        RawPrompt(tmp_path / "ttyACM", answer) as prompt,
        pytest.raises(DeviceError, match="chip is RP2350"),
    ):
        Steps().flash(board, Options(port=str(prompt.port)))
    assert not any("bootloader" in code for code in sent)


def test_uf2_silent_after_writing_is_an_error(
    board: Board, pico: BootDrive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uf2, "REPL_TIMEOUT_S", 0.2)
    with pytest.raises(VerifyError, match="written, but no prompt answers"):
        Steps().flash(board, Options(drive=str(pico.folder), port=str(tmp_path / "gone")))
