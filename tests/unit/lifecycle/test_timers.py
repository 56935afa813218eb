"""When an issue looks at itself again, and what it repeats then."""

from datetime import datetime, timedelta

import pytest

from rigtasks.lifecycle.commands import Escalate, Failed, Refuse
from rigtasks.lifecycle.events.intake import IssueRefused
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.react import EffectKind, outstanding
from rigtasks.lifecycle.state import Lane
from rigtasks.lifecycle.timers import Timers, next_wakeup
from rigtasks.testing.life import Life, verdict

TIMERS = Timers()


@pytest.fixture
def life() -> Life:
    return Life()


@pytest.fixture
def in_review(life: Life) -> Life:
    life.approve()
    life.implement()
    life.publish()
    return life


def pause(life: Life, *, later: float = 0.0) -> float | None:
    """Return the seconds to the next ring, asked for `later` seconds after the last event."""
    now: datetime = life.issue.updated_at + timedelta(seconds=later)
    due = next_wakeup(life.issue, now, TIMERS)
    return None if due is None else (due - now).total_seconds()


def repeated(life: Life) -> list[EffectKind]:
    return [effect.kind for effect in outstanding(life.issue)]


def refuse(life: Life) -> None:
    refused = IssueRefused(
        ref="acme/api#7",
        repo_id=1,
        repo="acme/api",
        number=7,
        generation=1,
        title="Totals are wrong",
        code="no-stack",
        sentence="nothing tells the stack",
        who_must_act="a person with write permission",
    )
    life.tell(Refuse(refused=refused))


def test_a_ring_that_changes_nothing_does_not_bring_the_next_one_closer(in_review: Life) -> None:
    assert pause(in_review) == TIMERS.review_scan
    assert pause(in_review, later=3 * TIMERS.review_scan) == TIMERS.review_scan

    in_review.observe(reviews=(verdict("APPROVED", in_review.issue.head_sha or ""),))

    assert in_review.issue.lane is Lane.READY_TO_MERGE
    assert pause(in_review, later=600.0) == TIMERS.merge_repeat


def test_a_refusal_without_a_pull_request_wakes_nobody(life: Life) -> None:
    refuse(life)

    assert life.issue.lane is Lane.FAILED
    assert pause(life) is None


def test_a_failed_issue_is_shown_again_at_growing_pauses(life: Life) -> None:
    life.approve()
    life.finish(life.claim(), Failed(failure=FailureClass.ENVIRONMENT, reason="no compiler"))

    assert life.issue.lane is Lane.FAILED
    assert repeated(life) == [EffectKind.REPORT]
    assert pause(life) == TIMERS.person_reminder
    assert pause(life, later=TIMERS.person_reminder) == TIMERS.person_reminder
    assert pause(life, later=4 * TIMERS.person_reminder) == 4 * TIMERS.person_reminder
    assert pause(life, later=400 * 86_400.0) == TIMERS.longest_reminder


def test_an_escalated_pull_request_is_looked_at_as_rarely_as_its_person_is_reminded(
    in_review: Life,
) -> None:
    assert repeated(in_review) == [EffectKind.ATTEND]

    in_review.tell(Escalate(reason="no permission", who_must_act="the operator of the rig"))

    assert repeated(in_review) == [EffectKind.ATTEND, EffectKind.REPORT]
    assert pause(in_review) == TIMERS.person_reminder


def test_an_escalated_refusal_still_reminds(life: Life) -> None:
    refuse(life)
    life.tell(Escalate(reason="GitHub refused the comment", who_must_act="the operator of the rig"))

    assert pause(life) == TIMERS.person_reminder
