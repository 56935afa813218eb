"""What nobody can price, or nobody reports, is never nothing."""

from uuid import UUID, uuid5

import pytest

from rigtasks.budget.usage import CostBasis, Usage
from rigtasks.lifecycle.caps import budget_used_up
from rigtasks.lifecycle.commands import (
    Accepted,
    CiStatus,
    ExpireLease,
    Failed,
    FinishRun,
    ReleaseRun,
    ReportProgress,
    Retry,
    Reviewed,
    StartCli,
)
from rigtasks.lifecycle.events.liveness import BudgetExceeded, TokenUsage
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.settlement import displaced_usage
from rigtasks.lifecycle.state import Lane, Stage
from rigtasks.testing.life import NAMESPACE, Life, no_model

UNKNOWN = Usage(model="m", turns=1)


def dollars(amount: float) -> Usage:
    return Usage(model="m", cost_micro_usd=round(amount * 1e6), cost_basis=CostBasis.REPORTED)


def accepted(head_sha: str = "h1") -> Accepted:
    return Accepted(
        artifact_id=uuid5(NAMESPACE, head_sha),
        base_sha="b1",
        head_sha=head_sha,
        command="pytest",
        files_changed=1,
        lines_changed=2,
    )


def finish(life: Life, run_id: UUID, result: Accepted | Failed | Reviewed, usage: Usage) -> None:
    life.tell(
        FinishRun(
            run_id=run_id,
            epoch=life.issue.epoch,
            ending="ok",
            seconds=1.0,
            usage=usage,
            steps=(),
            result=result,
        )
    )


def release(life: Life, usage: Usage) -> None:
    run_id = life.claim()
    life.tell(
        ReleaseRun(run_id=run_id, epoch=life.issue.epoch, reason="shutting down", usage=usage)
    )


def lose(life: Life, *, price: int | None, rounds: int) -> None:
    run_id, epoch = life.claim(), life.issue.epoch
    if rounds:
        life.tell(
            StartCli(
                run_id=run_id,
                epoch=epoch,
                provider="command",
                model="m",
                isolation="bubblewrap",
                call_micro_usd=price,
            )
        )
    for _ in range(rounds - 1):
        life.tell(ReportProgress(run_id=run_id, epoch=epoch, kind="tests", message="red"))
    life.tell(ExpireLease(run_id=run_id, epoch=epoch))


@pytest.fixture
def life() -> Life:
    life = Life()
    life.approve()
    return life


def test_accepted_work_of_unknown_cost_is_published_and_nothing_more_is_paid(life: Life) -> None:
    finish(life, life.claim(), accepted(), UNKNOWN)

    assert life.issue.publish is not None
    assert life.issue.lane is not Lane.FAILED
    assert [type(event) for event in life.events].count(BudgetExceeded) == 1
    assert life.issue.spent_micro_usd is None


def test_a_verdict_of_unknown_cost_is_posted_and_nothing_more_is_paid(life: Life) -> None:
    life.implement()
    life.publish()

    finish(life, life.claim(), Reviewed(artifact_id=uuid5(NAMESPACE, "r"), head_sha="h1"), UNKNOWN)

    assert life.issue.verdict is not None
    assert life.issue.spent_micro_usd is None
    assert BudgetExceeded in {type(event) for event in life.events}


def test_a_released_run_counts_what_it_consumed(life: Life) -> None:
    release(life, dollars(2))

    assert life.issue.cost_micro_usd == 2_000_000
    assert life.issue.lane is Lane.QUEUED
    assert life.issue.wanted_stage is Stage.IMPLEMENT

    release(life, dollars(3))

    assert life.issue.lane is Lane.FAILED
    assert life.issue.reason == "$5.00 of $5.00 are spent"


def test_a_released_run_of_unknown_cost_stops_the_issue(life: Life) -> None:
    release(life, UNKNOWN)

    assert life.issue.cost_unknown_runs == 1
    assert life.issue.lane is Lane.FAILED
    assert "RIG_COST_PER_CALL_USD" in life.issue.reason


def test_released_runs_that_cost_nothing_go_on(life: Life) -> None:
    for _ in range(3):
        release(life, no_model())

    assert life.issue.wanted_stage is Stage.IMPLEMENT
    assert BudgetExceeded not in {type(event) for event in life.events}


@pytest.mark.parametrize(
    ("price", "rounds", "spent"),
    [(None, 0, 0), (None, 1, None), (0, 3, 0), (900_000, 1, 900_000), (900_000, 3, 2_700_000)],
)
def test_a_lost_run_costs_the_calls_it_began(
    life: Life, price: int | None, rounds: int, spent: int | None
) -> None:
    lose(life, price=price, rounds=rounds)

    assert life.issue.spent_micro_usd == spent
    assert life.issue.lost_runs == 1
    reports = [event for event in life.events if isinstance(event, TokenUsage)]
    assert len(reports) == min(rounds, 1)


def test_an_operator_lets_a_cost_nobody_knows_pass_once(life: Life) -> None:
    release(life, UNKNOWN)

    life.tell(Retry(reason="the agent costs nothing", by="olga"))

    assert life.issue.spent_micro_usd == 0
    assert life.issue.cost_unknown_runs == 1
    assert life.issue.wanted_stage is Stage.IMPLEMENT

    release(life, UNKNOWN)

    assert life.issue.lane is Lane.FAILED


def test_the_sentence_says_what_to_do() -> None:
    assert budget_used_up(0, 5) is None
    assert budget_used_up(4_000_000, 5_000_000) is None
    assert budget_used_up(5_000_000, 5_000_000) == "$5.00 of $5.00 are spent"
    assert "0 for an agent that costs nothing" in (budget_used_up(None, 5_000_000) or "")


def test_a_run_that_nobody_may_pay_for_fails_the_issue_with_the_reason(life: Life) -> None:
    finish(life, life.claim(), accepted(), dollars(6))
    life.publish()
    reason = budget_used_up(life.issue.spent_micro_usd, life.issue.limits.max_cost_micro_usd)
    assert reason is not None

    failed = Failed(failure=FailureClass.BUDGET, reason=reason)
    finish(life, life.claim(), failed, no_model())

    assert life.issue.lane is Lane.FAILED
    assert life.issue.reason == "$6.00 of $5.00 are spent"


def test_a_run_that_reported_is_not_counted_again(life: Life) -> None:
    run_id = life.claim()
    before = life.issue
    events = life.finish(run_id, accepted())

    assert displaced_usage(events, before, life.issue) == ()


def test_a_review_that_somebody_overtook_is_counted(life: Life) -> None:
    life.implement()
    life.publish()
    run_id = life.claim()
    life.tell(
        StartCli(
            run_id=run_id,
            epoch=life.issue.epoch,
            provider="command",
            model="m",
            isolation="bubblewrap",
            call_micro_usd=900_000,
        )
    )
    before = life.issue

    events = life.observe(ci=CiStatus.RED)

    (owed,) = displaced_usage(events, before, life.issue)
    assert owed.run_id == run_id
    assert owed.usage.cost_micro_usd == 900_000
