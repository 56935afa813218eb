"""From a label set on GitHub to a running agent, on a warm stack with the sandbox GitHub.

The whole path of the product: webhook, the conductor's reading of GitHub, approval, bell, claim,
token, checkout, sandbox. One issue after another in one repository; once its agent runs, the label
is taken off again, which cancels the run. The limit is what the machine needs for the two things
that cannot be left out: a git clone of the same repository, and the start of an empty sandbox.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

import msgspec
import psutil

from bench.result import Report, result
from bench.waiting import until, until_warm
from rigtasks.agent.providers.scripted import PROGRAM
from rigtasks.eventstore.connection import Connection
from rigtasks.local.demo.samples import read_samples
from rigtasks.local.demo.seed import create_repository, maintainer
from rigtasks.local.github.seeding import Person, Seeder
from rigtasks.local.memory import stack_processes
from rigtasks.local.stack import LocalStack
from rigtasks.testing.real_git import signed_in

ISSUES = 12
WARM_UP = 2
_LABEL = "agent-ready"
_SAMPLE = "python-rooms"
_QUEUE = "dev-e-python"
_REST_SECONDS = 0.5
_MILLI = 1000
_TIMES = """
SELECT (SELECT received_at FROM deliveries
         WHERE repo_id = %(repo)s AND number = %(number)s AND action = 'labeled'),
       max(recorded_at) FILTER (WHERE type = 'ISSUE_APPROVED'),
       max(recorded_at) FILTER (WHERE type = 'ISSUE_ASSIGNED'),
       (SELECT o.done_at FROM outbox AS o
         WHERE o.dedup_key LIKE 'credentials ' || max(data ->> 'run_id') || ' %%'),
       max(recorded_at) FILTER (WHERE type = 'WORK_STARTED'),
       max(recorded_at) FILTER (WHERE type = 'CLI_STARTED')
  FROM events WHERE stream = %(stream)s
"""
_STAGES = (
    "label set: webhook stored", "GitHub read, issue approved", "bell heard, issue claimed",
    "token sealed", "checked out", "agent announced", "agent's process runs",
)  # fmt: skip
_ENDED = "SELECT ended_at FROM runs WHERE stream = %s ORDER BY started_at DESC LIMIT 1"
_OPEN = "SELECT count(*) = 0 FROM outbox WHERE done_at IS NULL AND dead_at IS NULL"


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """When each stage of one issue was over, in seconds since the label was set."""

    stages: tuple[float, ...]

    @property
    def claimed(self) -> float:
        """Until the claim."""
        return self.stages[2]

    @property
    def running(self) -> float:
        """Until the agent's process ran."""
        return self.stages[-1]


def measure_on(stack: LocalStack, *, short: bool) -> Report:
    """Label one issue after another and follow each until its agent runs."""
    issues, warm_up = (1, 1) if short else (ISSUES, WARM_UP)
    with _Bench(stack) as bench:
        for _ in range(warm_up):
            bench.follow_one()
        found = [bench.follow_one() for _ in range(issues)]
        limit = statistics.median(bench.bare_start() for _ in range(1 if short else 5))
    return Report(
        results=[
            result(
                "label to agent process, warm, p50 (limit: git clone and an empty sandbox)",
                "s", statistics.median(each.running for each in found), limit,
            ),
            result(
                "label to agent process, warm, slowest", "s",
                max(each.running for each in found), limit,
            ),
            result(
                "label to claim with the reading of GitHub, p50", "ms",
                statistics.median(each.claimed for each in found) * _MILLI,
            ),
        ],
        notes=[_breakdown(found)],
    )  # fmt: skip


def _breakdown(found: list[Times]) -> str:
    lines = ["label to agent, where the time goes (median ms of each stage, and since the label):"]
    for stage, name in enumerate(_STAGES):
        since = statistics.median(each.stages[stage] for each in found)
        alone = statistics.median(
            each.stages[stage] - (each.stages[stage - 1] if stage else 0.0) for each in found
        )
        lines.append(f"  {name:<30} {alone * _MILLI:>8.1f} {since * _MILLI:>8.1f}")
    return "\n".join(lines)


class _Bench:
    """A repository with many issues, and ways to look at what becomes of them."""

    def __init__(self, stack: LocalStack) -> None:
        assert stack.addresses is not None
        self._database = Connection(stack.addresses.database_url, application_name="bench")
        self._seeder = Seeder.for_data_dir(stack.addresses.github, stack.github_dir)
        self._person: Person = maintainer(self._seeder)
        self._sample = next(one for one in read_samples() if one.name == _SAMPLE)
        made = create_repository(self._seeder, self._person, self._sample)
        self._repo, self._repo_id = str(made["full_name"]), int(made["id"])
        roots = dict(stack_processes(stack.data_dir))
        self._worker = roots[f"worker-{_QUEUE}"]
        self._workers = sum(queue != "conductor" for queue in stack.options.queues)
        self._skew = _clock_skew()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._seeder.close()
        self._database.close()

    def follow_one(self) -> Times:
        """File an issue, label it, and say when each stage was over; leave nothing running."""
        made = self._person.create_issue(self._repo, self._sample.title, self._sample.body)
        number = int(made["number"])
        self._until_idle()
        began = time.time()
        self._person.label(self._repo, number, _LABEL)
        process = until(self._agent, "an agent")
        running = process.create_time() + self._skew
        times = until(lambda: self._recorded(number), "the events of the run")
        self._withdraw(number)
        return Times(stages=tuple(each - began for each in (*times, running)))

    def bare_start(self) -> float:
        """Return the seconds of a git clone of the repository and of an empty sandbox."""
        with tempfile.TemporaryDirectory(prefix="rig-bench-clone-") as folder:
            began = time.perf_counter()
            address, login = self._person.clone_url(self._repo), signed_in(self._person.token)
            _call("git", "clone", "--quiet", address, folder, env=os.environ | login)
            if shutil.which("bwrap"):
                _call("bwrap", "--ro-bind", "/", "/", "--unshare-all", "true", env=os.environ)
            return time.perf_counter() - began

    def _agent(self) -> psutil.Process | None:
        for process in self._worker.children(recursive=True):
            try:
                words = process.cmdline()
            except psutil.Error:
                continue  # it ended while we looked
            if words and words[0] == sys.executable and str(PROGRAM) in words:
                return process
        return None

    def _recorded(self, number: int) -> tuple[float, ...] | None:
        found: dict[str, Any] = {
            "repo": self._repo_id, "number": number, "stream": f"issue:{self._repo_id}:{number}:1"
        }  # fmt: skip
        moments: tuple[datetime | None, ...] = self._database.rows(_TIMES, found)[0]
        known = tuple(each.timestamp() for each in moments if each is not None)
        return known if len(known) == len(moments) else None

    def _withdraw(self, number: int) -> None:
        self._person.unlabel(self._repo, number, _LABEL)
        stream = f"issue:{self._repo_id}:{number}:1"
        until(lambda: self._ended(stream), "the end of the run")

    def _ended(self, stream: str) -> datetime | None:
        ended: datetime | None = self._database.rows(_ENDED, (stream,))[0][0]
        return ended

    def _until_idle(self) -> None:
        until(lambda: self._yes(_OPEN), "an empty outbox")
        until(lambda: all(self._seeder.activity().values()), "a GitHub with nothing to do")
        until_warm(self._database, self._workers)
        time.sleep(_REST_SECONDS)

    def _yes(self, question: str, parameters: tuple[Any, ...] = ()) -> bool:
        return bool(self._database.rows(question, parameters)[0][0])


def _clock_skew() -> float:
    """Return what to add to a process's recorded start, which is rounded to the boot's second."""
    began = time.time()
    with subprocess.Popen((sys.executable, "-c", "input()"), stdin=subprocess.PIPE) as child:
        skew = began - psutil.Process(child.pid).create_time()
        child.communicate(b"\n")
    return skew


def _call(*command: str, env: Mapping[str, str]) -> None:
    subprocess.run(command, check=True, capture_output=True, env=env)  # noqa: S603
