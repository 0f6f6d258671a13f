"""Several boards with the same USB ids: each is asked for its chip, to take the one that fits."""

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace

from wasmote.errors import DeviceError, WasmoteError
from wasmote.flash.base import Candidate, Flasher, Job
from wasmote.flash.ports import NotOpenError

Say = Callable[[str], None]
Make = Callable[[Job], Flasher]


def choose(job: Job, make: Make, say: Say) -> Job:
    """`job`, with the port of the only board that fits where several may be meant.

    Asking writes nothing; what it does besides is the flasher's `identify` and `reset`.
    """
    with closing(make(job)) as flasher:
        there = flasher.candidates()
    if len(there) < 2:
        return job
    say(f"{len(there)} boards may be meant: each is asked for its chip")
    fits, unasked, lines = [], [], []
    for candidate in there:
        try:
            said = _chip(job, make, candidate)
            if said == job.wanted_chip:
                fits.append(candidate)
        except NotOpenError as error:
            said = str(error).removeprefix(f"{candidate.port}: ")
            unasked.append(candidate)
        except DeviceError:
            said = "no answer"
        lines.append(f"  {candidate.port}  {candidate.serial or '(no serial number)'}  {said}")
    listed = "\n".join(lines)
    if not fits and not unasked:
        raise DeviceError(f"none of these is {job.board.name}'s {job.wanted_chip}:\n{listed}")
    # What could not be asked may be the one that is meant.
    if len(fits) != 1 or unasked:
        raise DeviceError(
            f"which one is {job.board.name}, with its {job.wanted_chip}? Choose one with --port:\n"
            + listed
        )
    say(listed)
    return _at(job, fits[0])


def _at(job: Job, candidate: Candidate) -> Job:
    return replace(job, options=replace(job.options, port=candidate.port))


def _chip(job: Job, make: Make, candidate: Candidate) -> str:
    """What the board says of itself; it then goes on with what it has."""
    at = _at(job, candidate)
    with closing(make(replace(at, options=replace(at.options, dry_run=True)))) as flasher:
        flasher.find()
        chip = flasher.identify()
        with suppress(WasmoteError):
            flasher.reset()
    return chip
