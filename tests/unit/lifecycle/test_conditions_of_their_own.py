"""Conditions that other conditions nearly always come with: each is looked at where it is alone."""

from msgspec.structs import replace

from rigtasks.lifecycle.commands import (
    Cancel,
    Failed,
    RecordBaseCi,
    RemindOfGate,
    ReportSilence,
    StartWork,
)
from rigtasks.lifecycle.decide import decide
from rigtasks.lifecycle.events.work import PrUpdated
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.lateness import waits_at_human_gate
from rigtasks.lifecycle.state import Lane, Overlay
from rigtasks.lifecycle.timers import Timers, next_wakeup
from rigtasks.routing.agent_config import AgentConfig
from rigtasks.testing.life import Life


def test_a_strange_head_is_recorded_although_other_commits_wait_to_be_pushed(life: Life) -> None:
    life.observe(conflict=True)
    life.implement("h2")
    assert life.issue.publish is not None

    (moved,) = life.observe(head_sha="theirs")

    assert moved == PrUpdated(pr=3, head_sha="theirs", by_rig=False)


def test_a_withdrawn_issue_reminds_nobody_of_its_gate(life: Life) -> None:
    life.tell(Cancel(reason="not needed", by="ada"))
    command = RemindOfGate(head_sha=life.issue.head_sha or "", count=1)

    assert decide(command, life.state) == ()


def test_what_a_merge_made_of_the_base_is_nothing_to_an_unknown_issue() -> None:
    assert decide(RecordBaseCi(merge_sha="m1", green=True, checks=()), None) == ()


def test_a_silent_agent_begins_a_new_count_of_calls(life: Life) -> None:
    run_id = life.claim()
    life.state = replace(life.issue, calls=2)

    life.tell(ReportSilence(run_id=run_id, epoch=life.issue.epoch, silent_seconds=1_800))

    assert life.issue.overlay is Overlay.STUCK
    assert life.issue.calls == 1


def test_what_a_failed_review_printed_is_no_feedback_to_the_author(life: Life) -> None:
    run_id = life.claim()
    failed = Failed(failure=FailureClass.WORK, reason="no verdict", output_tail="Traceback")

    life.finish(run_id, failed)

    assert life.issue.feedback is None


def test_a_review_that_begins_leaves_the_issue_in_review(life: Life) -> None:
    run_id = life.claim()
    before = life.issue

    life.tell(
        StartWork(
            run_id=run_id,
            epoch=before.epoch,
            base_sha="b2",
            head_sha=before.head_sha,
            branch="feature/issue-7-totals",
            isolation="bubblewrap",
            config=AgentConfig(),
            config_sha="c2",
        )
    )

    assert life.issue.lane is Lane.IN_REVIEW
    assert (life.issue.base_sha, life.issue.config_sha) == (before.base_sha, before.config_sha)


def test_no_head_waits_for_nobody_at_the_human_gate() -> None:
    life = Life()
    life.approve()

    assert waits_at_human_gate(life.issue) is False


def test_a_refusal_of_an_issue_with_a_pull_request_is_looked_at_again(life: Life) -> None:
    state = replace(
        life.issue, lane=Lane.FAILED, refusal_code="no_stack", who_must_act="a maintainer"
    )
    assert state.waits_for_person

    assert next_wakeup(state, life.now, Timers()) is not None


def test_the_same_refusal_without_one_is_not(life: Life) -> None:
    state = replace(
        life.issue, lane=Lane.FAILED, refusal_code="no_stack", who_must_act="a maintainer", pr=None
    )

    assert next_wakeup(state, life.now, Timers()) is None
