"""Rigs that the files of one folder share: gone when a test of another folder begins.

A whole rig that nobody needs any more still takes a fifth of a core from the tests that follow.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class SharedRigs:
    """What runs for each folder, with the way to end it."""

    def __init__(self) -> None:
        self._running: dict[Path, Callable[[], None]] = {}

    @contextmanager
    def running(self, folder: Path, close: Callable[[], None]) -> Iterator[None]:
        """Keep a rig for the tests of a folder, at most to the end of this block."""
        self._running[folder] = close
        try:
            yield
        finally:
            self._end(folder)

    def leave_to(self, test: Path) -> None:
        """End the rigs of all folders but the one that a test is in."""
        for folder in [one for one in self._running if one not in test.parents]:
            self._end(folder)

    def _end(self, folder: Path) -> None:
        close = self._running.pop(folder, None)
        if close is not None:
            close()


SHARED_RIGS = SharedRigs()
