"""What operators may do to an issue, and what nobody else may do in their name."""

import pytest

from rigtasks.lifecycle.commands import ApproveGate, Cancel, Command, Failed, RaiseBudget, Retry
from rigtasks.lifecycle.envelope import ActorKind
from rigtasks.lifecycle.events.liveness import OperatorPaused, OperatorResumed
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.react import Effect, EffectKind
from rigtasks.lifecycle.roles import RoleViolation, check
from rigtasks.lifecycle.state import Lane
from rigtasks.testing.life import Life

RETRY = Retry(reason="tools installed", by="ada")
OTHERS = (ActorKind.WORKER, ActorKind.REVIEWER, ActorKind.CLOCK, ActorKind.GITHUB)


def approval_of(head_sha: str) -> ApproveGate:
    return ApproveGate(head_sha=head_sha, reason="read it", by="ada")


def failed() -> Life:
    life = Life()
    life.approve()
    life.finish(life.claim(), Failed(failure=FailureClass.POLICY, reason="it touches CI"))
    assert life.issue.lane is Lane.FAILED
    return life


def in_review() -> Life:
    life = Life()
    life.approve()
    life.implement()
    life.publish()
    return life


@pytest.mark.parametrize(
    ("life", "command"),
    [
        (failed(), RETRY),
        (failed(), Cancel(reason="not wanted", by="ada")),
        (in_review(), approval_of("h1")),
        (in_review(), RaiseBudget(cap_micro_usd=9_000_000, reason="worth it", by="ada")),
    ],
    ids=["retry", "cancel", "approve-gate", "raise-budget"],
)
def test_an_operator_may_write_what_the_verbs_lead_to(life: Life, command: Command) -> None:
    events = life.tell(command)

    assert events
    for event in events:
        check(ActorKind.OPERATOR, event)
        for other in OTHERS:
            with pytest.raises(RoleViolation):
                check(other, event)


def test_only_operators_pause_and_resume() -> None:
    switched = (
        OperatorPaused(scope="rig", reason="maintenance", by="ada"),
        OperatorResumed(scope="rig", by="ada"),
    )
    for event in switched:
        check(ActorKind.OPERATOR, event)
        for other in (*OTHERS, ActorKind.CONDUCTOR):
            with pytest.raises(RoleViolation):
                check(other, event)


def test_a_cleared_head_is_attended_to_once() -> None:
    life = in_review()
    life.effects.clear()

    events = life.tell(approval_of("h1"))

    assert [one.type for one in events] == ["OPERATOR_GATE_APPROVED", "HUMAN_GATE_CLEARED"]
    assert Effect(kind=EffectKind.ATTEND) in life.effects
    assert life.tell(approval_of("h1")) == ()


def test_another_head_than_the_one_looked_at_is_never_cleared() -> None:
    life = in_review()

    assert life.tell(approval_of("h0")) == ()
    life.observe(head_sha="h2")
    assert life.tell(approval_of("h1")) == ()
    assert life.issue.gate_cleared_sha is None
