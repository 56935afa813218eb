"""Runs alone, as the parent of a command without walls: with it ends all that the command started.

Called as `python -I -S keeper.py PARENT COMMAND ...`, where `PARENT` is the process id of whoever
starts it. The kernel leaves every orphan of the command to the keeper and not to init, whatever
session or environment it has, so the keeper is done only when it has no child any more. It ends
all of them as soon as the command has ended, its own parent is gone, or SIGTERM comes; then it
ends as the command did, with 128 and the number where a signal ended that.

It needs Linux, and a kernel that lists the children of a process.
"""

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress

_SET_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36
_KEEPER_SIGNALS = (signal.SIGCHLD, signal.SIGTERM)
_NOT_FOUND = 127
_NOT_EXECUTABLE = 126
_BY_SIGNAL = 128
#: Whatever cannot be killed (it runs as somebody else) is left alone after these seconds.
_SECONDS = 8.0
_LOOK = 0.002


def main(parent: int, argv: list[str]) -> int:
    """Run the command and return its exit status when nothing of it is left."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _KEEPER_SIGNALS)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, the kernel would keep no status
    _prctl(_SET_CHILD_SUBREAPER, 1)
    _prctl(_SET_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent:
        return _BY_SIGNAL + signal.SIGTERM
    command = os.fork()
    if command == 0:
        _become(argv)
    _let_go_of_streams()
    ended: dict[int, int] = {}
    while command not in ended and signal.sigwait(_KEEPER_SIGNALS) == signal.SIGCHLD:
        ended |= _reaped()
    ended = _end_all() | ended
    code = os.waitstatus_to_exitcode(ended.get(command, signal.SIGKILL))
    return code if code >= 0 else _BY_SIGNAL - code


def _become(argv: list[str]) -> None:
    """Turn the child into the command; should the keeper be killed, the kernel kills this, too."""
    keeper = os.getppid()
    _prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != keeper:
        os._exit(_BY_SIGNAL + signal.SIGKILL)
    os.setsid()
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # the interpreter ignores both
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _KEEPER_SIGNALS)
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - the command that is to be run here
    except OSError as failure:
        os.write(2, f"{argv[0]}: {failure.strerror}\n".encode(errors="replace"))
        os._exit(_NOT_FOUND if isinstance(failure, FileNotFoundError) else _NOT_EXECUTABLE)


def _let_go_of_streams() -> None:
    """Leave the streams to the command, so that they end with it."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def _end_all() -> dict[int, int]:
    """Kill every child until there is none: those of a killed child become the keeper's own."""
    ended: dict[int, int] = {}
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        for child in reversed(_children()):  # the newest first: it is the one that may fork
            _kill(child)
        try:
            gone = _reaped()
        except ChildProcessError:
            break
        ended |= gone
        if not gone:
            time.sleep(_LOOK)
    return ended


def _children() -> list[int]:
    """Return the children that there are now, those included that were left to the keeper."""
    own = os.getpid()
    with open(f"/proc/{own}/task/{own}/children", encoding="ascii") as listed:  # noqa: PTH123
        return [int(child) for child in listed.read().split()]


def _kill(child: int) -> None:
    """Kill a child and its process group, which at one blow leaves no time for another fork.

    Neither number can be another's: the keeper alone reaps the child.
    """
    group = os.getpgid(child)
    if group != os.getpgrp():
        with suppress(PermissionError):
            os.killpg(group, signal.SIGKILL)
    with suppress(PermissionError):
        os.kill(child, signal.SIGKILL)


def _reaped() -> dict[int, int]:
    """Take the status of every child that has ended.

    Raises:
        ChildProcessError: no child is left, and none had ended since the last look.
    """
    ended: dict[int, int] = {}
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            if ended:
                return ended
            raise
        if child == 0:
            return ended
        ended[child] = status


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(f"prctl {option} was refused")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
