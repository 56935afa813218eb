"""The tables beside the event store, on Postgres and in memory: what handlers and sweeps ask."""

from uuid import uuid4

import pytest
from store_house import CONDUCTOR, approve

from rigtasks.errors import Permanent
from rigtasks.eventstore.artifacts import LARGEST, Artifact, ArtifactKind, ArtifactTooLarge
from rigtasks.eventstore.database import Stores
from rigtasks.lifecycle.commands import Cancel
from rigtasks.lifecycle.timers import Timers
from rigtasks.shell import IssueShell


def test_an_artifact_never_changes_and_has_a_size(stores: Stores) -> None:
    first = Artifact(id=uuid4(), run_id=uuid4(), kind=ArtifactKind.REVIEW, data=b"one")

    stores.artifacts.put(first)
    stores.artifacts.put(Artifact(id=first.id, run_id=uuid4(), kind=first.kind, data=b"two"))

    assert stores.artifacts.get(first.id) == first
    assert stores.artifacts.find(uuid4()) is None
    with pytest.raises(Permanent):
        stores.artifacts.get(uuid4())
    huge = Artifact(
        id=uuid4(),
        run_id=uuid4(),
        kind=ArtifactKind.REVIEW,
        data=bytes(LARGEST[ArtifactKind.REVIEW] + 1),
    )
    with pytest.raises(ArtifactTooLarge):
        stores.artifacts.put(huge)


def test_a_switch_stops_once_and_is_lifted_once(stores: Stores) -> None:
    assert stores.switches.set("rig", reason="to look", actor="omar")
    assert not stores.switches.set("rig", reason="again", actor="maria")
    assert stores.switches.set("repo:1", reason="a freeze", actor="maria")

    assert [(one.scope, one.actor) for one in stores.switches.active()] == [
        ("repo:1", "maria"),
        ("rig", "omar"),
    ]
    assert stores.switches.first_of(("repo:2",)) is None
    assert stores.switches.lift("rig", actor="omar")
    assert not stores.switches.lift("rig", actor="omar")
    assert [one.scope for one in stores.switches.active()] == ["repo:1"]


def test_a_period_is_begun_by_the_first_who_asks(stores: Stores) -> None:
    begun = stores.ticks.begin("sweep", period_seconds=1_000_000.0)

    assert begun is not None
    assert stores.ticks.begin("sweep", period_seconds=1_000_000.0) is None
    assert stores.ticks.begin("other", period_seconds=1_000_000.0) == begun


def test_a_timer_moves_only_from_where_it_was_seen(stores: Stores) -> None:
    stream = approve(stores)
    seen = stores.wake_ups.due_at(stream)
    assert seen is not None
    assert stores.wake_ups.take_due() == ()

    earlier = seen.replace(year=2020)
    assert stores.wake_ups.move(stream, seen=seen, to=earlier)
    assert not stores.wake_ups.move(stream, seen=seen, to=None)

    assert stores.wake_ups.take_due(again_seconds=600.0) == (stream,)
    assert stores.wake_ups.take_due() == ()
    again = stores.wake_ups.due_at(stream)
    assert again is not None
    assert stores.wake_ups.move(stream, seen=again, to=None)
    assert stores.wake_ups.due_at(stream) is None


def test_a_process_shows_what_it_did_last(stores: Stores) -> None:
    run_id = uuid4()
    beat = {"agent": "dev-e", "queue": "q", "version": "1", "config_hash": "c", "isolation": "none"}
    stores.heartbeats.beat(holder="one", **beat)
    stores.heartbeats.beat(holder="one", run_id=run_id, **beat)

    (seen,) = stores.heartbeats.all()
    assert (seen.holder, seen.run_id, seen.queue) == ("one", run_id, "q")
    assert 0.0 <= seen.silent_seconds < 60.0


def test_streams_are_found_by_what_github_names(stores: Stores) -> None:
    first = approve(stores, 7)
    waiting = approve(stores, 8, depends_on=("acme/api#7",))
    shell = IssueShell(stores, Timers())
    shell.tell(first, Cancel(reason="closed", by="maria"), actor=CONDUCTOR, cause=uuid4())
    second = approve(stores, 7, generation=2)

    newest = stores.issues.newest(repo_id=1, number=7)
    assert newest is not None
    assert (newest.stream, newest.generation, newest.lane) == (second, 2, "queued")
    assert stores.issues.by_ref("acme/api#7") == newest
    assert stores.issues.newest(repo_id=2, number=7) is None
    assert [one.stream for one in stores.issues.waiting_for("acme/api#7")] == [waiting]
    assert stores.issues.by_pull_request(repo_id=1, pr=3) is None
    assert stores.issues.by_head(repo_id=1, head_sha="h1") == ()


def test_claimable_work_and_awaited_messages_are_counted(stores: Stores) -> None:
    approve(stores, 7)
    approve(stores, 8)

    taken = stores.outbox.take()
    stores.outbox.published([one.id for one in taken])

    assert dict(stores.outbox.claimable_by_queue()) == {"dev-e-python": 2}
    tasks = sum(one.kind == "task" for one in taken)
    assert stores.outbox.awaited("conductor") == tasks > 0
