"""One `rig up` in a process of its own: its addresses, processes, database and HTTP answers."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote

import psutil
import psycopg2
import requests

from rigtasks.cli.start import remove_data
from rigtasks.eventstore.connection import libpq_url
from rigtasks.local.memory import stack_processes
from rigtasks.local.ports import any_free_port
from rigtasks.local.records import ProcessRecord, is_alive, read_record, wait_gone
from rigtasks.local.table import CONDUCTOR_ONLY, WEBHOOK_SECRETS

RIG = (sys.executable, "-m", "rigtasks.cli")
PREFIX = "rig-acceptance-"
START_SECONDS = 90.0
STOP_SECONDS = 60.0
PATIENCE_SECONDS = 45.0
Json = dict[str, Any]
Found = TypeVar("Found")


def plain_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a user who has set nothing but these variables."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RIG_", "DATABASE_URL", "REDIS_URL"))
    }
    return {**kept, **given}


def new_data_dir() -> Path:
    """Make a data folder that the database server's account may pass through."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = read_record(folder / "data" / "stack.json")
        if owner is not None and owner.process() is None:
            remove_data(folder / "data")
            shutil.rmtree(folder)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    folder.chmod(0o711)
    return folder / "data"


def wait_until(
    look: Callable[[], Found | None], what: str, *, seconds: float = PATIENCE_SECONDS
) -> Found:
    """Return what a look finds once it finds something.

    Raises:
        AssertionError: it found nothing in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.1)


class RunningRig:
    """A `rig up --json` that was started as a user starts it.

    Args:
        data_dir: of the stack; stays when the stack is stopped.
        settings: environment variables on top of a clean environment.
    """

    command: ClassVar[tuple[str, ...]] = (*RIG, "up", "--json")

    def __init__(self, data_dir: Path, settings: Mapping[str, str]) -> None:
        self.data_dir = data_dir
        self.errors = data_dir.with_name("rig-up.txt")
        self._web = requests.Session()
        self._web.trust_env = False
        with self.errors.open("a") as errors:
            self.child = subprocess.Popen(
                [*self.command, "--data-dir", str(data_dir), "--port", str(any_free_port())],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=plain_environment(settings),
            )
        self.addresses: Json = {}

    def wait_ready(self) -> None:
        """Read the one line that says that everything is ready.

        Raises:
            AssertionError: the stack ended without it; the message is its own words.
        """
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        assert line, self.errors.read_text()
        self.addresses = json.loads(line)

    def end(self, number: signal.Signals) -> int:
        """Signal `rig up` itself and return its exit code."""
        self.child.send_signal(number)
        code = self.child.wait(STOP_SECONDS)
        assert self.child.stdout is not None
        self.child.stdout.close()
        return code

    def close(self) -> None:
        """Stop what still runs, and delete the data."""
        if self.child.poll() is None:
            try:
                self.end(signal.SIGTERM)
            except subprocess.TimeoutExpired:
                self.end(signal.SIGKILL)  # what it leaves is stopped with its data below
        assert self.child.stdout is not None
        self.child.stdout.close()
        self._web.close()
        if self.data_dir.exists():
            remove_data(self.data_dir)
        shutil.rmtree(self.data_dir.parent, ignore_errors=True)

    def processes(self) -> dict[str, psutil.Process]:
        """Return the live main processes by their names in the stack."""
        return dict(stack_processes(self.data_dir))

    def process(self, name: str) -> psutil.Process:
        """Return one live main process, once it runs."""
        path = self.data_dir / "run" / f"{name}.json"

        def look() -> psutil.Process | None:
            record: ProcessRecord | None = read_record(path)
            return None if record is None else record.process()

        return wait_until(look, f"the process {name}")

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> psutil.Process:
        """Signal a main process, wait for its end, and return it."""
        process = self.process(name)
        process.send_signal(number)
        assert wait_gone(process, STOP_SECONDS), f"{name} outlived {number.name}"
        return process

    def wait_restarted(self, name: str, ended: psutil.Process) -> None:
        """Wait until a process that ended has a successor."""

        def look() -> bool:
            return self.process(name).pid != ended.pid

        wait_until(look, f"a new {name}")

    @contextmanager
    def suspended(self, name: str) -> Iterator[None]:
        """Let a process and its children stand still meanwhile."""
        main = self.process(name)
        family = [main, *main.children(recursive=True)]
        for process in family:
            process.suspend()
        try:
            yield
        finally:
            for process in reversed(family):
                process.resume()

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the stack's processes, without what only some of them have."""
        addresses = {name.upper(): self.addresses[name] for name in ("database_url", "redis_url")}
        given = self.process("github").environ()  # is executed, before the servers are
        own = {**addresses, **given}
        return {name: own[name] for name in own.keys() - WEBHOOK_SECRETS - CONDUCTOR_ONLY}

    def start(
        self,
        log_name: str,
        *arguments: str,
        through: tuple[str, ...] = (),
        settings: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start one more process beside the stack, with the stack's environment.

        Args:
            log_name: of its log file.
            arguments: the Python module to run, and its arguments.
            through: the command that runs the command.
            settings: environment variables on top.
        """
        with (self.data_dir / "logs" / f"{log_name}.log").open("ab") as log:
            return subprocess.Popen(
                [*through, sys.executable, "-m", *arguments],
                cwd=self.data_dir,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**self.environment, **(settings or {})},
                start_new_session=True,
            )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `rig` with the stack's environment to its end."""
        return subprocess.run(
            [*RIG, *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=STOP_SECONDS,
        )

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one SQL statement and return its rows; none where it returns none."""
        with closing(psycopg2.connect(libpq_url(self.addresses["database_url"]))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return [] if cursor.description is None else cursor.fetchall()

    def get(self, path: str, **query: str) -> Json | None:
        """Return the receiver's JSON answer, None where it knows nothing of that name."""
        answer = self._web.get(f"{self.addresses['web']}{path}", params=query, timeout=20)
        if answer.status_code == requests.codes.not_found:
            return None
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def events(self, ref: str) -> list[Json]:
        """Return the events of an issue so far, the first one first."""
        found = self.get(f"/api/events/stream?id={quote(ref)}&limit=200")
        return [] if found is None else list(found["items"])

    def types(self, ref: str) -> list[str]:
        """Return the types of an issue's events so far."""
        return [str(event["type"]) for event in self.events(ref)]

    def wait_event(
        self, ref: str, kind: str, *, seconds: float = PATIENCE_SECONDS, count: int = 1
    ) -> Json:
        """Return the `count`th event of a type of an issue, once it is there."""

        def look() -> Json | None:
            found = [event for event in self.events(ref) if event["type"] == kind]
            return found[count - 1] if len(found) >= count else None

        try:
            return wait_until(look, f"{kind} of {ref}", seconds=seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; it has {self.types(ref)}") from None

    def issue(self, ref: str) -> Json:
        """Return how an issue stands in the list of issues."""
        repo = ref.partition("#")[0]
        found = self.get("/api/issues", repo=repo) or {"items": []}
        return next(item for item in found["items"] if item["ref"] == ref)

    def outcomes(self, repo: str, number: int) -> list[str]:
        """Return what became of the deliveries about one issue, the first one first."""
        found = self.get("/api/deliveries", repo=repo, limit="200") or {"items": []}
        return [
            str(item["outcome"])
            for item in reversed(found["items"])
            if item["number"] == number and item["outcome"] is not None
        ]

    def agents_of(self, run_id: str) -> list[psutil.Process]:
        """Return the live processes that work in a run's folder or carry its mark."""
        found = []
        for process in psutil.process_iter():
            try:
                words = " ".join(process.cmdline())
            except psutil.Error:
                continue  # it ended meanwhile
            if run_id in words and is_alive(process):
                found.append(process)
        return found
