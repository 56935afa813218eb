"""What rows were before their last changes, so that the past can be looked at for a moment."""

from collections import deque
from datetime import datetime
from typing import Any, Protocol

import msgspec

_KEPT = 1_000


class Revertible(Protocol):
    """A table whose rows can be put back without writing them anywhere."""

    def find(self, row_id: int) -> Any:
        """Return the row of that id, or None."""

    def revert(self, row_id: int, row: Any) -> None:
        """Put a row back in memory; None takes it away."""


class Step(msgspec.Struct, frozen=True):
    """One row as it was; None where there was none."""

    table: Revertible
    row_id: int
    before: Any


class Change(msgspec.Struct, frozen=True):
    """The steps of one transaction."""

    at: datetime
    steps: list[Step]


class History:
    """Keeps the newest thousand changes, each a transaction's."""

    def __init__(self) -> None:
        self._changes: deque[Change] = deque(maxlen=_KEPT)
        self._open: list[Step] = []

    def note(self, table: Revertible, row_id: int, before: Any) -> None:
        """Remember what a row was, inside a transaction."""
        self._open.append(Step(table, row_id, before))

    def end_change(self, at: datetime) -> None:
        """Close the transaction; one that changed no row is none."""
        if self._open:
            self._changes.append(Change(at, self._open))
            self._open = []

    def rewind(self, *, since: datetime | None, most: int | None) -> list[Step]:
        """Take back changes, the newest first, and return the steps that redo them.

        Args:
            since: changes after this moment.
            most: how many at most; None has no bound.
        """
        redo: list[Step] = []
        for done, change in enumerate(reversed(self._changes)):
            if done == most or (since is not None and change.at <= since):
                break
            for step in reversed(change.steps):
                redo.append(Step(step.table, step.row_id, step.table.find(step.row_id)))
                step.table.revert(step.row_id, step.before)
        return redo


def replay(steps: list[Step]) -> None:
    """Bring back what a rewind took away."""
    for step in reversed(steps):
        step.table.revert(step.row_id, step.before)
