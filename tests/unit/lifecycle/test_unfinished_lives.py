"""What an interrupted run had done so far goes to its branch, and nowhere else."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rigtasks.errors import StaleEpoch
from rigtasks.eventstore.codec import decode
from rigtasks.lifecycle.commands import (
    AdoptPullRequest,
    Cancel,
    CiStatus,
    DropCommits,
    Escalate,
    Failed,
    IntendPush,
    KeepUnfinished,
    RaiseBudget,
    RecordPullRequest,
    RefusePublish,
    ReleaseRun,
)
from rigtasks.lifecycle.decide import decide
from rigtasks.lifecycle.events.work import RunReleased, Unfinished
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.react import Bell, Effect, EffectKind, outstanding
from rigtasks.lifecycle.state import (
    FeedbackKind,
    Lane,
    Overlay,
    Stage,
    UnfinishedWork,
)
from rigtasks.lifecycle.timers import Timers, next_wakeup
from rigtasks.testing.life import NAMESPACE, Life, no_model, verdict

GOLDEN = Path(__file__).parent / "golden"
WORK = Unfinished(artifact_id=NAMESPACE, base_sha="b1", head_sha="w1")


@pytest.fixture
def life() -> Life:
    life = Life()
    life.approve()
    return life


def in_review(life: Life) -> Life:
    life.implement()
    life.publish()
    return life


def disputed(life: Life) -> Life:
    in_review(life).observe(reviews=(verdict("CHANGES_REQUESTED", "h1"),))
    return life


def adoption(head_sha: str) -> AdoptPullRequest:
    return AdoptPullRequest(
        pr=4,
        url="u",
        branch="feature/issue-7-totals",
        head_sha=head_sha,
        base_branch="main",
        author_id=501,
    )


def ids(life: Life) -> dict[str, Any]:
    pending = life.issue.publish
    assert pending is not None
    return {"run_id": pending.run_id, "epoch": pending.epoch}


def test_nobody_claims_the_issue_before_the_work_is_on_its_branch(life: Life) -> None:
    life.interrupt()

    assert life.issue.lane is Lane.IN_PROGRESS
    assert life.issue.wanted_stage is None
    asked = [Effect(kind=EffectKind.PUBLISH), Effect(kind=EffectKind.REPORT)]
    assert life.effects[-2:] == asked
    assert outstanding(life.issue) == (Effect(kind=EffectKind.PUBLISH),)
    assert next_wakeup(life.issue, life.now, Timers()) == life.now + timedelta(seconds=60)

    life.publish()

    assert life.issue.wanted_stage is Stage.IMPLEMENT
    assert life.effects[-1] == Bell(queue="dev-e-python")
    assert life.issue.publish is None


def test_an_interrupted_run_is_no_failed_attempt_and_opens_no_pull_request(life: Life) -> None:
    life.interrupt()
    life.publish()

    assert (life.issue.attempts, life.issue.lost_runs, life.issue.interruptions) == (0, 0, 1)
    assert life.issue.pr is None
    assert life.issue.head_sha is None
    assert life.issue.lane is Lane.QUEUED
    assert [one.type for one in life.events][-3:] == [
        "RUN_RELEASED",
        "PUSH_INTENT",
        "ISSUE_UNASSIGNED",
    ]


def test_the_next_run_begins_at_the_unfinished_work(life: Life) -> None:
    life.interrupt("w1")
    life.publish()
    assert life.issue.unfinished == UnfinishedWork(head_sha="w1", since_sha="b1")

    life.begin()

    assert life.issue.run is not None
    assert life.issue.run.start_sha == "w1"


def test_several_interruptions_keep_where_the_first_began(life: Life) -> None:
    for head in ("w1", "w2", "w3"):
        life.interrupt(head)
        life.now += timedelta(hours=1)
        life.publish()

    assert life.issue.unfinished == UnfinishedWork(head_sha="w3", since_sha="b1")


def test_a_run_that_adds_nothing_leaves_the_work_that_was_there(life: Life) -> None:
    life.interrupt("w1")
    life.publish()
    run_id = life.begin()
    life.tell(ReleaseRun(run_id=run_id, epoch=life.issue.epoch, reason="stop", usage=no_model()))

    assert life.issue.unfinished == UnfinishedWork(head_sha="w1", since_sha="b1")
    assert life.issue.wanted_stage is Stage.IMPLEMENT


def test_finished_work_takes_the_place_of_unfinished(life: Life) -> None:
    life.interrupt("w1")
    life.publish()
    life.implement("h1")
    assert life.issue.publish is not None
    assert (life.issue.publish.start_sha, life.issue.publish.unfinished) == ("w1", False)
    life.publish()

    assert (life.issue.unfinished, life.issue.head_sha) == (None, "h1")
    assert life.issue.wanted_stage is Stage.REVIEW


def test_work_that_may_not_be_kept_costs_nothing_and_the_next_run_begins_anew(
    life: Life,
) -> None:
    life.interrupt()
    life.tell(DropCommits(**ids(life), reason="its unfinished work is not kept: it has a secret"))

    assert (life.issue.unfinished, life.issue.publish) == (None, None)
    assert (life.issue.lane, life.issue.attempts) == (Lane.QUEUED, 0)
    life.begin()
    assert life.issue.run is not None
    assert life.issue.run.start_sha is None


def test_on_a_pull_request_the_head_follows_and_what_the_review_said_stays(life: Life) -> None:
    disputed(life).interrupt("w1")
    life.publish()

    assert (life.issue.head_sha, life.issue.lane) == ("w1", Lane.CHANGES_REQUESTED)
    assert life.issue.wanted_stage is Stage.IMPLEMENT
    assert life.issue.feedback is not None
    assert life.issue.feedback.kind is FeedbackKind.REVIEW
    assert life.issue.unfinished == UnfinishedWork(head_sha="w1", since_sha="h1")


def test_nothing_that_is_said_of_an_unfinished_head_counts(life: Life) -> None:
    # given an unfinished head of an issue that a person was called for
    disputed(life).interrupt("w1")
    life.publish()
    life.tell(Escalate(reason="somebody has to look", who_must_act="maria"))

    told = (
        *life.observe(ci=CiStatus.GREEN, reviews=(verdict("APPROVED", "w1", id=9, human=True),)),
        *life.observe(ci=CiStatus.RED, conflict=True),
        *life.observe(reviews=(verdict("CHANGES_REQUESTED", "w1", id=10),)),
    )

    # then it is neither ready to merge nor sent back once more
    assert told == ()
    assert (life.issue.lane, life.issue.overlay) == (Lane.CHANGES_REQUESTED, Overlay.ESCALATED)
    assert life.issue.review_loops == 1


def test_the_webhook_of_the_rigs_own_push_moves_nothing(life: Life) -> None:
    disputed(life).interrupt("w1")
    life.tell(IntendPush(**ids(life), branch="feature/issue-7-totals", old_sha="h1", new_sha="w1"))

    assert life.observe(head_sha="w1") == ()


@pytest.mark.parametrize("during", ["nobody's run", "a run", "a stop", "a call for a person"])
def test_somebody_elses_push_onto_unfinished_work_finishes_nothing(life: Life, during: str) -> None:
    # given an answer to a review that was interrupted
    disputed(life).interrupt("w1")
    life.publish()
    if during == "a run":
        life.begin()
    elif during == "a stop":
        life.finish(life.begin(), Failed(failure=FailureClass.POLICY, reason="touches CI"))
    elif during == "a call for a person":
        life.tell(Escalate(reason="somebody has to look", who_must_act="maria"))
    before = life.issue

    # when a bot, or the button that updates the branch, moves its head
    life.observe(head_sha="p1")

    # then only the head is another: what the review asked for is still to be answered
    assert life.issue.unfinished == UnfinishedWork(head_sha="p1", since_sha="h1")
    assert life.issue.head_sha == "p1"
    assert (life.issue.lane, life.issue.overlay) == (before.lane, before.overlay)
    assert (life.issue.run, life.issue.feedback) == (before.run, before.feedback)
    assert life.issue.feedback is not None
    assert life.observe(ci=CiStatus.GREEN, reviews=(verdict("APPROVED", "p1", id=9),)) == ()


def test_the_next_run_begins_at_what_somebody_pushed_onto_unfinished_work(life: Life) -> None:
    disputed(life).interrupt("w1")
    life.publish()
    life.observe(head_sha="p1")

    life.implement("h2")
    assert life.issue.publish is not None
    assert life.issue.publish.start_sha == "p1"
    life.publish()

    assert (life.issue.unfinished, life.issue.head_sha) == (None, "h2")
    assert life.issue.lane is Lane.IN_REVIEW


def test_somebody_elses_push_before_unfinished_work_is_on_the_branch_is_no_part_of_it(
    life: Life,
) -> None:
    disputed(life).interrupt("w1")

    life.observe(head_sha="p1")

    assert (life.issue.unfinished, life.issue.head_sha) == (None, "p1")


def test_a_pull_request_somebody_opened_with_unfinished_work_is_not_taken_up(life: Life) -> None:
    life.interrupt("w1")
    life.publish()

    assert life.tell(adoption(head_sha="w1")) == ()
    assert [one.type for one in decide(adoption(head_sha="h1"), life.state)] == ["PR_CREATED"]


def test_unfinished_commits_become_neither_a_pull_request_nor_a_failure(life: Life) -> None:
    life.interrupt("w1")
    opened = RecordPullRequest(
        **ids(life), pr=3, url="u", branch="b", head_sha="w1", base_branch="main", author_id=5,
        adopted=False,
    )  # fmt: skip
    refused = RefusePublish(**ids(life), failure=FailureClass.POLICY, reason="touches CI")

    assert (*life.tell(opened), *life.tell(refused)) == ()


def test_finished_commits_are_never_kept_as_unfinished(life: Life) -> None:
    life.implement("h1")

    assert life.tell(KeepUnfinished(**ids(life), head_sha="h1")) == ()
    assert life.issue.unfinished is None


def test_a_zombie_hands_nothing_over(life: Life) -> None:
    old = life.begin()
    epoch = life.issue.epoch
    life.tell(ReleaseRun(run_id=old, epoch=epoch, reason="stop", usage=no_model()))
    life.begin()

    with pytest.raises(StaleEpoch):
        life.tell(
            ReleaseRun(run_id=old, epoch=epoch, reason="late", usage=no_model(), unfinished=WORK)
        )

    assert life.issue.publish is None


def test_a_late_word_about_old_work_is_no_word_about_new_work(life: Life) -> None:
    life.interrupt("w1")
    old = ids(life)
    life.publish()
    life.interrupt("w2")

    assert life.tell(KeepUnfinished(**old, head_sha="w1")) == ()
    assert life.tell(DropCommits(**old, reason="late")) == ()
    assert life.issue.publish is not None


@pytest.mark.parametrize("stage", ["claimed", "review"])
def test_a_run_that_has_not_begun_to_implement_hands_nothing_over(life: Life, stage: str) -> None:
    if stage == "review":
        in_review(life)
    run_id = life.claim()

    life.tell(
        ReleaseRun(
            run_id=run_id, epoch=life.issue.epoch, reason="s", usage=no_model(), unfinished=WORK
        )
    )

    assert life.issue.publish is None
    assert life.issue.wanted_stage is (Stage.REVIEW if stage == "review" else Stage.IMPLEMENT)


def test_why_nothing_was_handed_over_is_recorded(life: Life) -> None:
    run_id = life.begin()
    told = life.tell(
        ReleaseRun(
            run_id=run_id, epoch=life.issue.epoch, reason="s", usage=no_model(), not_kept="no time"
        )
    )

    assert [one.not_kept for one in told if isinstance(one, RunReleased)] == ["no time"]


def test_withdrawing_the_issue_drops_its_unfinished_work(life: Life) -> None:
    life.interrupt()
    old = ids(life)
    life.tell(Cancel(reason="label removed", by="maria"))

    assert (life.issue.publish, outstanding(life.issue)) == (None, ())
    assert life.tell(KeepUnfinished(**old, head_sha="w1")) == ()


def test_work_that_the_money_ran_out_for_is_saved_and_gone_on_with(life: Life) -> None:
    # given an interruption with which the budget is spent
    run_id = life.begin()
    spent = msgspec.structs.replace(no_model(), cost_micro_usd=9_000_000)
    life.tell(
        ReleaseRun(
            run_id=run_id, epoch=life.issue.epoch, reason="stop", usage=spent, unfinished=WORK
        )
    )
    assert life.issue.lane is Lane.FAILED

    # when its work comes to the branch, and the cap is raised
    life.publish()
    assert (life.issue.lane, life.issue.wanted_stage) == (Lane.FAILED, None)
    life.tell(RaiseBudget(cap_micro_usd=20_000_000, reason="worth it", by="olga"))
    life.begin()

    # then the next run begins there
    assert life.issue.run is not None
    assert life.issue.run.start_sha == "w1"


def test_a_raise_before_the_work_is_on_the_branch_waits_for_it(life: Life) -> None:
    run_id = life.begin()
    spent = msgspec.structs.replace(no_model(), cost_micro_usd=9_000_000)
    life.tell(
        ReleaseRun(
            run_id=run_id, epoch=life.issue.epoch, reason="stop", usage=spent, unfinished=WORK
        )
    )
    life.tell(RaiseBudget(cap_micro_usd=20_000_000, reason="worth it", by="olga"))
    assert life.issue.wanted_stage is None

    life.publish()

    assert life.issue.wanted_stage is Stage.IMPLEMENT


def test_wrong_work_that_follows_costs_an_attempt_and_the_branch_is_gone_on_with(
    life: Life,
) -> None:
    life.interrupt("w1")
    life.publish()
    life.finish(life.begin(), Failed(failure=FailureClass.WORK, reason="red"))

    assert life.issue.attempts == 1
    assert life.issue.unfinished == UnfinishedWork(head_sha="w1", since_sha="b1")


def test_after_a_closed_pull_request_the_work_begins_anew(life: Life) -> None:
    # given a pull request with unfinished work that somebody closes, and opens again
    disputed(life).interrupt("w1")
    life.publish()
    life.observe(open=False, closed_by="maria")

    assert life.tell(adoption(head_sha="w1")) == ()

    life.begin()
    assert life.issue.run is not None
    assert life.issue.run.start_sha is None


@pytest.mark.parametrize("name", ["RUN_RELEASED", "ISSUE_UNASSIGNED"])
def test_events_from_before_there_was_unfinished_work_are_read(name: str) -> None:
    old = (GOLDEN / f"{name}.v1.json").read_bytes()

    event = decode(name, 1, old)

    assert {**msgspec.to_builtins(event), **msgspec.json.decode(old)} == msgspec.to_builtins(event)
    assert not getattr(event, "unfinished", None)
    assert not getattr(event, "unfinished_sha", None)
