"""End a command together with everything it started."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress

import psutil

from rigtasks.agent.sandbox.family import children
from rigtasks.agent.sandbox.spec import MARK

_SECONDS = 10.0
#: The kernel ends all of a namespace before its first process; of thousands that takes a while.
_GRACE = 5.0
_LOOK = 0.005


def kill_tree(process: subprocess.Popen[bytes], mark: str) -> None:
    """Kill the command, its descendants and whatever carries its mark; then reap it.

    Behind walls the first process of the namespace is killed before its keeper, so that the keeper
    reaps it and no zombie is left to an init that may not care. Without walls a daemon may have
    left the session, and is then found by its environment.
    """
    if not mark and process.poll() is None:
        _end_namespace(process)
    family = _descendants(process.pid)
    with suppress(ProcessLookupError):  # already gone
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=_SECONDS)
    strays = [*family, *_marked(mark)]
    for stray in strays:
        with suppress(psutil.NoSuchProcess):  # died with its session
            stray.kill()
    _wait(strays)


def _end_namespace(keeper: subprocess.Popen[bytes]) -> None:
    namespaces = children(keeper.pid)
    for first in namespaces:
        with suppress(ProcessLookupError):  # it ended in the meantime
            os.kill(first, signal.SIGKILL)
    if not namespaces:
        return
    with suppress(subprocess.TimeoutExpired):  # the caller kills it, too
        keeper.wait(timeout=_GRACE)


def _wait(processes: list[psutil.Process]) -> None:
    """Wait until none of them can run any more; whoever inherits a zombie reaps it in its time."""
    deadline = time.monotonic() + _SECONDS
    while any(_runs(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(_LOOK)


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _marked(mark: str) -> Iterator[psutil.Process]:
    if not mark:
        return
    for process in psutil.process_iter():
        try:
            carried = process.environ().get(MARK)
        except (psutil.Error, OSError):  # another user's process, or one that just ended
            continue
        if carried == mark:
            yield process
