"""Which operating-system process is ours: pid files that survive a killed launcher.

A pid alone proves nothing, because pids are used again. A record therefore carries the start
time as well, and a process is only ever signalled when both agree.
"""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import psutil

from rigtasks.local.problems import LocalFailure

START_TOLERANCE_SECONDS = 2.0
"""How far two readings of one start time may lie apart when the wall clock is adjusted."""

GENTLE = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))
"""Signals of an ordinary stop, each with the seconds granted to it."""


class ProcessRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One process as it was when we started it.

    Args:
        name: its role in the stack.
        pid: its process id.
        started: its start as seconds since the epoch, as the kernel reports it.
        program: the file it executes; its name may change while it runs.
        port: the port it listens on, where it has one.
    """

    name: str
    pid: int
    started: float
    program: str
    port: int | None = None

    @classmethod
    def of(cls, pid: int, name: str, *, port: int | None = None) -> "ProcessRecord":
        """Describe a process that is alive now.

        Raises:
            LocalFailure: it has already ended.
        """
        try:
            process = psutil.Process(pid)
            started, program = process.create_time(), _program(process)
        except psutil.NoSuchProcess as error:
            raise LocalFailure(f"{name} ended while it was starting") from error
        return cls(name=name, pid=pid, started=started, program=program, port=port)

    def process(self) -> psutil.Process | None:
        """Return the live process this record means; None when it ended or the pid is another's."""
        process = live_process(self.pid, self.started)
        try:
            return process if process is not None and _program(process) == self.program else None
        except psutil.NoSuchProcess:
            return None


def live_process(pid: int, started: float) -> psutil.Process | None:
    """Return the process with this pid and start time (epoch seconds) while it is alive."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) <= START_TOLERANCE_SECONDS
    except psutil.NoSuchProcess:
        return None
    return process if same and is_alive(process) else None


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process still runs; a zombie nobody reaps does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _program(process: psutil.Process) -> str:
    try:
        return process.exe()
    except psutil.AccessDenied:
        return ""  # another account's


def write_record(path: Path, record: ProcessRecord) -> None:
    """Store a record so that a reader sees all of it or none of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    draft.write_bytes(msgspec.json.encode(record))
    draft.replace(path)


def read_record(path: Path) -> ProcessRecord | None:
    """Return the stored record; None when there is none or it is not one of ours."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=ProcessRecord)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None


def stop_process(
    process: psutil.Process, signals: Sequence[tuple[signal.Signals, float]] = GENTLE
) -> signal.Signals | None:
    """Signal one process until it is gone.

    Args:
        process: the process; only its own pid is signalled.
        signals: in order, each with the seconds to wait for its effect.

    Returns:
        The signal that ended it, None when it was gone already.

    Raises:
        LocalFailure: it outlived every signal.
    """
    for number, patience in signals:
        if not is_alive(process):
            return None
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            return None
        if wait_gone(process, patience):
            return number
    raise LocalFailure(f"process {process.pid} could not be stopped")


def wait_gone(process: psutil.Process, seconds: float) -> bool:
    """Wait until a process has ended; False when it still lives after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = 0.005
    while is_alive(process):
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    return True
