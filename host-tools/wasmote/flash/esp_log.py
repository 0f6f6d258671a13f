"""What esptool says while it works: its progress is passed on, the rest is not for people here."""

import contextlib
from collections.abc import Iterator
from typing import Any

from esp_pylib.logger import EspLog, EspLogBase

from wasmote.flash.base import Advance


class Meter(EspLogBase):
    """esptool's logger while `listening`: turns its progress bars into steps of `total` bytes."""

    def __init__(self, total: int = 0, advance: Advance = lambda steps: None) -> None:
        self._total = total
        self._advance = advance
        self._done = 0

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Makes this esptool's only logger; the one before comes back."""
        before = EspLog.instance
        EspLog.instance = self
        try:
            yield
        finally:
            EspLog.instance = before

    def progress_bar(
        self,
        cur_iter: int,
        total_iters: int,
        prefix: str = "",
        suffix: str = "",
        bar_length: int = 30,
    ) -> None:
        """esptool counts what goes over the wire, compressed or not; we count the file."""
        done = self._total * cur_iter // max(1, total_iters)
        self._advance(done - self._done)
        self._done = done

    def print(self, *args: Any, **kwargs: Any) -> None:
        """Unsaid."""

    def err(self, *args: Any, suggestion: str | None = None) -> None:
        """Unsaid; it raises as well."""

    def warn(self, *args: Any, suggestion: str | None = None) -> None:
        """Unsaid."""

    def note(self, *args: Any) -> None:
        """Unsaid."""

    def hint(self, *args: Any) -> None:
        """Unsaid."""

    def debug(self, *args: Any) -> None:
        """Unsaid."""

    def set_verbosity(self, mode: int | str) -> None:
        """There is but one."""
