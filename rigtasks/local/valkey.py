"""The embedded Valkey server: hints only, kept in an append-only file."""

import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import psutil

from rigtasks.local.binaries import find_valkey
from rigtasks.local.kept import file_lock, kept_secret
from rigtasks.local.ports import LOOPBACK, kept_port
from rigtasks.local.problems import LocalFailure
from rigtasks.local.records import ProcessRecord, read_record, stop_process, write_record

PREFERRED_PORT = 54379
START_SECONDS = 20.0
LOCK_SECONDS = 30.0
STOP = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


@dataclass(kw_only=True)
class ValkeyServer:
    """One Valkey (or Redis) server on loopback with a password, kept in a folder.

    Args:
        data_dir: the stack's data folder.
        preferred_port: where to listen unless the folder remembers a port or it is taken.
        durable: keep an append-only file, flushed every second; False for tests.
    """

    name: ClassVar[str] = "valkey"
    data_dir: Path
    preferred_port: int = PREFERRED_PORT
    durable: bool = True
    adopted: bool = field(default=False, init=False)
    port: int | None = field(default=None, init=False)
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Hold on to the folder even if the working directory changes."""
        self.data_dir = self.data_dir.resolve()

    def start(self) -> str:
        """Start the server, or take over the live one of this folder, and return its URL.

        Raises:
            MissingProgram: no server program was found.
            LocalFailure: it did not start; the message ends with the server's own words.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        holder = f"Valkey in {self._folder}"
        with file_lock(self._folder / "lock", seconds=LOCK_SECONDS, holder=holder):
            record = read_record(self._record_file)
            if record is not None and record.process() is not None and record.port:
                self.adopted, self.port = True, record.port
            else:
                self.adopted = False
                self._launch()
            try:
                self._wait_ready()
            except BaseException:
                self.stop()
                raise
        return self.url()

    def stop(self) -> None:
        """Stop the server of this folder, whoever started it; does nothing when there is none."""
        process = self.process()
        if process is not None:
            stop_process(process, STOP)
        self._reap()
        self._record_file.unlink(missing_ok=True)

    def remove(self) -> None:
        """Stop the server and delete its data."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def process(self) -> psutil.Process | None:
        """Return the live server of this folder, None when there is none."""
        record = read_record(self._record_file)
        return record.process() if record is not None else None

    def url(self, database: int = 0) -> str:
        """Return the URL of one numbered database of this running server."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/{database}"

    @property
    def password(self) -> str:
        """The server's password, made once and kept beside its data."""
        return kept_secret(self._folder / "password")

    @property
    def log_file(self) -> Path:
        """Where the server writes its log."""
        return self._folder / "server.log"

    @property
    def _folder(self) -> Path:
        return self.data_dir / "valkey"

    @property
    def _record_file(self) -> Path:
        return self._folder / "process.json"

    def _launch(self) -> None:
        self._reap()
        program = find_valkey()
        self.port = kept_port(self._folder / "port", self.preferred_port)
        with self.log_file.open("ab") as log:
            self._child = subprocess.Popen(  # noqa: S603 - a program we located ourselves
                [program, "-"],  # settings through stdin keep the password out of `ps`
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        write_record(self._record_file, ProcessRecord.of(self._child.pid, "valkey", port=self.port))
        assert self._child.stdin is not None  # noqa: S101 - it is a pipe
        with self._child.stdin as pipe:
            pipe.write(self._settings().encode())

    def _reap(self) -> None:
        if self._child is not None:
            self._child.wait()
            self._child = None

    def _settings(self) -> str:
        lines = [
            f"bind {LOOPBACK}",
            f"port {self.port}",
            f"requirepass {self.password}",
            f"appendonly {'yes' if self.durable else 'no'}",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "daemonize no",
        ]
        return "\n".join(lines) + "\n"

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._child is not None and self._child.poll() is not None:
                self._child = None
                raise LocalFailure(f"Valkey did not start:\n{self._last_words()}")
            if self._answers():
                return
            time.sleep(0.01)
        raise LocalFailure(
            f"Valkey was not ready within {START_SECONDS:.0f} s:\n{self._last_words()}"
        )

    def _answers(self) -> bool:
        """Log in and ping over a bare socket; a client library would cost more than the server."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                lines = connection.makefile("rb")
                login, answer = lines.readline(), lines.readline()
        except OSError:
            return False  # not listening yet
        if login.startswith((b"-WRONGPASS", b"-ERR")):
            raise LocalFailure(
                f"the server on port {self.port} refuses our password: remove {self._folder}"
            )
        return answer.startswith(b"+PONG")  # "-LOADING" while it still reads its file

    def _last_words(self, lines: int = 12) -> str:
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])
