"""The tables beside the event store, on Postgres and in memory: what handlers and sweeps ask."""

from uuid import uuid4

import pytest
from store_house import CONDUCTOR, approve

from rigtasks.errors import Permanent
from rigtasks.eventstore.activity import BotAct
from rigtasks.eventstore.artifacts import LARGEST, Artifact, ArtifactKind, ArtifactTooLarge
from rigtasks.eventstore.claims import Limits
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.stream import Writes
from rigtasks.eventstore.switches import breaker_scope
from rigtasks.gate.facts import StopSource
from rigtasks.lifecycle.breaker import Activity
from rigtasks.lifecycle.commands import AdoptPullRequest, Cancel, Escalate
from rigtasks.lifecycle.envelope import NewEvent
from rigtasks.lifecycle.events.acceptance import MergeOutsideRig
from rigtasks.lifecycle.events.intake import IssueDone
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


def test_a_scope_is_stopped_as_long_as_one_source_holds(stores: Stores) -> None:
    switches = stores.switches
    assert switches.set("issue:1:7:1", reason="to look", actor="omar")
    label = {"reason": "the label", "actor": "maria", "source": StopSource.LABEL}
    assert switches.set("issue:1:7:1", **label)
    assert not switches.set("issue:1:7:1", **label)

    assert [(one.actor, one.source) for one in switches.active()] == [
        ("maria", StopSource.LABEL),
        ("omar", StopSource.PERSON),
    ]
    assert switches.holding("issue:1:7:1", StopSource.BREAKER) is None
    assert stores.switches.lifted_at("issue:1:7:1", StopSource.PERSON) is None
    assert switches.lift("issue:1:7:1", actor="omar")
    assert stores.switches.lifted_at("issue:1:7:1", StopSource.PERSON) is not None
    assert not switches.lift("issue:1:7:1", actor="omar", source=StopSource.BREAKER)
    assert [one.source for one in switches.active()] == [StopSource.LABEL]


def test_a_stop_ends_with_its_time_and_can_be_set_again(stores: Stores) -> None:
    switches = stores.switches
    assert switches.set("rig", reason="an hour", actor="omar", seconds=3600.0)
    (held,) = switches.active()
    assert held.until is not None
    assert 3590 < (held.until - held.since).total_seconds() < 3610
    assert switches.lift("rig", actor="omar")

    assert switches.set("rig", reason="a blink", actor="omar", seconds=0.0)
    assert switches.active() == ()
    assert switches.first_of(("rig",)) is None
    assert not switches.lift("rig", actor="omar")

    assert switches.set("rig", reason="again", actor="maria")
    assert [one.reason for one in switches.active()] == ["again"]


def test_issues_are_found_by_what_watchers_look_for(stores: Stores) -> None:
    first, second = approve(stores, 7), approve(stores, 8)
    shell = IssueShell(stores, Timers())
    called = Escalate(reason="no permission", who_must_act="the operator")
    shell.tell(second, called, actor=CONDUCTOR, cause=uuid4())
    adopted = AdoptPullRequest(
        pr=3, url="u", branch="b", head_sha="h1", base_branch="main", author_id=1
    )
    shell.tell(first, adopted, actor=CONDUCTOR, cause=uuid4())

    assert [one.stream for one in stores.issues.with_open_pull_requests()] == [first]
    assert [one.stream for one in stores.issues.calling()] == [second]
    assert stores.issues.done_lately(seconds=60.0) == ()

    merged = MergeOutsideRig(pr=3, head_sha="h1", merge_sha="m1", by="maria")
    done = IssueDone(merge_sha="m1", pr=3)
    new = tuple(
        NewEvent(event_id=uuid4(), event=one, actor=CONDUCTOR, correlation_id=uuid4())
        for one in (merged, done)
    )
    stores.events.append(stores.events.load(first), Writes(events=new))

    assert [one.stream for one in stores.issues.done_lately(seconds=60.0)] == [first]
    assert stores.issues.done_lately(seconds=0.0) == ()
    assert stores.issues.with_open_pull_requests() == ()


def test_what_goes_on_around_issues_is_counted(stores: Stores) -> None:
    stream = approve(stores, 7)
    act = {"repo_id": 1, "number": 7, "kind": "comment", "actor": "bot"}
    for delivery in ("a", "a", "b"):
        stores.activities.note(BotAct(delivery_id=delivery, **act))  # type: ignore[arg-type]
    stores.activities.note(BotAct(delivery_id="c", **{**act, "kind": "label"}))  # type: ignore[arg-type]
    stores.activities.note(BotAct(delivery_id="d", **{**act, "number": 9}))  # type: ignore[arg-type]
    stores.claims.claim(
        queue="dev-e-python",
        agent="a",
        holder="h",
        run_id=uuid4(),
        lease_seconds=60.0,
        limits=Limits(),
    )

    (around,) = stores.activities.around_issues(seconds=60.0)

    assert around == Activity(repo_id=1, number=7, stream=stream, rounds=1, comments=2, labels=1)
    assert stores.activities.around_issues(seconds=0.0) == ()
    scope = breaker_scope(1, 7)
    stores.switches.set(scope, reason="a loop", actor="x", source=StopSource.BREAKER)
    assert stores.activities.around_issues(seconds=60.0) == ()
    stores.switches.lift(scope, actor="omar", source=StopSource.BREAKER)
    assert stores.activities.around_issues(seconds=60.0) == ()
    stores.activities.note(BotAct(delivery_id="e", **act))  # type: ignore[arg-type]
    (anew,) = stores.activities.around_issues(seconds=60.0)
    assert (anew.rounds, anew.comments, anew.labels) == (0, 1, 0)


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
    stores.heartbeats.beat(holder="one", run_id=run_id, agreed={"RIG_X": "7"}, **beat)

    (seen,) = stores.heartbeats.all()
    assert seen.agreed == {"RIG_X": "7"}
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
    assert stores.issues.newest(repo_id=2, number=7) is None
    assert [one.stream for one in stores.issues.waiting_for(repo_id=1, number=7)] == [waiting]
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
