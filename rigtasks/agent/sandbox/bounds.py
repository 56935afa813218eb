"""How much of the machine a command may take: what the kernel holds, and what has to be watched.

The kernel bounds each process, and counts processes by user: inside a namespace only those of the
sandbox, but none for root. So the rig also looks at everything a command started, several times a
second, and ends a command that takes too much.
"""

import platform
import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import StrEnum

import msgspec
import psutil

from rigtasks.agent.sandbox.family import family

#: Since then a user namespace counts its own processes; before, all of the user on the machine.
_COUNTS_BY_NAMESPACE = (5, 14)
#: Whoever has to end a command must get a turn beside a thousand of its processes.
_YIELDING = ("nice", "-n", "5")

#: Seconds between two counts of processes, and between two sums of their memory, which take longer.
_COUNT = 0.1
_WEIGH = 0.3


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What one command and everything it starts may take.

    Args:
        memory_bytes: private memory of all processes together, and data of each one.
        processes: processes and threads of all together.
    """

    memory_bytes: int
    processes: int


class Excess(StrEnum):
    """Of what a command took too much."""

    PROCESSES = "too many processes"
    MEMORY = "too much memory"


def within(argv: tuple[str, ...], bounds: Bounds | None, *, own_namespace: bool) -> tuple[str, ...]:
    """Put what the kernel can hold in front of a command.

    The bound is on data and not on address space, of which some runtimes reserve a lot and use
    little.
    """
    if bounds is None:
        return argv
    yielding = _YIELDING if shutil.which("nice") else ()
    if shutil.which("prlimit") is None:
        return (*yielding, *argv)
    limits = [f"--data={bounds.memory_bytes}"]
    if own_namespace and _kernel() >= _COUNTS_BY_NAMESPACE:
        limits.append(f"--nproc={bounds.processes}")
    return (*yielding, "prlimit", *limits, "--", *argv)


class Watch:
    """Looks at a command several times a second, and not more often.

    Args:
        pid: the first process of the command, which leads a session.
        bounds: what it may take; None looks at nothing.
    """

    def __init__(self, pid: int, bounds: Bounds | None) -> None:
        self._pid = pid
        self._bounds = bounds
        self._counted_at = self._weighed_at = 0.0

    def excess(self, now: float) -> Excess | None:
        """Say of what the command takes too much; `now` is of the monotonic clock."""
        if self._bounds is None or now - self._counted_at < _COUNT:
            return None
        self._counted_at = now
        pids = family(self._pid, at_most=self._bounds.processes)
        if pids is None:
            return Excess.PROCESSES
        if now - self._weighed_at < _WEIGH:
            return None
        self._weighed_at = now
        return Excess.MEMORY if _heavier(pids, self._bounds.memory_bytes) else None


def _heavier(pids: Iterable[int], most: int) -> bool:
    """Say whether they hold more; shared pages, at first in each one's sum, then count once."""
    return _total(pids, _resident) > most and _total(pids, _share) > most


def _total(pids: Iterable[int], weigh: Callable[[psutil.Process], int]) -> int:
    total = 0
    for pid in pids:
        with suppress(psutil.Error):  # it ended in the meantime
            total += weigh(psutil.Process(pid))
    return total


def _resident(process: psutil.Process) -> int:
    return process.memory_info().rss


def _share(process: psutil.Process) -> int:
    exact = process.memory_full_info()
    return getattr(exact, "pss", exact.uss)


def _kernel() -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])
