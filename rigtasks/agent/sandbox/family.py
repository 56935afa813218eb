"""Find what a command started, quickly even when there are thousands and more by the moment."""

import os
from contextlib import suppress
from pathlib import Path

import psutil

_PROC = Path("/proc")


def family(pid: int, *, at_most: int) -> set[int] | None:
    """Return a command's processes: its descendants, and whoever stayed in its session.

    Args:
        pid: the first process of the command, which leads a session.
        at_most: None is returned, without looking further, when there are more processes and
            threads than this.
    """
    found = {pid}
    threads = 0
    pending = [pid]
    while pending:
        tasks = _tasks(one := pending.pop())
        threads += len(tasks)
        children = _children(one, tasks) - found
        found |= children
        pending += children
        if max(threads, len(found)) > at_most:
            return None
    for other in psutil.pids():
        with suppress(OSError):  # it ended in the meantime
            if os.getsid(other) == pid:
                found.add(other)
        if len(found) > at_most:
            return None
    return found


def children(pid: int) -> set[int]:
    """Return the processes that this one started, or that were left to it."""
    return _children(pid, _tasks(pid))


def _tasks(pid: int) -> list[str]:
    with suppress(OSError):  # it ended, or the system has no such folder
        return [task.name for task in (_PROC / str(pid) / "task").iterdir()]
    return []


def _children(pid: int, tasks: list[str]) -> set[int]:
    found: set[int] = set()
    for task in tasks:
        with suppress(OSError):
            found |= {int(one) for one in _listed(pid, task).split()}
    return found


def _listed(pid: int, task: str) -> str:
    return (_PROC / str(pid) / "task" / task / "children").read_text()
