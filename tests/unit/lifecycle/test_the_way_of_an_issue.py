"""Given, when, then over the decisions about one issue."""

import msgspec
import pytest

from rigtasks.lifecycle.caps import MAX_RETURNS
from rigtasks.lifecycle.commands import (
    AbstainReview,
    Admit,
    Cancel,
    CiStatus,
    Hold,
    RecordGate,
    RecordMerge,
    ReleaseRun,
    Retry,
)
from rigtasks.lifecycle.events.base import Blocker
from rigtasks.lifecycle.react import Bell, Effect, EffectKind
from rigtasks.lifecycle.state import FeedbackKind, Lane, Overlay, Stage
from rigtasks.routing.internal import internal_repositories
from rigtasks.testing.life import Life, approval, no_model, verdict
from rigtasks.testing.samples import sample


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


def test_an_approved_issue_waits_in_the_queue_of_its_stack_and_rings_its_bell(life: Life) -> None:
    life.approve()

    assert life.issue.lane is Lane.QUEUED
    assert life.issue.wanted_stage is Stage.IMPLEMENT
    assert Bell(queue="dev-e-python") in life.effects
    assert Bell(queue="review-e") not in life.effects


def test_the_same_approval_twice_says_nothing(life: Life) -> None:
    life.approve()
    before = list(life.events)

    life.approve()

    assert life.events == before


def test_an_approval_of_a_changed_text_replaces_a_waiting_one_but_not_a_running_one(
    life: Life,
) -> None:
    life.approve()
    life.approve(task_digest="d2")
    assert life.issue.task_digest == "d2"

    life.claim()
    life.approve(task_digest="d3")

    assert life.issue.task_digest == "d2"


def test_green_commits_wait_for_the_conductor_and_nobody_may_claim_meanwhile(life: Life) -> None:
    life.approve()
    life.implement()

    assert life.issue.publish is not None
    assert life.issue.wanted_stage is None
    assert Effect(kind=EffectKind.PUBLISH) in life.effects


def test_a_pull_request_asks_for_a_review(in_review: Life) -> None:
    assert in_review.issue.lane is Lane.IN_REVIEW
    assert in_review.issue.wanted_queue == "review-e"


def test_an_approval_at_the_head_makes_it_ready_and_is_attended_to(in_review: Life) -> None:
    in_review.review()
    in_review.observe(reviews=(verdict("APPROVED", "h1"),), ci=CiStatus.GREEN)

    assert in_review.issue.lane is Lane.READY_TO_MERGE
    assert Effect(kind=EffectKind.ATTEND) in in_review.effects


def test_an_approval_of_an_older_commit_counts_for_nothing(in_review: Life) -> None:
    events = in_review.observe(reviews=(verdict("APPROVED", "h0"),))

    assert types(events) == []
    assert in_review.issue.lane is Lane.IN_REVIEW


def test_a_push_by_somebody_makes_every_fact_of_the_old_head_stale(in_review: Life) -> None:
    in_review.review()
    in_review.observe(reviews=(verdict("APPROVED", "h1"),), ci=CiStatus.GREEN)

    in_review.observe(head_sha="h2")

    state = in_review.issue
    assert state.lane is Lane.IN_REVIEW
    assert state.ci_sha != state.head_sha
    assert state.review_sha != state.head_sha
    assert state.wanted_stage is Stage.REVIEW


def test_a_dispute_goes_back_to_the_same_branch_with_its_findings(in_review: Life) -> None:
    branch = in_review.issue.branch
    in_review.review()

    in_review.observe(reviews=(verdict("CHANGES_REQUESTED", "h1", id=9),))

    state = in_review.issue
    assert state.lane is Lane.CHANGES_REQUESTED
    assert state.branch == branch
    assert state.feedback is not None
    assert state.feedback.kind is FeedbackKind.REVIEW
    assert state.wanted_queue == "dev-e-python"
    assert in_review.observe(reviews=(verdict("CHANGES_REQUESTED", "h1", id=9),)) == ()


def test_the_fix_of_a_dispute_updates_the_same_pull_request(in_review: Life) -> None:
    in_review.review()
    in_review.observe(reviews=(verdict("CHANGES_REQUESTED", "h1", id=9),))

    in_review.implement(head_sha="h2")
    in_review.publish()

    assert types(in_review.events).count("PR_CREATED") == 1
    assert types(in_review.events).count("PR_UPDATED") == 1
    assert in_review.issue.wanted_stage is Stage.REVIEW


@pytest.mark.incident("B43")
def test_review_rounds_are_capped_and_end_with_a_person(in_review: Life) -> None:
    for round_ in range(1, 5):
        head = f"h{round_}"
        in_review.observe(reviews=(verdict("CHANGES_REQUESTED", head, id=round_),))
        if in_review.issue.overlay is not None:
            break
        in_review.implement(head_sha=f"h{round_ + 1}")
        in_review.publish()

    assert in_review.issue.review_loops == 4
    assert in_review.issue.overlay is Overlay.ESCALATED
    assert in_review.issue.wanted_stage is None
    assert types(in_review.events).count("REVIEW_LOOP_EXCEEDED") == 1


def test_red_ci_goes_back_with_the_failing_checks(in_review: Life) -> None:
    in_review.observe(ci=CiStatus.RED)

    assert in_review.issue.lane is Lane.CHANGES_REQUESTED
    assert in_review.issue.feedback is not None
    assert in_review.issue.feedback.kind is FeedbackKind.CI


def test_a_review_of_a_head_that_went_back_cannot_be_finished(in_review: Life) -> None:
    run_id = in_review.claim()
    epoch = in_review.issue.epoch
    in_review.observe(ci=CiStatus.RED)

    events = in_review.tell(
        ReleaseRun(run_id=run_id, epoch=epoch, reason="the head went back", usage=no_model())
    )

    assert events == ()


def test_an_abstention_is_dispatched_again_then_escalated(in_review: Life) -> None:
    for _ in range(3):
        in_review.review()
        pending = in_review.issue.verdict
        assert pending is not None
        in_review.tell(AbstainReview(run_id=pending.run_id, reason="the diff was cut"))

    assert in_review.issue.overlay is Overlay.ESCALATED
    assert in_review.issue.review_sha is None


@pytest.mark.incident("A6")
def test_a_conflict_goes_back_to_the_branch_without_costing_a_round(in_review: Life) -> None:
    in_review.observe(conflict=True)

    assert in_review.issue.lane is Lane.CHANGES_REQUESTED
    assert in_review.issue.review_loops == 0


def test_a_branch_that_keeps_conflicting_ends_with_a_person(in_review: Life) -> None:
    for round_ in range(2, 20):
        in_review.observe(conflict=True)
        if in_review.issue.overlay is not None:
            break
        in_review.implement(head_sha=f"h{round_}")
        in_review.publish()

    assert types(in_review.events).count("MERGE_CONFLICT") == MAX_RETURNS
    assert in_review.issue.overlay is Overlay.ESCALATED
    assert in_review.issue.wanted_stage is None
    assert f"came back {MAX_RETURNS} times" in in_review.issue.reason


def test_a_retry_lets_the_branch_conflict_as_often_again(in_review: Life) -> None:
    for round_ in range(2, MAX_RETURNS + 2):
        in_review.observe(conflict=True)
        if in_review.issue.overlay is None:
            in_review.implement(head_sha=f"h{round_}")
            in_review.publish()

    assert in_review.issue.overlay is Overlay.ESCALATED
    in_review.tell(Retry(reason="the hot file is split", by="omar"))

    assert in_review.issue.overlay is None
    assert in_review.issue.returns == 0


def test_a_pull_request_closed_unmerged_puts_the_issue_back_into_the_queue(
    in_review: Life,
) -> None:
    in_review.observe(open=False, closed_by="maria")

    assert in_review.issue.lane is Lane.QUEUED
    assert in_review.issue.pr is None
    assert "ISSUE_CANCELLED" not in types(in_review.events)


def test_a_merge_by_somebody_else_ends_the_issue_under_its_own_name(in_review: Life) -> None:
    in_review.observe(merged=True, merged_by="maria", merge_sha="m1")

    assert in_review.issue.lane is Lane.DONE
    assert "MERGE_OUTSIDE_RIG" in types(in_review.events)
    assert "MERGED" not in types(in_review.events)


def test_the_end_lets_those_who_waited_look_again(in_review: Life) -> None:
    release = Effect(kind=EffectKind.RELEASE)
    before = tuple(in_review.effects)

    in_review.observe(merged=True, merged_by="maria", merge_sha="m1")

    assert release not in before
    assert in_review.effects.count(release) == 1


def test_a_withdrawal_lets_those_who_waited_look_again(in_review: Life) -> None:
    in_review.tell(Cancel(reason="issue closed", by="maria"))

    assert in_review.effects.count(Effect(kind=EffectKind.RELEASE)) == 1


def test_nothing_follows_an_end(in_review: Life) -> None:
    in_review.tell(Cancel(reason="label removed", by="maria"))

    assert in_review.tell(Cancel(reason="issue closed", by="maria")) == ()
    assert in_review.observe(ci=CiStatus.RED) == ()
    assert in_review.tell(Retry(reason="again", by="maria")) == ()


def test_the_same_blockers_are_written_down_once_per_head(in_review: Life) -> None:
    gate = RecordGate(
        head_sha="h1", blockers=(Blocker(gate="ci", status="pending", summary="1 check runs"),)
    )
    assert types(in_review.tell(gate)) == ["MERGE_GATE_WAITING"]
    assert in_review.tell(gate) == ()
    stale = RecordGate(head_sha="h0", blockers=gate.blockers)
    assert in_review.tell(stale) == ()


def test_the_decider_itself_refuses_the_rigs_own_repositories(life: Life) -> None:
    internal = internal_repositories(ids=(1,), names=())

    events = life.tell(Admit(approved=approval(), internal=internal))

    assert types(events) == ["ISSUE_REFUSED"]
    assert life.issue.wanted_stage is None
    assert life.issue.refusal_code == "rig_internal"


def test_an_issue_that_has_to_wait_can_never_be_claimed_in_between(life: Life) -> None:
    waits = Hold(waits_for="dependency", sentence="waits for #3", blocking=True)

    events = life.tell(Admit(approved=approval(), hold=waits))

    assert types(events) == ["ISSUE_APPROVED", "ISSUE_HELD"]
    assert life.effects.count(Bell(queue="dev-e-python")) == 0
    assert life.issue.wanted_stage is None
    assert life.tell(Admit(approved=approval(), hold=waits)) == ()

    life.approve()

    assert life.issue.hold is None
    assert life.issue.wanted_stage is Stage.IMPLEMENT


def test_a_merge_after_a_withdrawal_is_recorded_and_changes_nothing_else(in_review: Life) -> None:
    head = in_review.issue.head_sha or ""
    in_review.tell(Cancel(reason="label removed", by="maria"))
    certificate = msgspec.structs.replace(sample("MERGED"), head_sha=head).certificate  # type: ignore[attr-defined]
    merge = RecordMerge(pr=3, head_sha=head, merge_sha="m1", certificate=certificate)

    assert types(in_review.tell(merge)) == ["MERGED"]

    assert (in_review.issue.lane, in_review.issue.merge_sha) == (Lane.CANCELLED, "m1")
    assert in_review.tell(merge) == ()
