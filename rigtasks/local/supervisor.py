"""Bring a set of processes up in the order of their needs, keep them up, take them down."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from rigtasks.local.problems import LocalFailure
from rigtasks.local.processes import EARLY_ENDS_ALLOWED, ManagedProcess

POLL_SECONDS = 0.05
WATCH_SECONDS = 0.25
START_SECONDS = 90.0


class Supervisor:
    """Watches processes from a thread of its own until it is told to stop.

    Args:
        processes: what to run.
        report: told in words what happened: a process ready, ended, started again.
        tend: called regularly once all are ready, to look after what is not in the set.
        lost: called when the watch ends although nobody stopped it.
    """

    def __init__(
        self,
        processes: Iterable[ManagedProcess],
        *,
        report: Callable[[str], None],
        tend: Callable[[], None] = lambda: None,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._processes = list(processes)
        self._report = report
        self._tend = tend
        self._lost = lost
        self._ready: set[str] = set()
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._keep_up, name="supervisor", daemon=True)

    @property
    def processes(self) -> tuple[ManagedProcess, ...]:
        """The processes in the order of their table."""
        return tuple(self._processes)

    def announce(self, name: str) -> None:
        """Declare that something outside this set, such as a server, is ready."""
        self._ready.add(name)

    def _start_allowed(self) -> None:
        """Start every process whose needs are met and that is not running yet."""
        for process in self._processes:
            if process.starts == 0 and process.spec.after <= self._ready:
                process.start()

    def wait_ready(self, check: Callable[[], None] = lambda: None) -> None:
        """Start the rest as their needs are met, return when all are ready, then keep them up.

        Args:
            check: called in every round; what it raises ends the wait.

        Raises:
            LocalFailure: a process keeps ending, or is not ready in time; the message ends with
                its own words.
        """
        deadline = time.monotonic() + START_SECONDS
        while not self._stopping.is_set():
            check()
            self._start_allowed()
            for process in self._processes:
                self._look_at_starting(process)
            waiting = [process for process in self._processes if not process.is_ready]
            if not waiting:
                self._watch.start()
                return
            if time.monotonic() > deadline:
                late = waiting[0]
                raise LocalFailure(
                    f"{late.spec.name} was not ready within {START_SECONDS:.0f} s "
                    f"(log: {late.log_file}):\n{late.last_words() if late.starts else ''}"
                )
            time.sleep(POLL_SECONDS)

    def stop(self) -> list[str]:
        """Stop everything, phase by phase; return the names that had to be killed."""
        self._stopping.set()
        if self._watch.is_alive():
            self._watch.join()
        killed: list[str] = []
        ordered = sorted(self._processes, key=lambda process: process.spec.stop_phase)
        for _, phase in groupby(ordered, key=lambda process: process.spec.stop_phase):
            members = list(phase)
            with ThreadPoolExecutor(max_workers=len(members)) as pool:
                gentle = list(pool.map(ManagedProcess.stop, members))
            killed += [
                process.spec.name
                for process, was_gentle in zip(members, gentle, strict=True)
                if not was_gentle
            ]
        return killed

    def _look_at_starting(self, process: ManagedProcess) -> None:
        if process.starts == 0 or process.is_ready:
            return
        status = process.notice_end()
        if status is not None and process.early_ends >= EARLY_ENDS_ALLOWED:
            raise LocalFailure(
                f"{process.spec.name} ended with status {status} "
                f"(log: {process.log_file}):\n{process.last_words()}"
            )
        if process.pid is None:
            if time.monotonic() >= process.next_start:
                process.start()
        elif process.check_ready():
            self._ready.add(process.spec.name)
            self._report(f"{process.spec.name} ready")

    def _keep_up(self) -> None:
        try:
            while not self._stopping.wait(WATCH_SECONDS):
                self._tend()
                for process in self._processes:
                    self._restart_ended(process)
        finally:
            if not self._stopping.is_set():
                self._lost()

    def _restart_ended(self, process: ManagedProcess) -> None:
        status = process.notice_end()
        if status is not None:
            self._report(
                f"{process.spec.name} ended with status {status} (log: {process.log_file}); "
                f"it is started again"
            )
        if process.pid is None and time.monotonic() >= process.next_start:
            try:
                process.start()
            except LocalFailure as failure:
                process.early_ends += 1
                process.next_start = time.monotonic() + POLL_SECONDS
                self._report(str(failure))
        elif not process.is_ready and process.check_ready():
            self._report(f"{process.spec.name} ready again")
