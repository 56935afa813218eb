"""The graph is what `evolve` does: random lives never leave it, and it has no dead end."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.lifecycle.commands import (
    AbstainReview,
    AdoptPullRequest,
    Cancel,
    CiStatus,
    DropCommits,
    Escalate,
    ExpireLease,
    Failed,
    Hold,
    RaiseBudget,
    RecordGate,
    RefusePublish,
    ReleaseRun,
    Retry,
)
from rigtasks.lifecycle.events.base import Blocker
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.graph import EDGES, mermaid
from rigtasks.lifecycle.react import Bell, outstanding
from rigtasks.lifecycle.state import TERMINAL, Lane, Stage
from rigtasks.lifecycle.timers import Timers, next_wakeup
from rigtasks.testing.life import NAMESPACE, Life, no_model, verdict

Move = Callable[[Life], Any]

_EDGES = {(edge.source, edge.event, edge.target) for edge in EDGES}

#: A life is a list of choices; each picks one of the moves that make sense at that point.
CHOICES = st.lists(st.integers(min_value=0, max_value=10_000), max_size=30)


def fail(life: Life, failure: FailureClass) -> None:
    life.finish(life.claim(), Failed(failure=failure, reason=f"{failure}"))


def lose(life: Life) -> None:
    run_id = life.claim()
    life.tell(ExpireLease(run_id=run_id, epoch=life.issue.epoch))


def release(life: Life) -> None:
    run_id = life.claim()
    life.tell(
        ReleaseRun(run_id=run_id, epoch=life.issue.epoch, reason="shutdown", usage=no_model())
    )


def refuse_publish(life: Life) -> None:
    pending = life.issue.publish
    assert pending is not None
    life.tell(
        RefusePublish(
            run_id=pending.run_id,
            epoch=pending.epoch,
            failure=FailureClass.POLICY,
            reason="touches CI",
        )
    )


def drop(life: Life) -> None:
    pending = life.issue.publish
    assert pending is not None
    ids: dict[str, Any] = {"run_id": pending.run_id, "epoch": pending.epoch}
    life.tell(DropCommits(**ids, reason="somebody moved the branch"))


def abstain(life: Life) -> None:
    pending = life.issue.verdict
    assert pending is not None
    life.tell(AbstainReview(run_id=pending.run_id, reason="cut"))


def review_seen(life: Life, state: str) -> None:
    head = life.issue.head_sha or ""
    life.observe(reviews=(verdict(state, head, id=len(life.events)),))


def gate(life: Life) -> None:
    head = life.issue.head_sha or ""
    blocker = Blocker(gate="ci", status="pending", summary=f"at {head}")
    life.tell(RecordGate(head_sha=head, blockers=(blocker,)))


def claim_moves(life: Life) -> list[Move]:
    moves: list[Move] = [lose, release, life_claim]
    moves += [partial(fail, failure=failure) for failure in FailureClass]
    if life.issue.wanted_stage is Stage.IMPLEMENT:
        moves += [lambda one: one.implement(head_sha=f"h{len(one.events)}")] * 8
        moves += [lambda one: one.interrupt(head_sha=f"w{len(one.events)}")] * 4
    else:
        moves += [Life.review] * 8
    return moves


def life_claim(life: Life) -> None:
    life.claim()


def adopt(life: Life) -> None:
    life.tell(
        AdoptPullRequest(
            pr=90,
            url="https://github.test/acme/api/pull/90",
            branch="feature/issue-7-totals",
            head_sha="a1",
            base_branch="main",
            author_id=501,
        )
    )


def pull_request_moves() -> list[Move]:
    return [
        partial(review_seen, state="APPROVED"),
        partial(review_seen, state="CHANGES_REQUESTED"),
        lambda one: one.observe(ci=CiStatus.RED),
        lambda one: one.observe(ci=CiStatus.GREEN),
        lambda one: one.observe(head_sha=f"p{len(one.events)}"),
        lambda one: one.observe(conflict=True),
        lambda one: one.observe(open=False, closed_by="maria"),
        lambda one: one.observe(merged=True, merged_by="maria", merge_sha="m1"),
        gate,
    ]


def raise_budget(life: Life) -> None:
    cap = life.issue.limits.max_cost_micro_usd + 1_000_000
    life.tell(RaiseBudget(cap_micro_usd=cap, reason="worth it", by="maria"))


def any_moves() -> list[Move]:
    return [
        lambda one: one.tell(Cancel(reason="label removed", by="maria")),
        lambda one: one.tell(Escalate(reason="silent", who_must_act="the operator")),
        lambda one: one.tell(Retry(reason="again", by="maria")),
        raise_budget,
        lambda one: one.approve(task_digest=f"d{len(one.events)}"),
        lambda one: one.tell(Hold(waits_for="dependency", sentence="#3", blocking=True)),
        lambda one: one.tell(Hold(waits_for="worker", sentence="none", blocking=False)),
        adopt,
    ]


def live(choices: list[int]) -> Life:
    """Live one life by these choices; the rare ends are drawn less often."""
    life = Life()
    life.approve()
    for choice in choices:
        state = life.issue
        moves = any_moves() if choice % 7 == 0 else []
        if state.wanted_stage is not None:
            moves += claim_moves(life)
        if state.publish is not None:
            moves += [Life.publish] * 8 + [refuse_publish, drop]
        if state.verdict is not None:
            moves += [abstain]
        if state.pr is not None:
            moves += pull_request_moves()
        if state.run is not None:
            run = state.run
            moves += [
                lambda one, run=run: one.tell(ExpireLease(run_id=run.run_id, epoch=run.epoch))
            ]
        moves = moves or any_moves()
        moves[choice % len(moves)](life)
    return life


@settings(max_examples=600, deadline=None)
@given(CHOICES)
def test_every_life_stays_inside_the_graph(choices: list[int]) -> None:
    life = live(choices)

    seen = Life()
    for event in life.events:
        before = seen.state.lane if seen.state else None
        seen.store(event)
        after = seen.issue
        if before is not None and before is not after.lane:
            assert (before, event.type, after.lane) in _EDGES
        assert (next_wakeup(after, seen.now, Timers()) is None) == after.terminal
        if before in TERMINAL:
            assert after.lane is before
    assert seen.state == life.state


@settings(max_examples=400, deadline=None)
@given(CHOICES)
@pytest.mark.incident("A2", "A5")
def test_no_issue_is_ever_without_a_way_on(choices: list[int]) -> None:
    state = live(choices).issue
    ways = (
        state.terminal,
        state.run is not None,
        state.wanted_stage is not None,
        state.hold_blocks,
        bool(outstanding(state)),
        state.overlay is not None and state.who_must_act is not None,
        state.lane is Lane.FAILED and state.who_must_act is not None,
    )
    assert any(ways), state


@settings(max_examples=400, deadline=None)
@given(CHOICES)
def test_epochs_rise_and_attempts_are_capped(choices: list[int]) -> None:
    life = live(choices)
    epochs: list[int] = []
    seen = Life()
    for event in life.events:
        seen.store(event)
        assert seen.issue.attempts <= seen.issue.limits.max_attempts
        if event.type in {"ISSUE_ASSIGNED", "REVIEW_ASSIGNED"}:
            epochs.append(event.epoch)  # type: ignore[attr-defined]
    assert epochs == sorted(set(epochs))


def test_each_bell_rings_only_for_claimable_work() -> None:
    life = Life()
    life.approve()
    rung = [effect for effect in life.effects if isinstance(effect, Bell)]
    assert rung == [Bell(queue="dev-e-python")]

    life.claim()

    assert [effect for effect in life.effects if isinstance(effect, Bell)] == rung


@pytest.mark.incident("A6")
def test_every_lane_that_is_not_an_end_has_an_edge_out_and_can_be_reached() -> None:
    later_parts = {Lane.IN_DEPLOY, Lane.DEPLOYED}
    for lane in set(Lane) - TERMINAL:
        assert any(edge.source is lane for edge in EDGES), lane
    reached = {edge.target for edge in EDGES} | {Lane.QUEUED, Lane.FAILED}
    assert set(Lane) - reached == later_parts


def test_the_diagram_names_every_edge() -> None:
    drawn = mermaid()
    for edge in EDGES:
        assert f"{edge.source} --> {edge.target}" in drawn
        assert edge.event in drawn


def test_run_ids_of_the_factory_are_stable() -> None:
    life = Life()
    life.approve()
    assert life.claim() == uuid5(NAMESPACE, "run-1")
