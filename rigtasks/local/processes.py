"""Run a set of long-lived processes: start, log, probe, restart with back-off, stop in order.

Every process gets a session of its own and a record on disk, so that the next launcher can stop
what a killed one left behind. A stop signals the main pid first: a signal to a worker's whole
group would also kill the task it is trying to finish.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from rigtasks.local.launching import Child, Launch, execute
from rigtasks.local.problems import LocalFailure
from rigtasks.local.records import (
    START_TOLERANCE_SECONDS,
    ProcessRecord,
    is_alive,
    read_record,
    wait_gone,
    write_record,
)

LOG_BYTES_KEPT = 5_000_000
FIRST_BACK_OFF_SECONDS = 0.5
LONGEST_BACK_OFF_SECONDS = 15.0
HEALTHY_AFTER_SECONDS = 30.0
EARLY_ENDS_ALLOWED = 3


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """What to run and how to tell that it works.

    Args:
        name: its role; names its log and its record.
        argv: the command.
        ready: asked again and again until it says yes; gets the log written since the start.
        after: names that must be ready before this one starts.
        stop_phase: lower phases are stopped first.
        grace: seconds between SIGTERM to the main process and SIGKILL of its group.
        port: the port it listens on, where it has one.
        without: environment variables it must not have.
    """

    name: str
    argv: tuple[str, ...]
    ready: Callable[[bytes], bool]
    after: frozenset[str] = frozenset()
    stop_phase: int = 0
    grace: float = 10.0
    port: int | None = None
    without: frozenset[str] = frozenset()


@dataclass(kw_only=True)
class ManagedProcess:
    """One process of the set, through all its restarts.

    Args:
        spec: what to run.
        environment: the whole environment of the process.
        folder: its working directory.
        logs: the folder of the log files.
        records: the folder of the process records.
        launch: makes the process.
    """

    spec: ProcessSpec
    environment: Mapping[str, str]
    folder: Path
    logs: Path
    records: Path
    launch: Launch = execute
    is_ready: bool = field(default=False, init=False)
    starts: int = field(default=0, init=False)
    early_ends: int = field(default=0, init=False)
    next_start: float = field(default=0.0, init=False)
    _child: Child | None = field(default=None, init=False)
    _started: float = field(default=0.0, init=False)
    _log_start: int = field(default=0, init=False)

    @property
    def log_file(self) -> Path:
        """Where the process writes standard output and standard error."""
        return self.logs / f"{self.spec.name}.log"

    @property
    def record_file(self) -> Path:
        """Where the record of the running process is kept."""
        return self.records / f"{self.spec.name}.json"

    @property
    def pid(self) -> int | None:
        """The main pid while it runs."""
        return self._child.pid if self._child is not None else None

    def start(self) -> None:
        """Start the process once; its output is appended to its log.

        Raises:
            LocalFailure: the command cannot be executed.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        self._turn_log_over()
        with self.log_file.open("ab") as log:
            self._log_start = log.tell()
            try:
                self._child = self.launch(
                    self.spec.argv,
                    {
                        name: value
                        for name, value in self.environment.items()
                        if name not in self.spec.without
                    },
                    self.folder,
                    log,
                )
            except OSError as error:
                raise LocalFailure(f"{self.spec.name} cannot be started: {error}") from error
        self.is_ready = False
        self.starts += 1
        self._started = time.monotonic()
        record = ProcessRecord.of(self._child.pid, self.spec.name, port=self.spec.port)
        write_record(self.record_file, record)

    def check_ready(self) -> bool:
        """Ask the probe, and remember a yes."""
        if not self.is_ready and self._child is not None:
            self.is_ready = self.spec.ready(self.output())
        return self.is_ready

    def output(self) -> bytes:
        """Return what the process wrote since it was last started."""
        with self.log_file.open("rb") as log:
            log.seek(self._log_start)
            return log.read()

    def last_words(self, lines: int = 15) -> str:
        """Return the end of the process's output, for an error message."""
        text = self.output().decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def notice_end(self) -> int | None:
        """Return the exit status when the process ended since the last call, and plan a restart."""
        if self._child is None:
            return None
        status = self._child.poll()
        if status is None:
            return None
        kill_group(self._child.pid)
        self._child = None
        self.record_file.unlink(missing_ok=True)
        lived = time.monotonic() - self._started
        self.early_ends = 0 if lived >= HEALTHY_AFTER_SECONDS else self.early_ends + 1
        self.is_ready = False
        self.next_start = time.monotonic() + back_off(self.early_ends)
        return status

    def stop(self) -> bool:
        """Stop the process and everything in its group; True when SIGTERM was enough."""
        if self._child is None:
            return True
        gentle = self._child.poll() is not None
        if not gentle:
            self._child.terminate()
            try:
                self._child.wait(self.spec.grace)
                gentle = True
            except subprocess.TimeoutExpired:
                gentle = False  # the group is killed below
        kill_group(self._child.pid)
        self._child.wait()
        self._child = None
        self.record_file.unlink(missing_ok=True)
        return gentle

    def _turn_log_over(self) -> None:
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES_KEPT:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))


def back_off(early_ends: int) -> float:
    """Return the seconds to wait before the next start, growing with every early end."""
    if early_ends == 0:
        return 0.0
    return min(FIRST_BACK_OFF_SECONDS * 2.0 ** (early_ends - 1), LONGEST_BACK_OFF_SECONDS)


def kill_group(leader: int) -> None:
    """Kill what is left of a process group we made; its leader may be gone already."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # nobody is left (macOS answers EPERM for a group of zombies)


def stop_leftovers(records: Path, *, grace: float = 5.0) -> list[str]:
    """Stop the processes that a killed launcher left behind, by their records.

    A process is signalled only when its pid and start time are those of the record. Where the
    main process is gone, the rest of its group is ended: no new process can have been given the
    group's number while members of it live.

    Returns:
        The names of the processes that were stopped.
    """
    stopped = []
    found: list[tuple[ProcessRecord, psutil.Process]] = []
    for path in sorted(records.glob("*.json")):
        record = read_record(path)
        if record is not None:
            process = record.process()
            if process is not None:
                process.terminate()
                found.append((record, process))
            elif kill_orphans(record):
                stopped.append(record.name)
        path.unlink()
    deadline = time.monotonic() + grace
    for record, process in found:
        wait_gone(process, max(0.0, deadline - time.monotonic()))
        if is_alive(process):
            kill_group(process.pid)
            wait_gone(process, grace)
        else:
            kill_orphans(record)
        stopped.append(record.name)
    return stopped


def kill_orphans(record: ProcessRecord) -> bool:
    """Kill the rest of a group whose leader died; True when there was one."""
    if psutil.pid_exists(record.pid):
        return False  # the number belongs to somebody else now, so our group is empty
    members = [process for process in psutil.process_iter() if _belongs(process, record)]
    for process in members:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue  # it ended by itself
    return bool(members)


def _belongs(process: psutil.Process, record: ProcessRecord) -> bool:
    try:
        return (
            os.getpgid(process.pid) == record.pid
            and process.create_time() >= record.started - START_TOLERANCE_SECONDS
        )
    except (ProcessLookupError, PermissionError, psutil.Error):
        return False  # gone, or another account's
