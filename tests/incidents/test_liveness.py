"""Something stopped, and nobody was told."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace
from relays import sweeps_of
from sqlalchemy import create_engine
from task_lives import HOURLY, approve, claim

from rigtasks.config import Settings
from rigtasks.errors import Retryable
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.engine import Database
from rigtasks.lifecycle.graph import EDGES
from rigtasks.lifecycle.state import TERMINAL, IssueState, Lane, Overlay
from rigtasks.lifecycle.timers import Timers, next_wakeup
from rigtasks.tasks.sweeps import run_once
from rigtasks.testing.life import START, Life
from webhook_receiver.reading.diagnosis import (
    CanarySigns,
    Expected,
    Level,
    QueueSigns,
    Service,
    VitalSigns,
    diagnose,
)
from webhook_receiver.reading.vital_signs import read_vital_signs

ROOT = Path(__file__).parents[2]
EXPECTED = Expected(
    periods=HOURLY, tick=10.0, worker=120.0, review=1200.0, merge=900.0, canary=None
)
ALIVE = Service(ok=True, detail="works", age=1.0)
#: Every process is there and says so.
EVERYBODY_ALIVE = VitalSigns(
    services={"redis": ALIVE, "relay": ALIVE, "beat": ALIVE},
    watchers=dict.fromkeys(HOURLY, 1.0),
    running=100_000.0,
    conductor_silent=1.0,
    waiting=0,
    oldest_waiting=0.0,
    dead=0,
    queues=(),
    oldest_review=0.0,
    oldest_merge=0.0,
    versions=("1",),
    agreed=(),
    closed_windows={},
    closed_providers={},
    lost_deliveries=0,
    quarantined=0,
    paused=(),
    red_bases=(),
    canary=CanarySigns(waiting=None, number=None, merged=None),
)


def told(signs: VitalSigns) -> dict[str, Level]:
    found = diagnose(signs, EXPECTED)
    assert all(one.remedy for one in found if one.level is not Level.OK)
    return {one.name: one.level for one in found if one.level is not Level.OK}


@pytest.mark.incident("A13")
@pytest.mark.parametrize("broken", sorted(HOURLY))
def test_a13_a_watcher_that_fails_in_every_round_is_an_alarm(
    stores: Stores, database_url: str, broken: str
) -> None:
    def work(job: str) -> str:
        if job == broken:
            raise Retryable("it throws in every round")
        return "done"

    for job in HOURLY:
        try:
            run_once(stores, job, HOURLY[job], lambda job=job: work(job))
        except Retryable:
            assert job == broken

    engine = create_engine(database_url)
    with engine.connect() as connection:
        signs = read_vital_signs(connection)
    engine.dispose()
    late = replace(signs, running=100_000.0)
    jobs = {name: level for name, level in told(late).items() if name.startswith("job ")}
    assert jobs == {f"job {broken}": Level.ALARM}


@pytest.mark.incident("A14")
@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("outbox", {"waiting": 1, "oldest_waiting": 301.0}),
        ("reviews", {"oldest_review": 1201.0}),
        ("merges", {"oldest_merge": 901.0}),
        ("queue ios", {"queues": (QueueSigns(name="ios", claimable=1, oldest=61.0, silent=None),)}),
        ("job wake_ups", {"watchers": {**dict.fromkeys(HOURLY, 1.0), "wake_ups": 4 * 3600.0}}),
        ("given up", {"dead": 1}),
    ],
)
def test_a14_work_that_does_not_move_is_told_although_everybody_is_alive(
    what: str, changes: dict[str, object]
) -> None:
    assert told(EVERYBODY_ALIVE) == {}

    assert set(told(replace(EVERYBODY_ALIVE, **changes))) == {what}


@pytest.mark.incident("A16")
def test_a16_a_run_without_a_last_word_is_given_to_the_next_within_lease_and_sweep(
    stores: Stores,
) -> None:
    stream = approve(stores, 1)
    claim(stores, lease_seconds=0.0)

    sweeps_of(stores).expired_leases()

    types = [one.event.type for one in stores.events.events(stream)]
    assert types[-2:] == ["LEASE_EXPIRED", "RUN_LOST"]
    assert claim(stores, lease_seconds=60.0).stream == stream
    chosen = Settings.model_validate({"DATABASE_URL": "none"})
    assert chosen.lease_seconds + chosen.sweep_seconds <= 90.0


@pytest.mark.incident("A21")
def test_a21_an_idle_rig_goes_on_looking(stores: Stores, database: Database) -> None:
    sweeps_of(stores).run()

    watched = {row[0] for row in database.rows("SELECT name FROM watchers")}
    assert watched == set(HOURLY) - {"retention"}


@pytest.mark.incident("A33")
def test_a33_a_provider_that_refuses_is_told_although_its_worker_is_alive() -> None:
    signs = replace(EVERYBODY_ALIVE, closed_providers={"claude": 900.0})

    assert told(signs) == {"providers": Level.WARNING}


def _state(lane: Lane, overlay: Overlay | None) -> IssueState:
    life = Life()
    life.approve()
    return replace(life.issue, lane=lane, overlay=overlay)


@pytest.mark.incident("B41")
def test_b41_every_lane_that_is_no_end_looks_at_itself_again() -> None:
    for lane in Lane:
        for overlay in (None, *Overlay):
            due = next_wakeup(_state(lane, overlay), START, Timers())
            assert (due is None) is (lane in TERMINAL), (lane, overlay)
    assert {edge.source for edge in EDGES} == set(Lane) - TERMINAL


@pytest.mark.incident("B41")
def test_b41_lists_of_lanes_in_sql_are_those_of_the_enum() -> None:
    lists = re.compile(r"\blane (?:NOT )?IN \(([^)]*)\)")
    found = [
        {Lane(word.strip(" '")) for word in match.split(",")}
        for folder in ("rigtasks", "webhook_receiver")
        for kind in ("*.py", "*.sql")
        for path in sorted((ROOT / folder).rglob(kind))
        for match in lists.findall(path.read_text())
    ]

    assert len(found) >= 4
    ended, waiting = set(TERMINAL), {Lane.IN_REVIEW, Lane.READY_TO_MERGE}
    assert all(one in (ended, ended | {Lane.FAILED}, waiting) for one in found), found
