"""The sweeps on a real store: what one of them meets never keeps the others from their way on."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from relays import sweeps_of
from task_lives import HOURLY, approve, claim, open_tasks, shell_on

from rigtasks.errors import RigError
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.engine import Database
from rigtasks.eventstore.switches import RIG
from rigtasks.lifecycle.state import Lane
from rigtasks.lifecycle.timers import Timers
from rigtasks.shell import CANARY_TASK, RECONCILE_TASK, WAKE_TASK
from rigtasks.tasks.sweeps import run_once

AT_ONCE = Timers().scaled(0.0)
_WITHOUT_CANARY = {job: period for job, period in HOURLY.items() if job != "canary_due"}


def test_a_stream_nobody_can_read_keeps_no_other_lease_alive(
    stores: Stores, database: Database
) -> None:
    for number in (1, 2, 3):
        approve(stores, number)
    claims = [claim(stores, lease_seconds=0.0) for _ in range(3)]
    unreadable = claims[0].stream
    database.rows(
        "UPDATE events SET type = 'FROM_THE_FUTURE' WHERE stream = %s AND version = 1",
        (unreadable,),
    )

    with pytest.raises(RigError, match="FROM_THE_FUTURE"):
        sweeps_of(stores).expired_leases()

    assert [lease.stream for lease in stores.claims.expired()] == [unreadable]
    for lost in claims[1:]:
        state = stores.events.load(lost.stream).state
        assert state is not None
        assert (state.lane, state.lost_runs) == (Lane.QUEUED, 1)
    watched = database.rows("SELECT name FROM watchers")
    assert watched == []


@pytest.mark.incident("A13")
def test_a_sweep_that_fails_keeps_no_other_sweep_from_its_run(
    stores: Stores, database: Database
) -> None:
    approve(stores, 1)
    lost = claim(stores, lease_seconds=0.0)
    database.rows(
        "UPDATE events SET type = 'FROM_THE_FUTURE' WHERE stream = %s AND version = 1",
        (lost.stream,),
    )
    stream = approve(stores, 2, AT_ONCE)

    with pytest.raises(RigError):
        sweeps_of(stores).run()

    assert (WAKE_TASK, (stream,)) in open_tasks(stores)
    assert {row[0] for row in database.rows("SELECT name FROM watchers")} == {
        "wake_ups",
        "stale_deliveries",
        "reconcile_due",
        "orphans",
        "silent_agents",
        "late_pull_requests",
        "human_gates",
        "escalations",
        "breakers",
        "base_branches_due",
        "canary_due",
    }


def test_a_canary_that_is_off_costs_nothing(stores: Stores) -> None:
    off = replace(sweeps_of(stores), periods=_WITHOUT_CANARY)

    off.run()
    asked = {task for task, _ in open_tasks(stores)}
    sweeps_of(stores).run()

    assert RECONCILE_TASK in asked
    assert CANARY_TASK not in asked
    assert CANARY_TASK in {task for task, _ in open_tasks(stores)}


def test_an_issue_rings_again_but_waits_in_the_outbox_once(stores: Stores) -> None:
    stream = approve(stores, 1, AT_ONCE)
    sweeps = sweeps_of(stores, answer_seconds=0.0)

    for _ in range(3):
        assert sweeps.wake_ups() == "1 issues woken"

    assert open_tasks(stores) == [(WAKE_TASK, (stream,))]


def test_more_issues_than_one_batch_are_woken_in_one_sweep(stores: Stores) -> None:
    for number in range(1, 131):
        approve(stores, number, AT_ONCE)

    assert sweeps_of(stores).wake_ups() == "130 issues woken"


def test_the_timer_of_a_state_is_asked_again_after_a_ring(stores: Stores) -> None:
    stream = approve(stores, 1, AT_ONCE)
    sweeps_of(stores).wake_ups()
    seen = stores.wake_ups.due_at(stream)

    state = shell_on(stores).set_timer(stream)

    moved = stores.wake_ups.due_at(stream)
    assert state is not None
    assert seen is not None
    assert moved is not None
    assert 200 < (moved - seen).total_seconds() <= Timers().queued_check


def test_a_delivery_that_nobody_settled_is_asked_for_again_in_every_period(
    stores: Stores, database: Database
) -> None:
    database.rows(
        "INSERT INTO deliveries (delivery_id, event, headers) VALUES ('d1', 'issues', '{}')"
    )
    sweeps = sweeps_of(stores, answer_seconds=0.0)
    for _ in range(3):
        (entry,) = stores.outbox.take()
        assert entry.args == ("d1",)
        stores.outbox.failed(entry.id, error="GitHub said 404", most=1)
        time.sleep(0.01)
        assert sweeps.stale_deliveries() == "1 deliveries asked for again"
        assert sweeps.stale_deliveries() == "0 deliveries asked for again"


def test_two_clocks_run_a_period_once(stores: Stores) -> None:
    ran: list[str] = []

    def job(name: str) -> Callable[[], str]:
        return lambda: ran.append(name) or "done"  # type: ignore[func-returns-value]

    assert run_once(stores, "sweep", 3600.0, job("beat")) == "done"
    assert "begun already" in run_once(stores, "sweep", 3600.0, job("relay"))

    assert ran == ["beat"]


def test_an_issue_that_nothing_moves_is_an_orphan_and_then_a_persons(stores: Stores) -> None:
    stream = approve(stores, 1)
    sweeps = sweeps_of(stores, orphan_seconds=0.0)

    assert sweeps_of(stores).orphans() == "0 issues do not move"
    assert sweeps.orphans() == "1 issues do not move"
    assert sweeps.orphans() == "1 issues do not move"
    assert sweeps.orphans() == "0 issues do not move"

    events = stores.events.events(stream)
    assert [one.event.type for one in events][-2:] == ["ISSUE_ORPHANED", "ISSUE_NEEDS_HUMAN"]
    state = stores.events.load(stream).state
    assert state is not None
    assert state.shown == "escalated"
    assert state.who_must_act == "an operator of the rig"


def test_what_moves_waits_its_turn_or_is_paused_is_no_orphan(stores: Stores) -> None:
    waiting = approve(stores, 1)
    claim(stores, lease_seconds=60.0)
    paused = approve(stores, 2)
    sweeps = sweeps_of(stores, orphan_seconds=0.0)
    stores.switches.set(RIG, reason="maintenance", actor="maria")
    assert sweeps.orphans() == "0 issues do not move"
    stores.switches.lift(RIG, actor="maria")

    assert sweeps.orphans() == "1 issues do not move"

    assert stores.events.events(waiting)[-1].event.type == "ISSUE_ASSIGNED"
    assert stores.events.events(paused)[-1].event.type == "ISSUE_ORPHANED"


def test_an_orphan_that_something_moves_is_none_any_more(stores: Stores) -> None:
    stream = approve(stores, 1)
    sweeps = sweeps_of(stores, orphan_seconds=0.0)
    sweeps.orphans()
    claim(stores, lease_seconds=60.0)

    state = stores.events.load(stream).state
    assert state is not None
    assert not state.orphaned
    assert sweeps.orphans() == "0 issues do not move"


def test_going_through_github_is_asked_for_once_while_it_waits(stores: Stores) -> None:
    sweeps = sweeps_of(stores)

    for _ in range(3):
        assert sweeps.reconcile_due() == "asked for"

    assert open_tasks(stores) == [(RECONCILE_TASK, ())]
