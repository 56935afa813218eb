"""The whole rig on one machine: servers, migrations, sandbox GitHub, and every process.

`LocalStack` is what `rig up`, `rig demo` and the acceptance tests start.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from rigtasks.local.kept import file_lock, kept_secret
from rigtasks.local.nursery import Nursery, is_forked
from rigtasks.local.ports import LOOPBACK, assign_ports
from rigtasks.local.postgres import PostgresServer
from rigtasks.local.problems import AlreadyRunning, Interrupted, LocalFailure
from rigtasks.local.processes import ManagedProcess, ProcessSpec, stop_leftovers
from rigtasks.local.records import ProcessRecord, read_record, write_record
from rigtasks.local.supervisor import Supervisor
from rigtasks.local.table import FLOWER_PORT, GITHUB_PORT, WEB_PORT, default_queues, stack_table
from rigtasks.local.tools import tool_path
from rigtasks.local.valkey import ValkeyServer

SECRET_PREFIX = "whsec_dev_"  # noqa: S105 - what a secret starts with, not one
MIGRATION_SECONDS = 120.0


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Where the parts of a running stack are, as `rig up --json` prints them."""

    web: str
    flower: str
    github: str
    webhook_secret: str
    database_url: str
    redis_url: str
    pid: int


@dataclass(frozen=True, kw_only=True)
class StackOptions:
    """What a caller may choose.

    Args:
        data_dir: everything the stack keeps; made when missing.
        web_port: where the dashboard listens when that port is free.
        flower_port: the same for Flower.
        github_port: the same for the sandbox GitHub.
        queues: the queues that get a worker.
        sandbox_github: run the sandbox GitHub; False uses the GitHub of the environment.
        settings: environment variables on top, such as RIG_TIME_SCALE.
    """

    data_dir: Path = Path(".rig")
    web_port: int = WEB_PORT
    flower_port: int = FLOWER_PORT
    github_port: int = GITHUB_PORT
    queues: tuple[str, ...] = field(default_factory=default_queues)
    sandbox_github: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)


def _silent(_message: str) -> None:
    """Report nothing."""


class LocalStack:
    """Every process of the rig, started together and stopped together.

    Args:
        options: what to run and where.
        report: told in words about everything that becomes ready, ends or is started again.
        table: makes the processes that run beside the servers.
        prepare: brings the database's schema up to date, given the processes' environment.
    """

    def __init__(
        self,
        options: StackOptions | None = None,
        *,
        report: Callable[[str], None] = _silent,
        table: Callable[..., tuple[ProcessSpec, ...]] = stack_table,
        prepare: Callable[[Mapping[str, str]], None] | None = None,
    ) -> None:
        self.options = options or StackOptions()
        self.data_dir = self.options.data_dir.resolve()
        self._report = report
        self._table = table
        self._prepare = prepare or migrate
        self._postgres = PostgresServer(data_dir=self.data_dir)
        self._valkey = ValkeyServer(data_dir=self.data_dir)
        self._given = {
            name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)
        }
        self._environment: dict[str, str] = {}
        self._ports: dict[str, int] = {}
        self._supervisor: Supervisor | None = None
        self._nursery = Nursery(self.logs / "nursery.log", self.records / "nursery.json")
        self._closing = ExitStack()
        self._stop_asked = threading.Event()
        self._watch_lost = threading.Event()
        self.addresses: Addresses | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> Addresses:
        """Start everything and return when all of it is ready.

        Raises:
            AlreadyRunning: a live stack owns the data folder.
            Interrupted: a stop was asked for meanwhile.
            MissingProgram: a server program is missing.
            LocalFailure: a part did not start; everything already started is stopped again.
        """
        self._take_folder()
        try:
            self._clear_leftovers()
            self.addresses = self._bring_up()
        except BaseException:
            self.stop()
            raise
        write_json(self.data_dir / "addresses.json", self.addresses)
        return self.addresses

    def stop(self) -> list[str]:
        """Stop everything in order; return the names of processes that had to be killed."""
        killed: list[str] = []
        if self._supervisor is not None:
            killed = self._supervisor.stop()
            self._supervisor = None
        self._nursery.close()
        if "REDIS_URL" not in self._given:
            self._valkey.stop()
        if "DATABASE_URL" not in self._given:
            self._postgres.stop()
        for name in ("addresses.json", "stack.json"):
            (self.data_dir / name).unlink(missing_ok=True)
        self._closing.close()
        return killed

    def ask_stop(self) -> None:
        """Let `start` give up and `wait` return; safe to call from a signal handler."""
        self._stop_asked.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until somebody asks for a stop; False when `seconds` passed first.

        Raises:
            LocalFailure: nothing keeps the processes up any more; the reason is on standard error.
        """
        asked = self._stop_asked.wait(seconds)
        if self._watch_lost.is_set():
            raise LocalFailure("the processes are no longer watched, so the stack is stopped")
        return asked

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment every process of the stack runs with."""
        return dict(self._environment)

    @property
    def github_dir(self) -> Path:
        """The sandbox GitHub's data folder, with its admin token and the Apps' keys."""
        return self.data_dir / "github"

    @property
    def records(self) -> Path:
        """The folder with a record of every running process."""
        return self.data_dir / "run"

    @property
    def logs(self) -> Path:
        """The folder with a log of every process."""
        return self.data_dir / "logs"

    def _take_folder(self) -> None:
        owner = self.data_dir / "stack.json"
        lock = file_lock(
            self.data_dir / "stack.lock", seconds=0, holder=f"the stack in {self.data_dir}"
        )
        try:
            self._closing.enter_context(lock)
        except AlreadyRunning as error:
            record = read_record(owner)
            pid = record.pid if record is not None else None
            raise AlreadyRunning(
                f"a stack is already running in {self.data_dir}"
                + (f" (pid {pid}); stop it with: kill {pid}" if pid is not None else ""),
                pid=pid,
            ) from error
        write_record(owner, ProcessRecord.of(os.getpid(), "rig up"))

    def _clear_leftovers(self) -> None:
        stopped = stop_leftovers(self.records)
        if stopped:
            self._report(f"stopped what an earlier stack left: {', '.join(stopped)}")

    def _bring_up(self) -> Addresses:
        options = self.options
        self._ports = assign_ports(
            {"web": options.web_port, "flower": options.flower_port, "github": options.github_port}
        )
        secret = os.environ.get("RIG_WEBHOOK_SECRET") or kept_secret(
            self.data_dir / "webhook-secret", prefix=SECRET_PREFIX
        )
        self._environment = self._base_environment(secret)
        table = self._table(
            data_dir=self.data_dir,
            ports=self._ports,
            queues=options.queues,
            sandbox_github=options.sandbox_github,
        )
        if any(is_forked(spec.argv) for spec in table):
            self._nursery.prepare()
        self._supervisor = Supervisor(
            [
                ManagedProcess(
                    spec=spec,
                    environment=self._environment,
                    folder=self.data_dir,
                    logs=self.logs,
                    records=self.records,
                    launch=self._nursery.launch,
                )
                for spec in table
            ],
            report=self._report,
            tend=self._tend_servers,
            lost=self._lose_watch,
        )
        with ThreadPoolExecutor(max_workers=2) as pool:
            servers = [pool.submit(self._start_redis), pool.submit(self._start_database)]
            self._supervisor.wait_ready(lambda: self._check_start(servers))
        return self._addresses(secret)

    def _base_environment(self, secret: str) -> dict[str, str]:
        variables = {
            **os.environ,
            "PATH": tool_path(),
            "PYTHONUNBUFFERED": "1",
            "RIG_DATA_DIR": str(self.data_dir),
            "RIG_WEBHOOK_SECRET": secret,
        }
        if self.options.sandbox_github:
            url = f"http://{LOOPBACK}:{self._ports['github']}"
            variables |= {
                "RIG_PROVIDER": os.environ.get("RIG_PROVIDER", "scripted"),
                "RIG_SANDBOX_GITHUB": "1",
                "RIG_GITHUB_API_URL": url,
                "RIG_GITHUB_WEB_URL": url,
                "RIG_APPS_FILE": str(self.github_dir / "apps.json"),
            }
        return {**variables, **self.options.settings}

    def _start_redis(self) -> None:
        url = self._given.get("REDIS_URL") or self._valkey.start()
        self._environment["REDIS_URL"] = url
        self._announce("redis", adopted=self._valkey.adopted)

    def _start_database(self) -> None:
        url = self._given.get("DATABASE_URL") or self._postgres.start()
        self._environment["DATABASE_URL"] = url
        self._announce("postgres", adopted=self._postgres.adopted)
        self._prepare(self._environment)
        self._announce("migrations")

    def _tend_servers(self) -> None:
        """Start a server again that ended although nobody stopped it."""
        servers = (("REDIS_URL", self._valkey), ("DATABASE_URL", self._postgres))
        for variable, server in servers:
            if variable in self._given or server.process() is not None:
                continue
            self._report(f"{server.name} ended; it is started again")
            try:
                server.start()
            except LocalFailure as failure:
                self._report(str(failure))

    def _lose_watch(self) -> None:
        self._watch_lost.set()
        self._stop_asked.set()

    def _announce(self, name: str, *, adopted: bool = False) -> None:
        assert self._supervisor is not None  # noqa: S101 - made before the servers start
        self._report(f"{name} ready" + (" (it was still running)" if adopted else ""))
        self._supervisor.announce(name)

    def _check_start(self, servers: list[Future[None]]) -> None:
        if self._stop_asked.is_set():
            raise Interrupted("stopped while starting")
        for server in servers:
            if server.done():
                server.result()

    def _addresses(self, secret: str) -> Addresses:
        return Addresses(
            web=f"http://{LOOPBACK}:{self._ports['web']}",
            flower=f"http://{LOOPBACK}:{self._ports['flower']}",
            github=self._environment.get("RIG_GITHUB_WEB_URL", "https://github.com"),
            webhook_secret=secret,
            database_url=self._environment["DATABASE_URL"],
            redis_url=self._environment["REDIS_URL"],
            pid=os.getpid(),
        )


def migrate(environment: Mapping[str, str]) -> None:
    """Bring the database's schema up to date in a process of its own.

    A process, because the migration library would otherwise stay in the launcher's memory.

    Raises:
        LocalFailure: the migrations failed; the message ends with their own words.
    """
    answer = subprocess.run(
        [sys.executable, "-m", "rigtasks.cli", "db", "migrate"],
        check=False,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=MIGRATION_SECONDS,
    )
    if answer.returncode != 0:
        raise LocalFailure(f"the database could not be migrated:\n{answer.stdout.strip()}")


def write_json(path: Path, value: msgspec.Struct) -> None:
    """Store a value for other commands on this machine, readable by its owner only."""
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(value))


def read_addresses(data_dir: Path) -> Addresses | None:
    """Return the addresses of the stack that runs in this folder, None when none does."""
    try:
        return msgspec.json.decode((data_dir / "addresses.json").read_bytes(), type=Addresses)
    except FileNotFoundError:
        return None
