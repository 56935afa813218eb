"""A running rig with Postgres and Redis behind proxies, and workers nobody looks after."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import psutil
import psycopg2
import redis
from proxy import Proxy
from running_rig import START_SECONDS, STOP_SECONDS, Json, RunningRig, wait_until

from rigtasks.eventstore.connection import libpq_url
from rigtasks.local.ports import any_free_port
from rigtasks.local.postgres import PostgresServer
from rigtasks.local.records import ProcessRecord, is_alive, stop_process, write_record
from rigtasks.local.valkey import ValkeyServer

QUEUE = "dev-e-python"
_UNDER_WAY = """
SELECT o.task, o.args, o.last_error FROM outbox AS o JOIN issues AS i USING (stream)
 WHERE i.ref = %s AND o.done_at IS NULL AND o.dead_at IS NULL
"""
_EVENTS = """
SELECT e.type, e.data::text::json, e.recorded_at FROM events AS e JOIN issues AS i USING (stream)
 WHERE i.ref = %s ORDER BY e.position
"""


class FaultyRig(RunningRig):
    """A rig whose faults are chosen.

    Its addresses lead to the servers themselves, so that what is looked up is true while the rig's
    own processes, which go through the proxies, see something else.
    """

    command: ClassVar[tuple[str, ...]] = (
        sys.executable,
        str(Path(__file__).with_name("small_rig.py")),
    )

    def __init__(self, data_dir: Path, settings: Mapping[str, str]) -> None:
        data_dir.mkdir(mode=0o711)
        self.postgres = PostgresServer(data_dir=data_dir, preferred_port=any_free_port())
        self.valkey = ValkeyServer(data_dir=data_dir, preferred_port=any_free_port())
        self._closing = ExitStack()
        self._urls = {"database_url": self.postgres.start(), "redis_url": self.valkey.start()}
        self.to_postgres, self.to_redis = (
            self._closing.enter_context(Proxy(_port(url))) for url in self._urls.values()
        )
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self._looking: psycopg2.extensions.connection | None = None
        super().__init__(
            data_dir,
            {
                **settings,
                "DATABASE_URL": _at(self._urls["database_url"], self.to_postgres),
                "REDIS_URL": _at(self._urls["redis_url"], self.to_redis),
            },
        )

    def wait_ready(self) -> None:
        """Wait for the stack, and look at its servers directly from then on."""
        super().wait_ready()
        self.addresses |= self._urls
        client = redis.Redis.from_url(self._urls["redis_url"])
        self.broker = self._closing.enter_context(closing(client))

    def close(self) -> None:
        """Stop what still runs, and delete the data."""
        for worker in self.workers.values():
            worker.kill()
            worker.wait()
        if self._looking is not None:
            self._looking.close()
        super().close()
        self.postgres.stop()
        self.valkey.stop()
        self._closing.close()

    # --- workers of agents --------------------------------------------------------------------

    def start_worker(
        self,
        name: str,
        *,
        queue: str = QUEUE,
        through: tuple[str, ...] = (),
        settings: Mapping[str, str] | None = None,
    ) -> psutil.Process:
        """Start a worker for agents, and return it when it hears bells."""
        log = self.data_dir / "logs" / f"{name}.log"
        size = log.stat().st_size if log.exists() else 0
        arguments = ("celery", "-A", "rigtasks", "worker", "-Q", queue, "-n", f"{name}@%h")
        child = self.start(
            name, *arguments, "--loglevel", "INFO", through=through, settings=settings
        )
        self.workers[name] = child
        write_record(self.data_dir / "run" / f"{name}.json", ProcessRecord.of(child.pid, name))

        def ready() -> bool:
            assert child.poll() is None, log.read_text()
            return b"ready." in log.read_bytes()[size:]

        wait_until(ready, f"the worker {name}", seconds=START_SECONDS)
        write_record(self.data_dir / "run" / f"{name}.json", ProcessRecord.of(child.pid, name))
        return self.process(name)

    def need_workers(self, *names: str) -> None:
        """Start those of these workers that do not run, and stop all others."""
        for name in [name for name in self.workers if name not in names]:
            self.stop_worker(name)
        for name in names:
            if name not in self.workers or self.workers[name].poll() is not None:
                self.start_worker(name)

    def need_a_worker(self) -> str:
        """Leave one worker running, whichever it is, and return its name."""
        alive = [name for name, child in self.workers.items() if child.poll() is None]
        name = next(iter(alive), "dev-a")
        self.need_workers(name)
        return name

    def stop_worker(self, name: str) -> None:
        """Stop a worker as a redeploy does; one that ended is forgotten."""
        child = self.workers.pop(name)
        if child.poll() is None:
            stop_process(psutil.Process(child.pid))
        child.wait(STOP_SECONDS)
        (self.data_dir / "run" / f"{name}.json").unlink(missing_ok=True)

    def worker_of(self, run_id: str) -> str:
        """Return the name of the worker that claimed a run."""
        ((holder,),) = self.rows("SELECT holder FROM runs WHERE run_id = %s", run_id)
        pid = int(holder.rpartition(":")[2])
        return next(name for name, child in self.workers.items() if child.pid == pid)

    # --- servers ------------------------------------------------------------------------------

    def crash_postgres(self) -> None:
        """Stop Postgres in the middle of everything: no checkpoint, every session cut."""
        process = self.postgres.process()
        assert process is not None
        if self._looking is not None:
            self._looking.close()
        stop_process(process, ((signal.SIGQUIT, 30.0), (signal.SIGKILL, 5.0)))

    def crash_redis(self) -> None:
        """Kill Redis and forget everything it knew."""
        process = self.valkey.process()
        assert process is not None
        stop_process(process, ((signal.SIGKILL, 10.0),))
        for path in (self.data_dir / "valkey").rglob("appendonly*"):
            if path.is_file():
                path.unlink()

    # --- what can be seen ----------------------------------------------------------------------

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one SQL statement in a session that is kept, and return its rows."""
        if self._looking is None or self._looking.closed:
            self._looking = psycopg2.connect(libpq_url(self.addresses["database_url"]))
            self._looking.autocommit = True
        with self._looking.cursor() as cursor:
            cursor.execute(statement, values)
            return [] if cursor.description is None else cursor.fetchall()

    def events(self, ref: str) -> list[Json]:
        """Return the events of an issue so far, from the database itself."""
        return [
            {"type": kind, "data": data, "at": at} for kind, data, at in self.rows(_EVENTS, ref)
        ]

    def wait_told(self, ref: str) -> None:
        """Wait until nothing about an issue is left to be carried out."""
        wait_until(lambda: not self.rows(_UNDER_WAY, ref), f"everything about {ref}", seconds=60)

    def now(self) -> Any:
        """Return the database's time."""
        return self.rows("SELECT clock_timestamp()")[0][0]

    def answers(self, path: str = "/health") -> int:
        """Return the status of the receiver's answer, 0 where there is none."""
        try:
            return int(self._web.get(f"{self.addresses['web']}{path}", timeout=15).status_code)
        except OSError:
            return 0


def family(process: psutil.Process) -> list[psutil.Process]:
    """Return a process and everything it started that is alive."""
    return [one for one in (process, *process.children(recursive=True)) if is_alive(one)]


def seconds_until_gone(processes: list[psutil.Process], *, most: float) -> float:
    """Return how long it takes until none of these processes lives any more.

    Raises:
        AssertionError: some live on.
    """
    began = time.monotonic()
    while alive := [one for one in processes if is_alive(one)]:
        assert time.monotonic() - began < most, f"still alive: {alive}"
        time.sleep(0.01)
    return time.monotonic() - began


def load() -> float:
    """Return how many processes want to run, on average over the last minute."""
    return os.getloadavg()[0]


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def _at(url: str, proxy: Proxy) -> str:
    return url.replace(f":{_port(url)}/", f":{proxy.port}/")
