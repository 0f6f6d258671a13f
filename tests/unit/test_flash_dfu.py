"""DFU: our side against a program that plays dfu-util, and the real one where no board is."""

import shutil
from pathlib import Path

import pytest
from flash_support import STM32_KEPT, Steps, assert_holds, make_stm32, play

from wasmote.boards import Board
from wasmote.errors import DeviceError, MissingError
from wasmote.flash import Options, dfu
from wasmote.flash.base import VerifyError

# As dfu-util 0.11 prints them: its format, and the names that ST's boot loaders give (AN3156).
LINE = (
    'Found DFU: [0483:df11] ver=2200, devnum=7, cfg=1, intf=0, path="{path}", alt={alt}, '
    'name="{name}", serial="3951355A3432"\n'
)
F405 = "@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg"
F767 = "@Internal Flash  /0x08000000/04*032Kg,01*128Kg,07*256Kg"
OPTIONS = "@Option Bytes  /0x1FFFC000/01*016 e"


def listed(name: str, path: str = "1-2") -> str:
    return LINE.format(path=path, alt=1, name=OPTIONS) + LINE.format(path=path, alt=0, name=name)


class Player:
    """What the played dfu-util has before it."""

    def __init__(self, folder: Path) -> None:
        self.list_file, self.flash_file = folder / "list.txt", folder / "flash.bin"
        self.flash_file.write_bytes(b"\x11" * (1 << 20))
        self.list_file.write_text(listed(F405))

    @property
    def flash(self) -> bytes:
        return self.flash_file.read_bytes()


@pytest.fixture
def player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Player:
    play(tmp_path, monkeypatch, dfu.PROGRAM, "dfu_util.py")
    made = Player(tmp_path)
    monkeypatch.setenv("DFU_LIST", str(made.list_file))
    monkeypatch.setenv("DFU_FLASH", str(made.flash_file))
    return made


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    return make_stm32(tmp_path, monkeypatch, "dfu")


def test_dfu_list_is_read() -> None:
    (found,) = dfu.devices(listed(F405), ["0483:df11"])
    assert (found.path, found.alt, sum(found.sectors)) == ("1-2", "0", 1 << 20)
    assert dfu.devices(listed(F405), ["1209:0001"]) == []
    assert dfu.devices(listed(OPTIONS), ["0483:df11"]) == []
    assert dfu.devices("dfu-util 0.11\n\nnoise [0483:df11]\n", ["0483:df11"]) == []


def test_dfu_writes_and_keeps_files(board: Board, player: Player) -> None:
    steps = Steps()
    outcome = steps.flash(board, Options())
    assert_holds(player.flash)
    assert player.flash[STM32_KEPT] == b"\x11" * 0x1C000
    assert (outcome.where, outcome.chip) == ("USB 1-2", "STM32F40x")
    assert steps.done == steps.total == 39_003
    assert outcome.verified == "all read back"


def test_dfu_erase_takes_the_files(board: Board, player: Player) -> None:
    Steps().flash(board, Options(erase=True))
    assert_holds(player.flash)
    assert player.flash[STM32_KEPT] == b"\xff" * 0x1C000


def test_dfu_wrong_chip_is_refused(board: Board, player: Player) -> None:
    for name, chip in ((F767, "STM32F76x"), (F405.replace("07*", "03*"), "unknown")):
        player.list_file.write_text(listed(name))
        with pytest.raises(DeviceError, match=f"chip is {chip}.*, but .* is for STM32F40x"):
            Steps().flash(board, Options())
    assert player.flash == b"\x11" * (1 << 20)


def test_dfu_none_or_several_boards(board: Board, player: Player) -> None:
    player.list_file.write_text(listed(F405) + listed(F405, "1-3"))
    with pytest.raises(DeviceError, match=r"Choose one with --port:\n  1-2  3951355A3432  STM32F"):
        Steps().flash(board, Options())
    player.list_file.write_text(listed(F767, "1-3") + listed(F405))
    assert Steps().flash(board, Options(dry_run=True)).where == "USB 1-2"
    assert Steps().flash(board, Options(port="1-2", dry_run=True)).where == "USB 1-2"
    player.list_file.write_text("")
    with pytest.raises(DeviceError, match="no board in its DFU boot loader: set BOOT0 high"):
        Steps().flash(board, Options())
    player.list_file.write_text(
        "dfu-util: Cannot open DFU device 0483:df11 found on devnum 7 (LIBUSB_ERROR_ACCESS)\n"
    )
    with pytest.raises(DeviceError, match="USB gives no permission"):
        Steps().flash(board, Options())


def test_dfu_faults_and_second_try(
    board: Board, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DFU_FAULT", "flip")
    with pytest.raises(VerifyError, match="does not hold what was written"):
        Steps().flash(board, Options())
    monkeypatch.setenv("DFU_FAULT", "pull")
    with pytest.raises(DeviceError, match=r"Error during download.*was the cable pulled\?"):
        Steps().flash(board, Options())
    monkeypatch.delenv("DFU_FAULT")
    Steps().flash(board, Options())
    assert_holds(player.flash)


def test_dfu_without_the_program(
    board: Board, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError, match="sudo apt-get install dfu-util"):
        Steps().flash(board, Options())


@pytest.mark.skipif(not shutil.which("dfu-util"), reason="dfu-util is not installed")
def test_dfu_real_program_takes_our_options(board: Board) -> None:
    with pytest.raises(DeviceError, match="no board in its DFU boot loader"):
        Steps().flash(board, Options(port="99-99"))
    from wasmote.flash.base import Job
    from wasmote.flash.parts import load

    parts = load(board)
    flasher = dfu.DfuFlasher(Job(board, parts, Options()))
    flasher._device = dfu.Device("99-99", "0", ())
    for modifiers, direction in (("", "-D"), (":mass-erase:force", "-D"), (":4", "-U")):
        # It has read all options, and found nobody.
        with pytest.raises(DeviceError, match="No DFU capable USB device available"):
            flasher._transfer(parts[0], modifiers, direction)
    flasher.close()
