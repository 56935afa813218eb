"""The process that has loaded what most of the stack's share, and is forked for each of them.

Loading took every one of a dozen processes a second and a half and forty megabytes. A fork has
all of it at once, and shares the memory. Only on Linux: elsewhere a forked process may not use what
its system loads for it.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from rigtasks.local.launching import Child, execute
from rigtasks.local.records import ProcessRecord, write_record

QUICK = (sys.executable, "-m", "rigtasks.local.quick_start")
FORKED = frozenset({"celery", "rigtasks.cli"})
"""The modules whose processes are forked; every other one is executed."""
LOST = 255
"""The status of a process whose end nobody could tell, because the nursery ended first."""
_HARMLESS = frozenset(
    {"HOME", "LANG", "LOGNAME", "PATH", "SHELL", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "TZ"}
    | {"USER"}
)
_HARMLESS_BEGINNINGS = ("LC_", "LD_", "MALLOC_", "PYTHON")


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What one fork shall become.

    Args:
        argv: the module, and its arguments.
        environment: the whole environment.
        folder: the working directory.
    """

    argv: list[str]
    environment: dict[str, str]
    folder: str


def is_forked(argv: Sequence[str]) -> bool:
    """Tell whether the process of a command is forked on this machine."""
    quick, module = tuple(argv[: len(QUICK)]) == QUICK, argv[len(QUICK) : len(QUICK) + 1]
    return sys.platform == "linux" and quick and FORKED.issuperset(module)


class Nursery:
    """Starts commands of the stack: Celery's by forking, all others as programs of their own.

    Args:
        log: where the nursery's own words go.
        record: where its process is noted while it runs.
    """

    def __init__(self, log: Path, record: Path) -> None:
        self._log = log
        self._record = record
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None

    def prepare(self) -> None:
        """Begin to load, so that the first fork need not wait for it."""
        with self._lock:
            self._ensure_running()

    def launch(
        self, argv: Sequence[str], environment: Mapping[str, str], folder: Path, log: BinaryIO
    ) -> Child:
        """Start a command in a session of its own, as `execute` does.

        Raises:
            OSError: it cannot be started.
        """
        if not is_forked(argv):
            return execute(argv, environment, folder, log)
        order = Order(
            argv=list(argv[len(QUICK) :]), environment=dict(environment), folder=str(folder)
        )
        with self._lock:
            return self._fork(order, log)

    def close(self) -> None:
        """End the nursery; what was forked from it lives on."""
        with self._lock:
            if self._line is not None:
                self._line.close()
                self._line = None
            if self._process is not None:
                self._process.wait()
                self._process = None
                self._record.unlink(missing_ok=True)

    def _fork(self, order: Order, log: BinaryIO) -> "Forked":
        reading, writing = os.pipe2(os.O_CLOEXEC)
        written = os.memfd_create("order", os.MFD_CLOEXEC)  # secrets: never a file
        try:
            os.write(written, msgspec.json.encode(order))
            os.lseek(written, 0, os.SEEK_SET)
            line = self._ensure_running()
            socket.send_fds(line, [b"fork"], [written, log.fileno(), writing])
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
            os.close(written)
        try:
            return Forked(reading)
        except EOFError as error:
            raise OSError(
                f"the process that it is forked from has ended (log: {self._log})"
            ) from error

    def _ensure_running(self) -> socket.socket:
        if self._line is not None and self._process is not None and self._process.poll() is None:
            return self._line
        if self._line is not None:
            self._line.close()
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with theirs, self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-P", "-m", "rigtasks.local.forking", str(theirs.fileno())],
                env=_harmless(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        write_record(self._record, ProcessRecord.of(self._process.pid, "nursery"))
        return self._line


class Forked:
    """A process forked by the nursery, which tells its pid and then its status through a pipe.

    Raises:
        EOFError: the nursery ended without forking it.
    """

    def __init__(self, told: int) -> None:
        self._told = told
        self._text = b""
        self._status: int | None = None
        self.pid = self._first_number()

    def poll(self) -> int | None:
        """Return its exit status, negative for a signal; None while it lives."""
        return self._look(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit status once it has ended.

        Raises:
            subprocess.TimeoutExpired: it outlived `timeout` seconds.
        """
        status = self._look(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        return status

    def terminate(self) -> None:
        """Send SIGTERM, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it ended just now
                os.kill(self.pid, signal.SIGTERM)

    def _first_number(self) -> int:
        while b"\n" not in self._text:
            more = os.read(self._told, 64)
            if not more:
                os.close(self._told)
                raise EOFError
            self._text += more
        pid, _, self._text = self._text.partition(b"\n")
        return int(pid)

    def _look(self, timeout: float | None) -> int | None:
        if self._status is None and self._is_told(timeout):
            self._text += os.read(self._told, 64)  # written at once, and nothing follows
            os.close(self._told)
            self._status = int(self._text) if self._text else LOST
        return self._status

    def _is_told(self, timeout: float | None) -> bool:
        if self._text:
            return True
        return bool(select.select([self._told], [], [], timeout)[0])


def _harmless(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what the loading needs; a fork's first environment stays readable, so no secrets."""
    return {
        name: value
        for name, value in environment.items()
        if name in _HARMLESS or name.startswith(_HARMLESS_BEGINNINGS)
    }
