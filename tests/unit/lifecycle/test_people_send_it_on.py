"""What people are told to do works: the label again, an approval, a merge of the base."""

from datetime import timedelta

import pytest

from rigtasks.lifecycle.commands import Admit, CiStatus, Escalate, Failed, Hold, Retry
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.react import Bell, Effect, EffectKind
from rigtasks.lifecycle.state import FeedbackKind, Lane, Overlay, Stage
from rigtasks.routing.decisions import Question
from rigtasks.testing.life import START, Life, approval, verdict

AGAIN = START + timedelta(minutes=5)


@pytest.fixture
def life() -> Life:
    life = Life()
    life.approve(labelled_at=START)
    return life


def types(events: object) -> list[str]:
    return [event.type for event in events]  # type: ignore[attr-defined]


def fail(life: Life) -> None:
    for _ in range(life.issue.limits.max_attempts):
        life.finish(life.claim(), Failed(failure=FailureClass.WORK, reason="red"))


def escalate_after_disputes(life: Life) -> str:
    """Go through rounds of review until a person is called; return the head they ended at."""
    while life.issue.overlay is None:
        head = f"h{len(life.events)}"
        life.implement(head_sha=head)
        life.publish()
        life.review()
        life.observe(reviews=(verdict("CHANGES_REQUESTED", head, id=len(life.events)),))
    return life.issue.head_sha or ""


def test_a_failed_issue_is_tried_again_when_its_label_is_set_again(life: Life) -> None:
    fail(life)
    assert life.issue.lane is Lane.FAILED

    # the same label told twice changes nothing
    life.approve(labelled_at=START)
    assert life.issue.shown == Lane.FAILED
    life.approve(labelled_at=AGAIN)

    assert (life.issue.shown, life.issue.attempts) == (Lane.QUEUED, 0)
    assert life.issue.wanted_stage is Stage.IMPLEMENT


def test_a_failed_issue_with_a_pull_request_goes_on_with_its_branch(life: Life) -> None:
    life.implement()
    life.publish()
    life.observe(ci=CiStatus.RED)
    fail(life)
    assert life.issue.lane is Lane.FAILED

    life.approve(labelled_at=AGAIN)

    assert life.issue.shown == Lane.CHANGES_REQUESTED
    assert life.issue.pr is not None


def test_an_escalated_issue_goes_on_when_its_label_is_set_again(life: Life) -> None:
    escalate_after_disputes(life)

    life.approve(labelled_at=AGAIN)

    assert (life.issue.overlay, life.issue.review_loops) == (None, 0)
    assert life.issue.wanted_stage is Stage.IMPLEMENT


def test_a_label_set_again_never_replaces_a_text_that_is_worked_on(life: Life) -> None:
    life.implement()
    life.publish()

    assert life.tell(Admit(approved=approval(labelled_at=AGAIN, task_digest="d2"))) == ()

    assert life.issue.task_digest == "d1"


def test_a_label_set_again_approves_the_changed_file_beside_the_one_of_the_claim(
    life: Life,
) -> None:
    life.implement()
    life.publish()
    waits = Hold(waits_for="pause", sentence="a person paused it", blocking=True)
    before = len(life.effects)

    approved = approval(labelled_at=AGAIN, config_sha="c2")
    assert types(life.tell(Admit(approved=approved, hold=waits))) == ["ISSUE_APPROVED"]

    assert (life.issue.config_sha, life.issue.reapproved_config_sha) == ("c1", "c2")
    assert life.issue.lane is Lane.IN_REVIEW
    assert Effect(kind=EffectKind.ATTEND) in life.effects[before:]


def test_a_new_run_begins_under_one_file_again(life: Life) -> None:
    life.implement()
    life.publish()
    life.approve(labelled_at=AGAIN, config_sha="c2")
    life.observe(ci=CiStatus.RED)

    life.implement(head_sha="h2")

    assert (life.issue.config_sha, life.issue.reapproved_config_sha) == ("c1", None)


def test_a_persons_approval_settles_what_the_rounds_of_review_could_not(life: Life) -> None:
    head = escalate_after_disputes(life)
    assert (life.issue.lane, life.issue.overlay) == (Lane.CHANGES_REQUESTED, Overlay.ESCALATED)

    # an agent's approval is not what was asked for, and neither is one of another commit
    life.observe(reviews=(verdict("APPROVED", head, id=998),))
    life.observe(reviews=(verdict("APPROVED", "older", id=998, human=True),))
    assert life.issue.overlay is Overlay.ESCALATED
    life.observe(reviews=(verdict("APPROVED", head, id=999, human=True),))

    assert life.issue.shown == Lane.READY_TO_MERGE
    assert life.observe(reviews=(verdict("APPROVED", head, id=999, human=True),)) == ()


def test_a_persons_approval_does_not_take_the_branch_from_the_agents(life: Life) -> None:
    life.implement()
    life.publish()
    life.review()
    life.observe(reviews=(verdict("CHANGES_REQUESTED", "h1"),))

    life.observe(reviews=(verdict("APPROVED", "h1", id=9, human=True),))

    assert life.issue.lane is Lane.CHANGES_REQUESTED


def test_an_approval_heard_before_does_not_answer_a_later_call_for_a_person(life: Life) -> None:
    life.implement()
    life.publish()
    approved = (verdict("APPROVED", "h1", id=9, human=True),)
    life.observe(reviews=approved)
    life.observe(reviews=approved, conflict=True)
    life.tell(Escalate(reason="5 runs were lost", who_must_act="an operator"))

    assert "REVIEW_PASSED" not in types(life.observe(reviews=approved))
    assert life.issue.overlay is Overlay.ESCALATED
    life.observe(reviews=(verdict("APPROVED", "h1", id=10, human=True),))
    assert life.issue.shown == Lane.READY_TO_MERGE


def test_an_approved_head_that_is_behind_its_base_goes_back_to_be_brought_up_to_date(
    life: Life,
) -> None:
    life.implement()
    life.publish()
    life.review()

    # while the review is under way the base may move on without a new round
    assert life.observe(behind=True) == ()
    life.observe(reviews=(verdict("APPROVED", "h1"),))
    assert types(life.observe(behind=True)) == ["MERGE_CONFLICT"]

    feedback = life.issue.feedback
    assert feedback is not None
    assert (life.issue.lane, feedback.kind) == (Lane.CHANGES_REQUESTED, FeedbackKind.CONFLICT)
    assert life.observe(behind=True) == ()


def test_a_retry_leaves_a_hold_to_intake_and_its_words_to_people() -> None:
    life = Life()
    waits = Hold(waits_for="dependency", sentence="waits for #1 to be done", blocking=True)
    life.tell(Admit(approved=approval(depends_on=("acme/api#1",)), hold=waits))
    life.tell(Escalate(reason="a task was given up", who_must_act="the operator of the rig"))

    assert types(life.tell(Retry(reason="try again", by="omar"))) == ["OPERATOR_RETRIED"]

    assert (life.issue.overlay, life.issue.wanted_stage) == (None, None)
    assert (life.issue.hold_blocks, life.issue.hold_sentence) == (True, waits.sentence)
    lifted = life.tell(Admit(approved=approval(depends_on=("acme/api#1",))))
    assert types(lifted) == ["ISSUE_APPROVED"]
    assert life.issue.wanted_stage is Stage.IMPLEMENT


ASKED = Question(sentence="the text speaks of `money`", labelled_by_person=True)
BY_A_BOT = Question(sentence=ASKED.sentence, labelled_by_person=False)


def ask(life: Life, question: Question = ASKED, **changes: object) -> list[str]:
    return types(life.tell(Admit(approved=approval(**changes), question=question)))  # type: ignore[arg-type]


def test_a_text_that_calls_a_person_is_nobodys_work_until_the_label_is_set_again() -> None:
    life = Life()

    assert ask(life, labelled_at=START) == ["ISSUE_APPROVED", "ISSUE_NEEDS_HUMAN"]
    assert (life.issue.overlay, life.issue.wanted_stage) == (Overlay.ESCALATED, None)
    assert life.issue.who_must_act == "a person with write permission"
    assert not any(isinstance(one, Bell) for one in life.effects)

    # the same label told again is no answer, and neither is a bot's
    assert ask(life, labelled_at=START) == []
    assert ask(life, BY_A_BOT, labelled_at=AGAIN) == ["ISSUE_APPROVED", "ISSUE_NEEDS_HUMAN"]
    assert life.issue.wanted_stage is None

    assert ask(life, labelled_at=AGAIN + timedelta(minutes=1)) == ["ISSUE_APPROVED"]
    assert (life.issue.overlay, life.issue.wanted_stage) == (None, Stage.IMPLEMENT)


def test_another_text_or_another_file_is_asked_about_anew() -> None:
    life = Life()
    ask(life, labelled_at=START)
    ask(life, labelled_at=AGAIN)
    assert life.issue.overlay is None

    assert ask(life, labelled_at=AGAIN, task_digest="d2")[-1] == "ISSUE_NEEDS_HUMAN"
    ask(life, labelled_at=AGAIN + timedelta(minutes=1), task_digest="d2")
    assert life.issue.overlay is None
    changed = ask(life, labelled_at=AGAIN + timedelta(minutes=1), task_digest="d2", config_sha="c2")
    assert changed[-1] == "ISSUE_NEEDS_HUMAN"


@pytest.mark.parametrize("answered", [False, True])
def test_a_question_outlives_a_hold_and_an_answer_does_too(*, answered: bool) -> None:
    life = Life()
    waits = Hold(waits_for="dependency", sentence="waits for #1 to be done", blocking=True)

    def tell(labelled: object, hold: Hold | None = waits) -> list[str]:
        approved = approval(labelled_at=labelled)
        return types(life.tell(Admit(approved=approved, hold=hold, question=ASKED)))

    assert tell(START) == ["ISSUE_APPROVED", "ISSUE_HELD", "ISSUE_NEEDS_HUMAN"]
    if answered:
        assert tell(AGAIN) == ["ISSUE_APPROVED", "ISSUE_HELD"]

    # what it waited for has come
    lifted = tell(AGAIN if answered else START, hold=None)

    assert ("ISSUE_NEEDS_HUMAN" in lifted) is not answered
    assert (life.issue.wanted_stage is Stage.IMPLEMENT) is answered


def test_an_operator_may_answer_too(life: Life) -> None:
    asked = Life()
    ask(asked, labelled_at=START)

    asked.tell(Retry(reason="it is fine", by="omar"))

    assert asked.issue.wanted_stage is Stage.IMPLEMENT
    assert ask(asked, labelled_at=START) == []
    assert life.issue.overlay is None


def test_nobody_is_asked_about_work_that_has_begun() -> None:
    life = Life()
    life.approve(labelled_at=START)
    life.implement()
    life.publish()

    assert ask(life, BY_A_BOT, labelled_at=AGAIN) == ["ISSUE_APPROVED"]
    assert life.issue.overlay is None
