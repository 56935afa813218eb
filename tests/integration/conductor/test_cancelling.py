"""What stops an issue stops its running agent within one heartbeat: a real worker, a real agent."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from conductor_scene import Scene

from rigtasks.agent.assignment import RunLimits
from rigtasks.agent.providers.command import CommandProvider
from rigtasks.agent.sandbox import Bounds, Level, find_toolchain
from rigtasks.agent.supervisor import Timers as AgentTimers
from rigtasks.conductor.tokens import answer_run
from rigtasks.eventstore.claims import Limits
from rigtasks.eventstore.switches import breaker_scope, provider_scope, repository_scope
from rigtasks.gate.facts import StopSource
from rigtasks.routing.internal import NONE_INTERNAL
from rigtasks.routing.labels import READY
from rigtasks.routing.offers import Offers
from rigtasks.routing.tools import DEFAULT_TOOLS
from rigtasks.runs.credential_requests import PostgresCredentialRequests
from rigtasks.runs.kit import WorkerKit
from rigtasks.runs.work import answer_bell

QUEUE = "dev-e-python"
HEARTBEAT = 0.3
PATIENCE = 60.0
#: Says who it is, then works in silence for as long as it is let.
AGENT = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"


def kit_of(scene: Scene, database_url: str) -> WorkerKit:
    stores = scene.conductor.stores
    return WorkerKit(
        stores=stores,
        shell=scene.conductor.shell,
        credentials=PostgresCredentialRequests(stores),
        offers=Offers(provider="command", models={}),
        provider=lambda *_: CommandProvider(
            argv=(sys.executable, "-c", AGENT), cost_micro_usd_per_call=0
        ),
        level=Level.NONE,
        tools=find_toolchain(()),
        bounds=Bounds(memory_bytes=4 << 30, processes=1024),
        limits=Limits(),
        internal=NONE_INTERNAL,
        run_limits=RunLimits(),
        review_limits=RunLimits(),
        timers=AgentTimers(),
        time_scale=1.0,
        lease_seconds=60.0,
        heartbeat_seconds=HEARTBEAT,
        grace_seconds=5.0,
        token_patience=PATIENCE,
        work_dir=scene.folder / "runs",
        shutting_down=lambda: False,
        setup_network=False,
        tool_list=DEFAULT_TOOLS,
        now=lambda: datetime.now(UTC),
        database_url=database_url,
    )


class Worker:
    """A worker on its thread: how often it renewed its lease, and what it said at its end."""

    def __init__(self, scene: Scene, database_url: str) -> None:
        self.renewals = 0
        self.said = ""
        self._kit = kit_of(scene, database_url)
        self.thread = threading.Thread(target=self._work)

    def _work(self) -> None:
        self.said = answer_bell(self._kit, queue=QUEUE, holder="w", present=self._present)

    def _present(self, run_id: UUID | None) -> None:
        self.renewals += run_id is not None


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def pid_file(scene: Scene) -> Path | None:
    found = next((scene.folder / "runs").glob("*/repository/pid"), None)
    return found if found is not None and found.read_text() else None


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


@contextmanager
def agent_at_work(scene: Scene, database_url: str) -> Iterator[tuple[Worker, int]]:
    """Yield a worker whose agent is running, with the agent's process."""
    worker = Worker(scene, database_url)
    worker.thread.start()
    try:
        stores = scene.conductor.stores
        wait_until(lambda: bool(stores.claims.live()))
        (lease,) = stores.claims.live()
        asked = stores.run_tokens
        wait_until(lambda: asked.get(run_id=lease.run_id, epoch=lease.epoch) is not None)
        answer_run(scene.conductor, scene.stream, lease.run_id, lease.epoch)
        wait_until(lambda: pid_file(scene) is not None)
        found = pid_file(scene)
        assert found is not None
        yield worker, int(found.read_text())
    finally:
        scene.conductor.stores.switches.set(scene.stream, reason="end of the test", actor="test")
        worker.thread.join(PATIENCE)


def unlabelled(scene: Scene) -> None:
    scene.maria.unlabel(scene.repo, scene.number, READY)
    assert scene.deliver("unlabeled").startswith("cancelled: ")


def closed(scene: Scene) -> None:
    scene.maria.edit_issue(scene.repo, scene.number, state="closed")
    assert scene.deliver("closed").startswith("cancelled: ")


def vetoed(scene: Scene) -> None:
    scene.maria.label(scene.repo, scene.number, "do-not-merge")
    scene.deliver("labeled", "do-not-merge")


def paused(scope: Callable[[Scene], str]) -> Callable[[Scene], None]:
    def pause(scene: Scene) -> None:
        assert scene.conductor.stores.switches.set(scope(scene), reason="stop", actor="anna")

    return pause


def broken(scene: Scene) -> None:
    scope = breaker_scope(scene.repository.id, scene.number)
    switches = scene.conductor.stores.switches
    assert switches.set(scope, reason="a loop", actor="x", source=StopSource.BREAKER)


STOPS: dict[str, tuple[Callable[[Scene], None], str]] = {
    "the label is taken off": (unlabelled, "the issue was withdrawn"),
    "the issue is closed": (closed, "the issue was withdrawn"),
    "do-not-merge": (vetoed, "a person paused it"),
    "the rig": (paused(lambda _: "rig"), "a person paused it"),
    "the repository": (
        paused(lambda scene: repository_scope(scene.repository.id)),
        "a person paused it",
    ),
    "the issue": (paused(lambda scene: scene.stream), "a person paused it"),
    "the provider": (paused(lambda _: provider_scope("command")), "a person paused it"),
    "the breaker": (broken, "a person paused it"),
}


@pytest.mark.parametrize("stop", STOPS)
def test_a_stop_ends_the_running_agent_within_one_heartbeat(
    scene: Scene, database_url: str, stop: str
) -> None:
    act, why = STOPS[stop]
    scene.label()
    with agent_at_work(scene, database_url) as (worker, agent):
        # given an agent at work, whose lease is renewed again and again
        before = worker.renewals
        wait_until(lambda: worker.renewals > before)
        assert is_alive(agent)

        # when somebody stops it
        act(scene)
        at_the_stop = worker.renewals

        # then the next heartbeat ends it, and all that it started
        worker.thread.join(PATIENCE)
        assert not worker.thread.is_alive()
        assert worker.renewals <= at_the_stop + 1
        assert worker.said == f"released: {why}"
        assert not is_alive(agent)
    assert scene.conductor.stores.claims.live() == ()
    assert "TESTS_PASSED" not in scene.types()


def test_a_stop_of_another_provider_lets_the_agent_work(scene: Scene, database_url: str) -> None:
    scene.label()
    with agent_at_work(scene, database_url) as (worker, agent):
        paused(lambda _: provider_scope("claude"))(scene)
        before = worker.renewals

        wait_until(lambda: worker.renewals > before + 2)

        assert is_alive(agent)
