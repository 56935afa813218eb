"""The comment on an issue is brought up to date whenever what it says is no longer so."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from rigtasks.lifecycle.caps import MAX_INTERRUPTIONS
from rigtasks.lifecycle.commands import AbstainReview, DropCommits, ReleaseRun
from rigtasks.lifecycle.react import Effect, EffectKind
from rigtasks.lifecycle.state import Overlay, Stage
from rigtasks.testing.life import Life, no_model

REPORT = Effect(kind=EffectKind.REPORT)


@pytest.fixture
def life() -> Life:
    life = Life()
    life.approve()
    return life


def release(life: Life, run_id: UUID) -> None:
    life.tell(ReleaseRun(run_id=run_id, epoch=life.issue.epoch, reason="stop", usage=no_model()))


def given_back(life: Life) -> None:
    """Give a run back that has nothing to show for it."""
    run_id = life.begin()
    life.effects.clear()
    release(life, run_id)


def dropped(life: Life) -> None:
    """Interrupt a run and drop what it left."""
    life.interrupt()
    pending = life.issue.publish
    assert pending is not None
    life.effects.clear()
    life.tell(DropCommits(run_id=pending.run_id, epoch=pending.epoch, reason="a secret in it"))


def kept(life: Life) -> None:
    """Interrupt a run and keep what it left on the branch."""
    life.interrupt()
    life.effects.clear()
    life.publish()


def review_given_back(life: Life) -> None:
    """Give a review back that was begun."""
    life.implement()
    life.publish()
    run_id = life.claim()
    assert life.issue.run is not None
    assert life.issue.run.stage is Stage.REVIEW
    life.effects.clear()
    release(life, run_id)


def abstained(life: Life) -> None:
    """Let a review end without a verdict."""
    life.implement()
    life.publish()
    life.review()
    assert life.issue.verdict is not None
    life.effects.clear()
    life.tell(AbstainReview(run_id=life.issue.verdict.run_id, reason="the diff was truncated"))


@pytest.mark.parametrize(
    "end", [given_back, dropped, kept, review_given_back, abstained], ids=lambda end: end.__name__
)
def test_the_end_of_a_run_is_reported(life: Life, end: Callable[[Life], None]) -> None:
    end(life)

    assert life.issue.run is None
    assert life.effects.count(REPORT) == 1


def test_an_issue_that_bounces_is_reported_a_bounded_number_of_times(life: Life) -> None:
    # given a worker that gives the issue back each time
    life.effects.clear()
    began = life.now
    while life.issue.wanted_stage is not None:
        release(life, life.begin())
        assert life.issue.retry_at is not None
        life.now = max(life.now + timedelta(seconds=1), life.issue.retry_at)

    # then each round shows its begin and its end, ever more seldom, until a person is called
    assert life.issue.overlay is Overlay.ESCALATED
    assert life.effects.count(REPORT) == 2 * MAX_INTERRUPTIONS
    assert life.now - began > timedelta(hours=2)
