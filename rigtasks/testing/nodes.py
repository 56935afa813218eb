"""Nodes of pytest-celery that are processes on this machine, where its own are containers.

pytest-celery's nodes only ask their container for what is written here, so that its setup, its
readiness checks, kills and restarts work on real commands without Docker.
"""

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rigtasks.local.problems import LocalFailure
from rigtasks.local.processes import kill_group
from rigtasks.local.valkey import ValkeyServer

READY_SECONDS = 60.0
STOP_SECONDS = 30.0
RUNNING, EXITED = "running", "exited"


@dataclass(kw_only=True)
class ProcessNode:
    """A command in a process group of its own.

    Args:
        name: of the node, and of its log.
        argv: the command.
        environment: the whole environment of the process.
        folder: its working directory and where its log is kept.
        ready_prompt: what the log says once it is ready.
        celeryconfig: what Celery has to know of it.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    ready_prompt: str
    celeryconfig: dict[str, Any] = field(default_factory=dict)
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _log_start: int = field(default=0, init=False)

    def start(self) -> None:
        """Start the command; what it says is appended to its log."""
        with self._log.open("ab") as log:
            self._log_start = log.tell()
            self._child = subprocess.Popen(  # noqa: S603  # the command of a test's author
                self.argv,
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int | None:
        """The process id of the newest start, alive or not."""
        return None if self._child is None else self._child.pid

    @property
    def id(self) -> str:
        """What tells one start of the node from another."""
        return f"{self.name}-{self.pid}"

    @property
    def status(self) -> str:
        """`running` or `exited`, as containers say it."""
        alive = self._child is not None and self._child.poll() is None
        return RUNNING if alive else EXITED

    def logs(self) -> str:
        """Return what the process said since it was last started."""
        if not self._log.exists():
            return ""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def kill(self, signal: str | int = "SIGKILL") -> None:  # the containers' own name
        """Signal the process and wait for its end; SIGKILL takes its whole group with it.

        Raises:
            LocalFailure: it outlived the signal.
        """
        if self._child is None:
            return
        number = _number(signal)
        if number == _KILL:
            kill_group(self._child.pid)
        else:
            self._child.send_signal(number)
        try:
            self._child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise LocalFailure(f"{self.name} outlived signal {number}") from error
        kill_group(self._child.pid)

    def reload(self) -> None:
        """Take note of an end nobody asked for."""
        if self._child is not None:
            self._child.poll()

    def restart(self, timeout: float = READY_SECONDS) -> None:
        """Stop the process if it runs, start it, and wait until it is ready."""
        self.kill("SIGTERM")
        self.start()
        self._wait_ready(timeout)

    def ready(self) -> bool:
        """Wait until the process is ready.

        Raises:
            LocalFailure: it ended, or took too long; the message ends with its own words.
        """
        self._wait_ready(READY_SECONDS)
        return True

    def teardown(self) -> None:
        """End the process and everything in its group."""
        if self.status == RUNNING:
            self.kill("SIGTERM")

    @property
    def _log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def _wait_ready(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.ready_prompt not in self.logs():
            if self.status == EXITED or time.monotonic() > deadline:
                raise LocalFailure(f"{self.name} is not ready:\n{self.logs()[-2000:]}")
            time.sleep(0.05)


@dataclass(kw_only=True)
class WorkerNode(ProcessNode):
    """A Celery worker of one queue.

    Args:
        queue: what it consumes.
    """

    queue: str

    def worker_queue(self) -> str:
        """Return the queue it consumes."""
        return self.queue

    def worker_name(self) -> str:
        """Return the part of its node name before the host."""
        return self.name


class ValkeyNode:
    """A Valkey server as the broker.

    Args:
        folder: where it keeps everything.
    """

    def __init__(self, folder: Path) -> None:
        self.name = "valkey"
        self._server = ValkeyServer(data_dir=folder, durable=True)

    def start(self) -> None:
        """Start the server; it keeps its port and its data from one start to the next."""
        self._server.start()

    @property
    def id(self) -> str:
        """What tells this server from others."""
        return f"{self.name}-{self._server.port}"

    @property
    def status(self) -> str:
        """`running` or `exited`, as containers say it."""
        return RUNNING if self._server.process() is not None else EXITED

    @property
    def celeryconfig(self) -> dict[str, Any]:
        """The URL, the same from inside and outside where there are no containers."""
        url = self._server.url()
        return {"url": url, "host_url": url}

    def logs(self) -> str:
        """Return the server's log."""
        return self._server.log_file.read_text(errors="replace")

    def kill(self, signal: str | int = "SIGKILL") -> None:  # the containers' own name
        """Signal the server and wait for its end."""
        process = self._server.process()
        if process is not None:
            process.send_signal(_number(signal))
            process.wait(STOP_SECONDS)

    def reload(self) -> None:
        """Do nothing: the status is looked at whenever it is asked for."""

    def restart(self, timeout: float = READY_SECONDS) -> None:  # noqa: ARG002  # the container's own
        """Stop the server if it runs, and start it again."""
        self._server.stop()
        self._server.start()

    def ready(self) -> bool:
        """Say whether it runs; a start returns when it answers."""
        return self.status == RUNNING

    def teardown(self) -> None:
        """Stop the server and delete its data."""
        self._server.remove()


_KILL = signal.SIGKILL


def _number(given: str | int) -> int:
    return given if isinstance(given, int) else int(signal.Signals[given])
