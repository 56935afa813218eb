"""Where an issue stands, when it has ended, and what is reported of it."""

from datetime import timedelta
from itertools import count
from uuid import UUID, uuid5

import pytest

from rigtasks.lifecycle.commands import CiStatus, Failed, RefusePublish
from rigtasks.lifecycle.envelope import Actor, ActorKind, StoredEvent
from rigtasks.lifecycle.events import EVENT_TYPES, Event, acceptance, intake, work
from rigtasks.lifecycle.events.base import CheckNote
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.local.demo.progress import UNNOTICED, IssueProgress
from rigtasks.testing.life import NAMESPACE, START, Life, approval, verdict
from rigtasks.testing.samples import sample

CERTIFICATE = sample("MERGED")
STREAM = "issue:1:7:1"


def stored(event: Event, number: int, stream: str = STREAM) -> StoredEvent:
    return StoredEvent(
        position=number,
        stream=stream,
        version=number,
        event_id=uuid5(NAMESPACE, str(number)),
        event=event,
        actor=Actor(kind=ActorKind.CONDUCTOR, id="test"),
        correlation_id=UUID(int=1),
        causation_id=None,
        recorded_at=START + timedelta(seconds=number),
    )


def followed(*events: Event) -> IssueProgress:
    progress = IssueProgress("acme/api#7", repo_id=1, number=7, labelled_at=START)
    for number, event in zip(count(1), events, strict=False):
        progress.add(stored(event, number))
    return progress


def reviewed_life() -> Life:
    """Return an issue whose pull request was disputed once, fixed, approved and is green."""
    life = Life()
    life.approve()
    life.implement("h1")
    life.publish()
    life.review()
    life.observe(reviews=(verdict("CHANGES_REQUESTED", "h1", id=1),))
    life.implement("h2")
    life.publish()
    life.review()
    life.observe(
        reviews=(verdict("APPROVED", "h2", id=2),),
        ci=CiStatus.GREEN,
        checks=(CheckNote(name="test", conclusion="success"),),
    )
    return life


def merged(life: Life) -> tuple[Event, ...]:
    assert isinstance(CERTIFICATE, acceptance.Merged)
    merge = acceptance.Merged(
        pr=3, head_sha="h2", merge_sha="m1", certificate=CERTIFICATE.certificate
    )
    return (*life.events, merge, intake.IssueDone(merge_sha="m1", pr=3))


def test_an_issue_owns_its_streams_and_no_other() -> None:
    progress = followed()
    approved = approval()

    assert progress.owns(stored(approved, 1, "issue:1:7:1"))
    assert progress.owns(stored(approved, 1, "issue:1:7:2"))
    assert not progress.owns(stored(approved, 1, "issue:1:77:1"))
    assert not progress.owns(stored(approved, 1, "issue:11:7:1"))
    assert not progress.owns(stored(approved, 1, "rig"))


def test_a_done_issue_is_reported_whole_but_not_as_verified() -> None:
    events = merged(reviewed_life())
    progress = followed(*events)

    report = progress.report(START + timedelta(hours=1))

    assert progress.ended
    assert progress.merged == (3, "m1")
    assert (report.ref, report.state, report.pr, report.merge_sha) == (
        "acme/api#7",
        "done",
        3,
        "m1",
    )
    assert report.pr_url == "https://github.test/acme/api/pull/3"
    assert report.seconds == len(events)
    assert report.runs == 4
    assert report.events == tuple(event.type for event in events)
    assert set(report.events) <= set(EVENT_TYPES)
    assert (report.test_loops, report.review_loops) == (0, 1)
    assert report.cost_micro_usd == report.cost_unknown_runs == 0
    assert not report.verified


def test_an_issue_that_is_under_way_has_not_ended() -> None:
    progress = followed(*reviewed_life().events)

    assert not progress.ended
    assert progress.merged is None
    assert progress.report(START + timedelta(seconds=90)).seconds == 90
    assert progress.whereabouts().startswith("ready_to_merge")


def test_an_issue_nobody_noticed_says_so() -> None:
    progress = followed()

    assert not progress.ended
    assert progress.whereabouts() == progress.report(START).reason == UNNOTICED
    assert progress.report(START).state == "unnoticed"


def test_red_runs_count_as_loops() -> None:
    life = Life()
    life.approve()
    run_id = life.claim()
    failure = Failed(
        failure=FailureClass.WORK,
        reason="the tests are red",
        test_command="pytest",
        output_tail="1 failed, 3 passed",
    )
    life.finish(run_id, failure)

    progress = followed(*life.events)

    assert progress.report(START).test_loops == 1
    assert not progress.ended


def test_an_issue_that_needs_a_person_has_ended_and_names_them() -> None:
    life = Life()
    life.approve()
    run_id = life.implement()
    life.tell(
        RefusePublish(
            run_id=run_id,
            epoch=life.issue.epoch,
            failure=FailureClass.POLICY,
            reason="the change touches .github/workflows/ci.yml",
            retry_seconds=None,
        )
    )

    progress = followed(*life.events)
    report = progress.report(START)

    assert progress.ended
    assert progress.merged is None
    assert report.state == "failed"
    assert report.who_must_act == "a maintainer of the repository"
    assert "ci.yml" in report.reason


@pytest.mark.parametrize("cleared", [False, True])
def test_a_human_gate_ends_the_story_until_it_is_cleared(*, cleared: bool) -> None:
    life = Life()
    life.approve()
    life.implement("h1")
    life.publish()
    events = [*life.events, acceptance.HumanGateTriggered(head_sha="h1", reasons=("auth",))]
    if cleared:
        events.append(acceptance.HumanGateCleared(head_sha="h1", by_id=1, by="ada"))

    assert followed(*events).ended is not cleared


def test_the_level_of_isolation_is_the_one_that_was_recorded() -> None:
    started = work.CliStarted(run_id=UUID(int=1), provider="scripted", isolation="none")

    report = followed(approval(), started, started).report(START)

    assert report.isolation == ("none",)
    assert report.models == ("scripted",)
