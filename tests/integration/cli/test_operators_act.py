"""Operators act on one issue, on a real database."""

import json

import pytest
from operator_scene import (
    HEAD,
    ISSUE,
    REF,
    Answer,
    Typed,
    approve,
    claim,
    review,
    spend,
    tell,
    types,
)

from rigtasks.eventstore.claims import Claimed, NotClaimed
from rigtasks.eventstore.database import Stores
from rigtasks.lifecycle.commands import Escalate
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.events.intake import IssueLimits
from rigtasks.lifecycle.events.liveness import OperatorBudgetRaised


def test_a_stopped_issue_goes_back_to_work(rig: Typed, stores: Stores) -> None:
    approve(stores)
    tell(stores, Escalate(reason="the tests hang", who_must_act="ada"))
    assert claim(stores) is NotClaimed.NOTHING

    answer = rig("issue", "retry", REF, "--reason", "a faster machine")

    assert answer.code == 0
    assert answer.out == f"{REF}  sent back to work; it is queued now\n"
    last = stores.events.events(ISSUE)[-1]
    assert last.event.type == "OPERATOR_RETRIED"
    assert last.actor == Actor(kind=ActorKind.OPERATOR, id="ada")
    assert isinstance(claim(stores), Claimed)


def test_what_is_under_way_is_not_retried(rig: Typed, stores: Stores) -> None:
    approve(stores)

    answer = rig("issue", "retry", REF, "--reason", "again", "-o", "json")

    assert answer.code == 6
    assert json.loads(answer.err)["code"] == "precondition-failed"
    assert types(stores) == ["ISSUE_APPROVED"]


def test_a_reason_is_required(rig: Typed, stores: Stores) -> None:
    approve(stores)

    assert rig("issue", "cancel", REF).code == 2
    assert types(stores) == ["ISSUE_APPROVED"]


def test_a_cancelled_issue_is_over(rig: Typed, stores: Stores) -> None:
    review(stores)

    first = rig("issue", "cancel", REF, "--reason", "not wanted")
    again = rig("issue", "cancel", REF, "--reason", "not wanted")

    assert first.code == 0
    assert "its label stays" in first.err
    assert "https://github.test/acme/api/pull/3" in first.err
    assert (again.code, again.out) == (6, "")
    assert types(stores).count("ISSUE_CANCELLED") == 1
    assert rig("issue", "retry", REF, "--reason", "after all").code == 6


def test_the_gate_is_cleared_for_the_head_that_was_looked_at(rig: Typed, stores: Stores) -> None:
    review(stores)
    typed = ("issue", "approve-gate", REF, "--reason", "read it", "--sha")

    other = rig(*typed, "b" * 40)
    short = rig(*typed, HEAD[:6])
    assert (other.code, short.code) == (6, 6)
    assert HEAD in other.err
    assert "HUMAN_GATE_CLEARED" not in types(stores)

    assert rig(*typed, HEAD[:7]).code == 0
    assert types(stores)[-2:] == ["OPERATOR_GATE_APPROVED", "HUMAN_GATE_CLEARED"]
    state = stores.events.load(ISSUE).state
    assert state is not None
    assert state.gate_cleared_sha == HEAD
    assert state.operator_clearance is not None
    assert (state.operator_clearance.head_sha, state.operator_clearance.by) == (HEAD, "ada")
    again = rig(*typed, HEAD)
    assert again.code == 6
    assert "ada cleared" in again.err


def test_an_issue_without_a_head_has_nothing_to_clear(rig: Typed, stores: Stores) -> None:
    approve(stores)

    answer = rig("issue", "approve-gate", REF, "--sha", HEAD, "--reason", "read it")

    assert answer.code == 6
    assert types(stores) == ["ISSUE_APPROVED"]


def budget(rig: Typed, usd: str, *more: str) -> Answer:
    return rig("issue", "raise-budget", REF, "--usd", usd, "--reason", "worth it", *more)


def test_an_issue_that_stopped_for_want_of_money_goes_on(rig: Typed, stores: Stores) -> None:
    approve(stores, limits=IssueLimits(max_cost_micro_usd=2_000_000))
    spend(stores, 2_500_000)
    assert claim(stores) is NotClaimed.NOTHING
    assert "raise-budget" in rig("issue", "explain", REF).out

    little = budget(rig, "2.5")
    enough = budget(rig, "7.5")

    assert (little.code, little.out) == (6, "")
    assert "has cost $2.50: $2.50 leave nothing" in little.err
    assert (enough.code, enough.out) == (0, f"{REF}  may cost $7.50; it is queued now\n")
    last = stores.events.events(ISSUE)[-1]
    assert last.event == OperatorBudgetRaised(cap_micro_usd=7_500_000, reason="worth it", by="ada")
    assert last.actor == Actor(kind=ActorKind.OPERATOR, id="ada")
    assert isinstance(claim(stores), Claimed)


def test_a_budget_is_raised_and_never_lowered(rig: Typed, stores: Stores) -> None:
    approve(stores)

    assert budget(rig, "8", "-o", "json").json["events"] == ["OPERATOR_BUDGET_RAISED"]
    again = budget(rig, "8")

    assert again.code == 6
    assert "may cost $8.00 already" in again.err
    assert types(stores) == ["ISSUE_APPROVED", "OPERATOR_BUDGET_RAISED"]


@pytest.mark.parametrize("usd", ["nan", "inf", "-1", "1e9", "two"])
def test_what_is_no_amount_is_refused(rig: Typed, stores: Stores, usd: str) -> None:
    approve(stores)

    assert budget(rig, usd).code == 2
    assert types(stores) == ["ISSUE_APPROVED"]


def test_what_is_over_costs_nothing_more(rig: Typed, stores: Stores) -> None:
    approve(stores)
    assert rig("issue", "cancel", REF, "--reason", "not wanted").code == 0

    answer = budget(rig, "20")

    assert answer.code == 6
    assert "is cancelled" in answer.err
    assert types(stores)[-1] == "ISSUE_CANCELLED"


def test_a_called_person_takes_it_and_nobody_after_them(rig: Typed, stores: Stores) -> None:
    approve(stores)
    assert rig("issue", "acknowledge", REF).code == 6
    tell(stores, Escalate(reason="no permission", who_must_act="the operator"))

    answer = rig("issue", "acknowledge", REF)

    assert answer.code == 0
    assert "acknowledged by ada; it is escalated now" in answer.out
    again = rig("issue", "acknowledge", REF)
    assert again.code == 6
    assert "ada has it" in again.err
    assert types(stores)[-1] == "ESCALATION_ACKNOWLEDGED"
