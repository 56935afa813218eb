"""What interrupts runs from outside is waited out with growing pauses, then given to a person."""

from datetime import timedelta

import pytest

from rigtasks.lifecycle.caps import MAX_INTERRUPTIONS
from rigtasks.lifecycle.commands import Failed, ReleaseRun, Retry
from rigtasks.lifecycle.events.work import RunFailed, RunReleased
from rigtasks.lifecycle.failure import INTERRUPTIONS, FailureClass, pause_seconds
from rigtasks.lifecycle.state import Lane, Overlay, Stage
from rigtasks.testing.life import Life, no_model

LONGEST = 3600.0


@pytest.fixture
def life() -> Life:
    life = Life()
    life.approve()
    return life


def interrupt(life: Life, failure: FailureClass, *, named: float | None = None) -> None:
    life.finish(life.claim(), Failed(failure=failure, reason="it is away", retry_seconds=named))


def release(life: Life) -> None:
    run_id = life.claim()
    life.tell(
        ReleaseRun(run_id=run_id, epoch=life.issue.epoch, reason="shutting down", usage=no_model())
    )


def pauses(life: Life) -> list[float | None]:
    kinds = RunFailed | RunReleased
    return [event.retry_seconds for event in life.events if isinstance(event, kinds)]


@pytest.mark.parametrize("failure", sorted(INTERRUPTIONS))
def test_a_run_is_not_interrupted_for_ever(life: Life, failure: FailureClass) -> None:
    for _ in range(200):
        if life.issue.wanted_stage is None:
            break
        interrupt(life, failure)

    assert life.issue.runs == MAX_INTERRUPTIONS
    assert life.issue.overlay is Overlay.ESCALATED
    assert life.issue.lane is Lane.QUEUED
    assert life.issue.attempts == life.issue.lost_runs == 0
    assert life.issue.who_must_act == "the operator of the rig"
    assert "it is away" in life.issue.reason


def test_released_runs_are_not_repeated_for_ever(life: Life) -> None:
    for _ in range(200):
        if life.issue.wanted_stage is None:
            break
        release(life)

    assert life.issue.runs == MAX_INTERRUPTIONS
    assert life.issue.overlay is Overlay.ESCALATED


def test_the_first_release_is_claimed_again_at_once_and_later_ones_wait(life: Life) -> None:
    for _ in range(4):
        release(life)

    assert pauses(life) == [0.0, 30.0, 60.0, 120.0]
    assert life.issue.retry_at == life.now + timedelta(seconds=120)


def test_pauses_double_up_to_the_longest(life: Life) -> None:
    for _ in range(8):
        interrupt(life, FailureClass.PROVIDER_DOWN)

    assert pauses(life) == [120.0, 240.0, 480.0, 960.0, 1920.0, LONGEST, LONGEST, LONGEST]


def test_a_time_that_the_provider_names_is_never_cut(life: Life) -> None:
    interrupt(life, FailureClass.PROVIDER_QUOTA, named=7200.0)
    interrupt(life, FailureClass.PROVIDER_QUOTA, named=7200.0)

    assert pauses(life) == [7200.0, 7200.0]


@pytest.mark.parametrize("failure", sorted(set(FailureClass) - INTERRUPTIONS))
def test_other_failures_do_not_wait_longer(failure: FailureClass) -> None:
    first = pause_seconds(failure, named=None, before=0)

    assert pause_seconds(failure, named=None, before=5) == first


def test_progress_forgets_interruptions(life: Life) -> None:
    interrupt(life, FailureClass.PROVIDER_DOWN)
    interrupt(life, FailureClass.PROVIDER_DOWN)
    assert life.issue.interruptions == 2

    life.implement()

    assert life.issue.interruptions == 0


def test_wrong_work_shows_that_nothing_interrupts_any_more(life: Life) -> None:
    interrupt(life, FailureClass.PROVIDER_DOWN)

    life.finish(life.claim(), Failed(failure=FailureClass.WORK, reason="red"))

    assert life.issue.interruptions == 0
    assert life.issue.attempts == 1


def test_an_interrupted_review_is_no_abstention(life: Life) -> None:
    life.implement()
    life.publish()

    for _ in range(MAX_INTERRUPTIONS - 1):
        assert life.issue.wanted_stage is Stage.REVIEW
        interrupt(life, FailureClass.PROVIDER_DOWN)

    assert life.issue.abstentions == 0
    assert life.issue.overlay is None

    interrupt(life, FailureClass.PROVIDER_DOWN)

    assert life.issue.overlay is Overlay.ESCALATED


def test_an_operator_starts_the_count_again(life: Life) -> None:
    for _ in range(MAX_INTERRUPTIONS):
        interrupt(life, FailureClass.PROVIDER_DOWN)

    life.tell(Retry(reason="the provider is back", by="olga"))

    assert life.issue.interruptions == 0
    assert life.issue.wanted_stage is Stage.IMPLEMENT
