"""What firmware has of Monocypher: verification, and nothing of the rest."""

import pytest

from wasmote import boards
from wasmote.boards import Board
from wasmote.build.process import run

# The program of the unix port has no symbols.
BUILT = [
    board
    for board in boards.listing()
    if board.values["tier"] in ("ci", "builds") and board.section("sim").get("kind") != "process"
]
REST = ("argon2", "blake2b", "chacha", "poly1305", "x25519", "elligator", "hmac", "sign", "ph_")


@pytest.mark.parametrize("board", BUILT, ids=lambda board: board.name)
def test_firmware_has_of_monocypher_what_it_calls(board: Board) -> None:
    elf = board.build_dir / "firmware.elf"
    assert elf.exists(), f"{board.name} is not built: make firmware BOARD={board.name}"
    names = [line.split()[-1] for line in run(["nm", elf]).splitlines()]
    ours = [name for name in names if name.startswith("crypto_")]
    assert "crypto_eddsa_check_equation" in ours
    assert not [name for name in ours if any(word in name for word in REST)]
