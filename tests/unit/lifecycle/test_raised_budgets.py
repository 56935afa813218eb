"""An operator lets an issue cost more; what stopped for want of money goes on where it stopped."""

import pytest

from rigtasks.budget.usage import CostBasis, Usage
from rigtasks.conductor.report import summary_of
from rigtasks.lifecycle.commands import Cancel, Failed, FinishRun, RaiseBudget
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.events.intake import IssueLimits
from rigtasks.lifecycle.events.liveness import OperatorBudgetRaised
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.react import Bell, Effect, EffectKind
from rigtasks.lifecycle.state import Lane, Stage
from rigtasks.testing.life import Life

CAP = 5_000_000


def raised(life: Life, cap: int) -> tuple[Event, ...]:
    life.effects.clear()
    return life.tell(RaiseBudget(cap_micro_usd=cap, reason="worth it", by="ada"))


def fail(life: Life, failure: FailureClass, cost: int | None) -> None:
    usage = Usage(model="m", turns=1)
    if cost is not None:
        usage = Usage(model="m", cost_micro_usd=cost, cost_basis=CostBasis.REPORTED)
    life.tell(
        FinishRun(
            run_id=life.claim(),
            epoch=life.issue.epoch,
            ending="failed",
            seconds=1.0,
            usage=usage,
            steps=(),
            result=Failed(failure=failure, reason=f"{failure} ended it"),
        )
    )


@pytest.fixture
def life() -> Life:
    life = Life()
    life.approve(limits=IssueLimits(max_cost_micro_usd=CAP))
    return life


def test_a_raise_says_who_and_why_and_holds_for_all_that_follows(life: Life) -> None:
    events = raised(life, 2 * CAP)

    assert events == (OperatorBudgetRaised(cap_micro_usd=2 * CAP, reason="worth it", by="ada"),)
    assert life.issue.limits.max_cost_micro_usd == 2 * CAP
    fail(life, FailureClass.WORK, CAP + 1)
    assert life.issue.lane is Lane.QUEUED


def test_what_stopped_for_want_of_money_is_worked_on_again(life: Life) -> None:
    fail(life, FailureClass.WORK, 1)
    fail(life, FailureClass.WORK, CAP)
    assert (life.issue.lane, life.issue.failure) == (Lane.FAILED, FailureClass.BUDGET)
    assert life.issue.wanted_stage is None
    attempts = life.issue.attempts
    assert attempts > 0

    raised(life, 2 * CAP)

    issue = life.issue
    assert (issue.lane, issue.failure, issue.reason) == (Lane.QUEUED, None, "")
    assert issue.who_must_act is None
    assert issue.wanted_stage is Stage.IMPLEMENT
    assert issue.attempts == attempts
    assert Bell(queue=issue.queue) in life.effects
    assert Effect(kind=EffectKind.REPORT) in life.effects


def test_the_work_goes_on_on_the_branch_of_the_pull_request(life: Life) -> None:
    life.implement()
    life.publish()
    life.observe(conflict=True)
    branch, head = life.issue.branch, life.issue.head_sha
    fail(life, FailureClass.BUDGET, CAP)
    assert life.issue.lane is Lane.FAILED

    raised(life, 2 * CAP)

    assert life.issue.lane is Lane.CHANGES_REQUESTED
    assert (life.issue.branch, life.issue.head_sha) == (branch, head)
    assert Effect(kind=EffectKind.ATTEND) in life.effects


def test_what_failed_for_another_reason_stays_with_its_person(life: Life) -> None:
    fail(life, FailureClass.POLICY, CAP)
    before = life.issue

    assert raised(life, 2 * CAP)

    assert life.issue.lane is Lane.FAILED
    assert (life.issue.reason, life.issue.who_must_act) == (before.reason, before.who_must_act)


@pytest.mark.parametrize("cap", [CAP, CAP - 1, 0])
def test_a_budget_is_never_lowered(life: Life, cap: int) -> None:
    assert raised(life, cap) == ()
    assert life.issue.limits.max_cost_micro_usd == CAP


def test_a_raise_that_leaves_nothing_to_spend_is_none(life: Life) -> None:
    fail(life, FailureClass.WORK, 3 * CAP)

    assert raised(life, 2 * CAP) == ()
    assert raised(life, 3 * CAP) == ()
    assert life.issue.lane is Lane.FAILED
    assert raised(life, 3 * CAP + 1)
    assert life.issue.lane is Lane.QUEUED


def test_what_has_ended_costs_nothing_more(life: Life) -> None:
    life.tell(Cancel(reason="not wanted", by="ada"))

    assert raised(life, 2 * CAP) == ()


def test_a_cost_nobody_knows_is_let_pass(life: Life) -> None:
    fail(life, FailureClass.WORK, None)
    assert life.issue.spent_micro_usd is None
    assert life.issue.lane is Lane.FAILED

    raised(life, 2 * CAP)

    assert life.issue.lane is Lane.QUEUED
    assert life.issue.spent_micro_usd == 0


@pytest.mark.parametrize(
    ("failure", "cost", "verb"),
    [
        (FailureClass.WORK, CAP, "raise-budget"),
        (FailureClass.WORK, None, "retry"),
        (FailureClass.POLICY, 1, "retry"),
    ],
)
def test_who_must_act_is_told_the_verb(
    life: Life, failure: FailureClass, cost: int | None, verb: str
) -> None:
    fail(life, failure, cost)

    reason = summary_of(life.issue).reason

    assert reason is not None
    assert reason.command is not None
    assert reason.command.startswith(f"rig issue {verb} acme/api#7 ")
