"""What came of each fault, as rows of one table."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from faulty_rig import load
from ledger import Tally

HEAD = ("row", "fault", "times", "lost", "duplicated", "back after", "goal", "machine load")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one fault.

    Args:
        row: its place in the table of faults.
        fault: what was done, in words.
        injected: how often.
        lost: what went missing, in words.
        duplicated: what happened twice, in words.
        recovery: seconds until everything worked again, where that was measured.
        goal: seconds it may take.
        load: of the machine at the end.
    """

    row: str
    fault: str
    injected: int
    lost: tuple[str, ...] = ()
    duplicated: tuple[str, ...] = ()
    recovery: float | None = None
    goal: float | None = None
    load: float = field(default_factory=load)

    @property
    def misses(self) -> list[str]:
        """Return what did not hold, in words."""
        found = [*self.lost, *self.duplicated]
        if self.injected < 1:
            found.append("the fault was never injected")
        if self.recovery is not None and self.goal is not None and self.recovery > self.goal:
            found.append(f"back after {self.recovery:.1f} s, the goal is {self.goal:.1f} s")
        return found


class Outcomes:
    """Collects what came of the faults of one session."""

    def __init__(self) -> None:
        self.all: list[Outcome] = []

    def add(
        self,
        row: str,
        fault: str,
        tally: Tally,
        *,
        injected: int = 1,
        recovery: float | None = None,
        goal: float | None = None,
    ) -> None:
        """Note what came of a fault, then insist on it.

        Raises:
            AssertionError: something was lost, happened twice, or took too long.
        """
        outcome = Outcome(
            row=row,
            fault=fault,
            injected=injected,
            lost=tally.lost,
            duplicated=tally.duplicated,
            recovery=recovery,
            goal=goal,
        )
        self.all.append(outcome)
        assert not outcome.misses, "; ".join(outcome.misses)

    def write(self, path: Path) -> None:
        """Write everything as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([asdict(one) for one in self.all], indent=1) + "\n")


def table(outcomes: Iterable[Outcome]) -> list[str]:
    """Return the table as lines of text."""
    rows = [HEAD, *(_cells(one) for one in outcomes)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows]  # fmt: skip


def _cells(one: Outcome) -> tuple[str, ...]:
    return (
        one.row,
        one.fault,
        str(one.injected),
        str(len(one.lost)),
        str(len(one.duplicated)),
        "" if one.recovery is None else f"{one.recovery:.1f} s",
        "" if one.goal is None else f"{one.goal:.0f} s",
        f"{one.load:.1f}",
    )
