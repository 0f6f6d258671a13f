"""What runs between start() and stop(), as a context manager."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Running(ABC):
    """`with` starts it and stops it, whatever happens in between."""

    @abstractmethod
    def start(self) -> Self:
        """Starts it; returns itself."""

    @abstractmethod
    def stop(self) -> None:
        """Stops it."""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
