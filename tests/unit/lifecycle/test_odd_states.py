"""Decisions in states that come together seldom, and what a new head makes new again."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from rigtasks.lifecycle.commands import (
    AbstainReview,
    Admit,
    AdoptPullRequest,
    ApproveGate,
    Cancel,
    CiStatus,
    Command,
    DropCommits,
    Escalate,
    ExpireLease,
    Failed,
    Hold,
    NoteIdle,
    ObservePullRequest,
    RecordGate,
    RecordPullRequest,
    RefusePublish,
    Retry,
)
from rigtasks.lifecycle.decide import decide
from rigtasks.lifecycle.events.acceptance import (
    CiFailed,
    MergeConflict,
    ReviewDisputed,
    ReviewPassed,
)
from rigtasks.lifecycle.events.intake import IssueDone
from rigtasks.lifecycle.events.work import CliProgress, CliStarted, WorkStarted
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.state import ActiveRun, Lane, Overlay, Stage
from rigtasks.lifecycle.timers import Timers, next_wakeup
from rigtasks.routing.agent_config import AgentConfig
from rigtasks.testing.life import START, Life, approval, verdict


def types(events: Any) -> list[str]:
    return [one.type for one in events]


@pytest.mark.parametrize(
    ("ci", "event"), [(CiStatus.GREEN, "CI_PASSED"), (CiStatus.RED, "CI_FAILED")]
)
def test_the_same_colour_at_a_new_head_is_news(life: Life, ci: CiStatus, event: str) -> None:
    assert types(life.observe(ci=ci)) == [event]
    life.observe(head_sha="p1")

    assert types(life.observe(ci=ci)) == [event]
    assert life.issue.ci_sha == "p1"
    assert types(life.observe(ci=ci)) == []


@pytest.mark.parametrize(
    ("first", "second", "event"),
    [
        (CiStatus.GREEN, CiStatus.RED, "CI_FAILED"),
        (CiStatus.RED, CiStatus.GREEN, "CI_PASSED"),
    ],
)
def test_another_colour_at_the_same_head_is_news(
    life: Life, first: CiStatus, second: CiStatus, event: str
) -> None:
    life.observe(ci=first)

    assert types(life.observe(ci=second)) == [event]


def test_a_hold_is_lifted_by_an_approval_only_where_the_issue_waits(life: Life) -> None:
    held = replace(life.issue, hold_blocks=True)

    assert decide(Admit(approved=approval()), held) == ()
    assert types(decide(Admit(approved=approval()), replace(held, lane=Lane.QUEUED))) == [
        "ISSUE_APPROVED"
    ]


def test_a_merge_that_is_known_is_not_told_again(life: Life) -> None:
    merged = ObservePullRequest(
        pr=3, open=False, merged=True, merged_by="maria", merge_sha="m1", closed_by="",
        head_sha="h1", base_sha="b1", conflict=False, behind=False, ci=CiStatus.PENDING,
        checks=(), reviews=(),
    )  # fmt: skip

    assert types(decide(merged, life.issue)) == ["MERGE_OUTSIDE_RIG", "ISSUE_DONE"]
    assert decide(merged, replace(life.issue, merge_sha="m1")) == ()
    assert decide(replace(merged, merge_sha=None), life.issue) == ()


def test_a_demand_that_was_heard_is_not_heard_again_when_its_head_comes_back(life: Life) -> None:
    demand = (verdict("CHANGES_REQUESTED", "h1", id=11),)
    life.observe(reviews=demand)
    for head_sha in ("p1", "h1"):
        life.observe(head_sha=head_sha)

    assert life.observe(reviews=demand) == ()
    assert life.issue.lane is Lane.IN_REVIEW
    assert types(life.observe(reviews=(verdict("CHANGES_REQUESTED", "h1", id=12),))) == [
        "REVIEW_DISPUTED"
    ]


def test_an_approval_that_was_heard_is_not_heard_again(life: Life) -> None:
    approval_of_head = (verdict("APPROVED", "h1", id=11),)
    assert types(life.observe(reviews=approval_of_head)) == ["REVIEW_PASSED"]

    assert life.observe(reviews=approval_of_head) == ()


_IDS: dict[str, Any] = {"run_id": uuid4(), "epoch": 1}
_PULL: dict[str, Any] = {
    "pr": 3, "url": "u", "branch": "b", "head_sha": "h1", "base_branch": "main", "author_id": 5,
}  # fmt: skip


@pytest.mark.parametrize(
    "command",
    [
        AbstainReview(run_id=_IDS["run_id"], reason="cut"),
        AdoptPullRequest(**_PULL),
        ApproveGate(head_sha="h1", reason="looked", by="ops"),
        Cancel(reason="no", by="maria"),
        DropCommits(**_IDS, reason="moved"),
        Escalate(reason="silent", who_must_act="ops"),
        ExpireLease(**_IDS),
        Hold(waits_for="dependency", sentence="#3", blocking=True),
        NoteIdle(last_change=START, idle_seconds=1.0),
        RecordGate(head_sha="h1", blockers=()),
        RecordPullRequest(**_IDS, **_PULL, adopted=False),
        RefusePublish(**_IDS, failure=FailureClass.POLICY, reason="no"),
        Retry(reason="again", by="ops"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_of_an_issue_that_nobody_took_in_nothing_is_said(command: Command) -> None:
    assert decide(command, None) == ()


@pytest.mark.parametrize(
    ("lane", "overlay", "after"),
    [
        (Lane.IN_REVIEW, None, Lane.READY_TO_MERGE),
        (Lane.IN_REVIEW, Overlay.ESCALATED, Lane.READY_TO_MERGE),
        (Lane.CHANGES_REQUESTED, Overlay.ESCALATED, Lane.READY_TO_MERGE),
        (Lane.CHANGES_REQUESTED, None, Lane.CHANGES_REQUESTED),
        (Lane.IN_PROGRESS, Overlay.STUCK, Lane.IN_PROGRESS),
        (Lane.FAILED, None, Lane.FAILED),
    ],
)
@pytest.mark.parametrize("head_sha", ["h1", "h0"])
def test_an_approval_moves_what_waits_for_it_at_its_head(
    life: Life, lane: Lane, overlay: Overlay | None, after: Lane, head_sha: str
) -> None:
    life.state = replace(life.issue, lane=lane, overlay=overlay, who_must_act="ops")
    moved = head_sha == "h1" and after is not lane

    life.store(
        ReviewPassed(review_id=1, head_sha=head_sha, reviewer_id=602, reviewer="review-e[bot]")
    )

    assert life.issue.lane is (after if moved else lane)
    assert life.issue.overlay is (None if moved else overlay)
    assert life.issue.who_must_act == (None if moved else "ops")
    assert (life.issue.review_sha, life.issue.review_id) == (head_sha, 1)


@pytest.mark.parametrize("lane", Lane)
@pytest.mark.parametrize("head_sha", ["h1", "h0"])
def test_red_ci_a_demand_and_a_conflict_bring_back_only_what_is_to_be_accepted(
    life: Life, lane: Lane, head_sha: str
) -> None:
    accepted = lane in {Lane.IN_REVIEW, Lane.READY_TO_MERGE}
    before = replace(life.issue, lane=lane)
    for event, at_head_only in (
        (CiFailed(head_sha=head_sha, checks=()), True),
        (
            ReviewDisputed(
                review_id=1, head_sha=head_sha, reviewer_id=602, reviewer="r", summary="no"
            ),
            True,
        ),
        (MergeConflict(head_sha=head_sha, base_sha="b2"), False),
    ):
        life.state = before
        life.store(event)
        back = accepted and (head_sha == "h1" or not at_head_only)
        assert life.issue.lane is (Lane.CHANGES_REQUESTED if back else lane)
        assert (life.issue.feedback is not None) is back
        assert life.issue.review_loops == int(back and at_head_only)


def test_an_end_and_a_push_take_what_was_under_way(life: Life) -> None:
    life.review()
    assert life.issue.verdict is not None
    life.observe(head_sha="p1")
    assert life.issue.verdict is None

    life.claim()
    life.observe(merged=True, merged_by="maria", merge_sha="m1")
    assert (life.issue.run, life.issue.lane) == (None, Lane.DONE)

    life.state = replace(life.issue, lane=Lane.IN_REVIEW, run=running())
    life.store(IssueDone(merge_sha="m1", pr=3))
    assert life.issue.run is None


def running() -> ActiveRun:
    return ActiveRun(
        run_id=_IDS["run_id"],
        epoch=1,
        stage=Stage.IMPLEMENT,
        agent="a",
        holder="h",
        started_at=START,
        calls=1,
    )


def test_a_run_works_under_the_file_it_began_with(life: Life) -> None:
    config = AgentConfig(test_command="make test")
    life.state = replace(life.issue, run=running())

    life.store(
        WorkStarted(
            **_IDS, base_sha="b2", isolation="none", config=config, config_sha="c2", head_sha="h1"
        )
    )

    state = life.issue
    assert (state.config, state.config_sha, state.base_sha) == (config, "c2", "b2")
    assert (state.lane, state.reapproved_config_sha) == (Lane.IN_PROGRESS, None)
    assert state.run is not None
    assert state.run.start_sha == "h1"


@pytest.mark.parametrize("begun", [True, False])
def test_a_call_of_another_run_is_not_counted(life: Life, *, begun: bool) -> None:
    started = CliStarted(
        run_id=uuid4(), provider="p", model=None, isolation="none", call_micro_usd=5
    )
    goes_on = CliProgress(run_id=uuid4(), kind="tests", message="red")
    life.state = replace(life.issue, run=running() if begun else None)
    before = life.issue.run

    life.store(started, goes_on)
    assert life.issue.run == before

    life.store(replace(goes_on, run_id=_IDS["run_id"]))
    assert (life.issue.run.calls if life.issue.run else None) == (2 if begun else None)
    life.store(replace(started, run_id=_IDS["run_id"]))
    assert (life.issue.run.call_micro_usd if life.issue.run else 5) == 5


@pytest.mark.parametrize("lane", [Lane.IN_PROGRESS, Lane.ASSIGNED, Lane.QUEUED])
def test_a_persons_approval_does_not_settle_what_an_agent_is_at(life: Life, lane: Lane) -> None:
    life.state = replace(life.issue, lane=lane, overlay=Overlay.ESCALATED)

    assert life.observe(reviews=(verdict("APPROVED", "h1", human=True),)) == ()


@pytest.mark.parametrize(("waived", "exceeded"), [(0, True), (1, False)])
def test_a_run_that_cost_nothing_does_not_make_an_unknown_cost_known(
    life: Life, waived: int, *, exceeded: bool
) -> None:
    life.state = replace(life.issue, cost_unknown_runs=1, cost_waived_runs=waived)
    run_id = life.claim()

    events = life.finish(run_id, Failed(failure=FailureClass.WORK, reason="no verdict"))

    assert ("BUDGET_EXCEEDED" in types(events)) is exceeded


@pytest.mark.parametrize(
    ("lane", "waits"),
    [(Lane.QUEUED, True), (Lane.CHANGES_REQUESTED, True), (Lane.IN_REVIEW, False)],
)
def test_work_that_has_to_wait_is_looked_at_when_its_time_has_come(
    life: Life, lane: Lane, *, waits: bool
) -> None:
    soon = life.now + timedelta(seconds=10)
    waiting = replace(life.issue, lane=lane, retry_at=soon)

    assert (next_wakeup(waiting, life.now, Timers()) == soon) is waits
    later = life.now + timedelta(seconds=Timers().queued_check)
    assert next_wakeup(waiting, soon, Timers()) == soon + (later - life.now)
