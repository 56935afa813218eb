"""End a command together with everything it started."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import psutil

from rigtasks.agent.sandbox.spec import MARK

_SECONDS = 10.0


def kill_tree(process: subprocess.Popen[bytes], mark: str) -> None:
    """Kill the command's session, its descendants and whatever carries its mark; then reap it.

    Under bubblewrap the first kill is enough: the namespace dies with its first process. Without
    walls a daemon may have left the session, and is then found by its environment.
    """
    family = _descendants(process.pid)
    with suppress(ProcessLookupError):  # already gone
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=_SECONDS)
    strays = [*family, *_marked(mark)]
    for stray in strays:
        with suppress(psutil.NoSuchProcess):  # died with its session
            stray.kill()
    psutil.wait_procs(strays, timeout=_SECONDS)


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
