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
#: A keeper ends after everything it keeps; with thousands of processes that takes a while.
_GRACE = 5.0
_LOOK = 0.005


def kill_tree(process: subprocess.Popen[bytes], mark: str) -> None:
    """Kill the command, its descendants and whatever carries its mark; then reap it.

    What was started is a keeper at either level. The first process of the command is killed before
    it, so that the keeper ends and reaps the rest and no zombie is left to an init that may not
    care. Where there is no keeper, or none any more, descendants and marks are looked for until
    none is found.
    """
    if process.poll() is None:
        _let_keeper_end(process)
    family = _descendants(process.pid)
    with suppress(ProcessLookupError):  # already gone
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=_SECONDS)
    deadline = time.monotonic() + _SECONDS
    while strays := [one for one in (*family, *_marked(mark)) if _runs(one)]:
        for stray in strays:
            with suppress(psutil.Error):  # died with its session, or is another user's
                stray.kill()
        if time.monotonic() > deadline:
            return
        time.sleep(_LOOK)


def _let_keeper_end(keeper: subprocess.Popen[bytes]) -> None:
    kept = children(keeper.pid)
    for first in kept:
        with suppress(ProcessLookupError):  # it ended in the meantime
            os.kill(first, signal.SIGKILL)
    if not kept:
        return
    with suppress(subprocess.TimeoutExpired):  # the caller kills it, too
        keeper.wait(timeout=_GRACE)


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
