"""Given, when, then over runs that end without an accepted result."""

from uuid import uuid4

import pytest

from rigtasks.errors import StaleEpoch
from rigtasks.lifecycle.commands import (
    ExpireLease,
    Failed,
    FinishRun,
    RefusePublish,
    ReleaseRun,
    Retry,
)
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.state import Lane, Overlay, Stage
from rigtasks.testing.life import Life, approval, no_model


def types(events: object) -> list[str]:
    return [event.type for event in events]  # type: ignore[attr-defined]


@pytest.fixture
def life() -> Life:
    return Life()


@pytest.fixture
def in_review(life: Life) -> Life:
    life.approve()
    life.implement()
    life.publish()
    return life


def test_only_wrong_work_costs_an_attempt(life: Life) -> None:
    life.approve()
    for failure in (FailureClass.PROVIDER_DOWN, FailureClass.PROVIDER_QUOTA):
        life.finish(life.claim(), Failed(failure=failure, reason="the provider is away"))
    assert life.issue.attempts == 0

    life.finish(life.claim(), Failed(failure=FailureClass.WORK, reason="tests are red"))

    assert life.issue.attempts == 1
    assert life.issue.lane is Lane.QUEUED


def test_the_last_attempt_fails_the_issue_and_names_who_must_act(life: Life) -> None:
    life.approve()
    for _ in range(3):
        life.finish(life.claim(), Failed(failure=FailureClass.WORK, reason="tests are red"))

    assert life.issue.lane is Lane.FAILED
    assert life.issue.who_must_act
    assert life.issue.wanted_stage is None

    life.tell(Retry(reason="the description is better now", by="maria"))
    assert life.issue.wanted_stage is Stage.IMPLEMENT


def test_failing_output_is_what_the_next_run_answers(life: Life) -> None:
    life.approve()
    failed = Failed(
        failure=FailureClass.WORK, reason="red", test_command="pytest", output_tail="assert 1 == 2"
    )
    life.finish(life.claim(), failed)

    assert "TESTS_FAILED" in types(life.events)
    assert life.issue.feedback is not None
    assert "assert 1 == 2" in life.issue.feedback.text


def test_a_lost_run_is_counted_apart_and_the_fifth_calls_a_person(life: Life) -> None:
    life.approve()
    for _ in range(5):
        run_id = life.claim()
        life.tell(ExpireLease(run_id=run_id, epoch=life.issue.epoch))

    assert life.issue.attempts == 0
    assert life.issue.lost_runs == 5
    assert life.issue.overlay is Overlay.ESCALATED


def test_a_holder_that_lost_its_claim_may_not_write(life: Life) -> None:
    life.approve()
    run_id = life.claim()
    old = life.issue.epoch
    life.tell(ExpireLease(run_id=run_id, epoch=old))
    life.claim()

    with pytest.raises(StaleEpoch):
        life.tell(
            FinishRun(
                run_id=run_id,
                epoch=old,
                ending="ok",
                seconds=1,
                usage=no_model(),
                steps=(),
                result=Failed(failure=FailureClass.WORK, reason="late"),
            )
        )


def test_a_report_that_arrives_twice_is_answered_once(life: Life) -> None:
    life.approve()
    run_id = life.claim()
    failed = Failed(failure=FailureClass.WORK, reason="red")
    life.finish(run_id, failed)

    assert life.finish(run_id, failed) == ()
    assert life.issue.attempts == 1


def test_refused_commits_stop_the_issue_with_the_reason(life: Life) -> None:
    life.approve()
    run_id = life.implement()
    life.tell(
        RefusePublish(
            run_id=run_id,
            epoch=life.issue.epoch,
            failure=FailureClass.POLICY,
            reason="the change touches .github/workflows",
        )
    )

    assert life.issue.lane is Lane.FAILED
    assert "workflows" in life.issue.reason
    assert "PR_CREATED" not in types(life.events)


def test_an_over_budget_failure_stops_the_issue(life: Life) -> None:
    life.approve(limits=approval().limits)
    run_id = life.claim()
    usage = no_model()
    events = life.tell(
        FinishRun(
            run_id=run_id,
            epoch=life.issue.epoch,
            ending="budget",
            seconds=1,
            usage=type(usage)(model="m", cost_micro_usd=6_000_000, cost_basis="reported"),
            steps=(),
            result=Failed(failure=FailureClass.WORK, reason="red"),
        )
    )
    assert "BUDGET_EXCEEDED" in types(events)
    assert life.issue.lane is Lane.FAILED


def test_an_unknown_run_of_the_same_epoch_reports_into_the_void(life: Life) -> None:
    life.approve()
    life.claim()

    stray = ReleaseRun(run_id=uuid4(), epoch=life.issue.epoch, reason="?", usage=no_model())
    assert life.tell(stray) == ()
