"""What watchers find is decided from state and time, and said once however often it is found."""

from datetime import timedelta
from uuid import UUID, uuid5

import pytest

from rigtasks.lifecycle.breaker import Activity, BreakerLimits, why_open
from rigtasks.lifecycle.commands import (
    Acknowledge,
    CiStatus,
    Escalate,
    NoteLate,
    OpenBreaker,
    RecordBaseCi,
    RecordGate,
    RemindOfCall,
    RemindOfGate,
    ReportSilence,
    Retry,
    StartCli,
)
from rigtasks.lifecycle.decide import decide
from rigtasks.lifecycle.events.acceptance import HumanGateTriggered
from rigtasks.lifecycle.events.base import Blocker
from rigtasks.lifecycle.lateness import Patience, call_reminder, gate_reminder, overdue
from rigtasks.lifecycle.react import Bell, Effect, EffectKind, react
from rigtasks.lifecycle.state import Lane
from rigtasks.testing.life import NAMESPACE, Life, verdict

PATIENCE = Patience()
REVIEW, MERGE, PERSON = PATIENCE.review, PATIENCE.merge, PATIENCE.person


@pytest.fixture
def life() -> Life:
    life = Life()
    life.approve()
    return life


@pytest.fixture
def in_review(life: Life) -> Life:
    life.implement()
    life.publish()
    return life


@pytest.fixture
def approved(in_review: Life) -> Life:
    in_review.observe(reviews=(verdict("APPROVED", in_review.issue.head_sha or ""),))
    assert in_review.issue.lane is Lane.READY_TO_MERGE
    return in_review


def after(life: Life, seconds: float):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return life.issue.entered_at + timedelta(seconds=seconds)


def late(life: Life, seconds: float) -> NoteLate | None:
    return overdue(life.issue, after(life, seconds), PATIENCE)


class TestSilence:
    def test_a_silent_run_loses_its_issue_to_a_person(self, life: Life) -> None:
        run_id = life.claim()
        epoch = life.issue.epoch

        told = life.tell(ReportSilence(run_id=run_id, epoch=epoch, silent_seconds=1860.0))

        assert [one.type for one in told] == ["AGENT_STUCK"]
        state = life.issue
        assert (state.shown, state.lane, state.run) == ("stuck", Lane.QUEUED, None)
        assert (state.reason, state.who_must_act) == (
            "its agent showed no progress for 31 min",
            "an operator of the rig",
        )
        assert state.wanted_stage is None
        assert Effect(kind=EffectKind.REPORT) in life.effects

        life.tell(Retry(reason="again", by="ada"))

        assert life.issue.wanted_queue == "dev-e-python"

    def test_a_silent_review_leaves_the_pull_request_where_it_is(self, in_review: Life) -> None:
        run_id = in_review.claim()

        in_review.tell(
            ReportSilence(run_id=run_id, epoch=in_review.issue.epoch, silent_seconds=1800.0)
        )

        assert (in_review.issue.shown, in_review.issue.lane) == ("stuck", Lane.IN_REVIEW)

    @pytest.mark.parametrize("epoch", [1, 2])
    def test_silence_of_another_run_takes_nothing_away(self, life: Life, epoch: int) -> None:
        run_id = life.claim()
        stranger = uuid5(NAMESPACE, "stranger") if epoch == 1 else run_id

        command = ReportSilence(run_id=stranger, epoch=epoch, silent_seconds=1800.0)

        assert decide(command, life.issue) == ()
        assert decide(command, None) == ()


class TestLateness:
    def test_a_review_that_nobody_takes_is_late_and_asked_for_again(self, in_review: Life) -> None:
        assert late(in_review, REVIEW - 1) is None
        command = late(in_review, REVIEW + 1)
        assert command is not None

        before = len(in_review.effects)
        told = in_review.tell(command)

        assert [one.type for one in told] == ["ENVELOPE_TIMED_OUT"]
        assert command.what == f"nobody took the review of {in_review.issue.head_sha}"
        asked = in_review.effects[before:]
        assert Bell(queue="review-e") in asked
        assert Effect(kind=EffectKind.ATTEND) in asked
        assert Effect(kind=EffectKind.REPORT) in asked

    def test_an_approved_pull_request_that_stays_is_late_and_looked_at(
        self, approved: Life
    ) -> None:
        assert late(approved, MERGE - 1) is None
        command = late(approved, MERGE + 1)
        assert command is not None
        assert command.what.startswith("not merged although approved at ")

        before = len(approved.effects)
        approved.tell(command)

        assert Effect(kind=EffectKind.ATTEND) in approved.effects[before:]
        assert not any(isinstance(one, Bell) for one in approved.effects[before:])

    def test_it_is_said_once_for_a_head(self, in_review: Life) -> None:
        first = late(in_review, REVIEW + 1)
        assert first is not None
        in_review.tell(first)

        assert in_review.tell(first) == ()
        again = late(in_review, 5 * REVIEW)
        assert again is not None
        assert in_review.tell(again) == ()

        in_review.observe(head_sha="h9")
        newer = late(in_review, REVIEW + 1)
        assert newer is not None
        assert [one.type for one in in_review.tell(newer)] == ["ENVELOPE_TIMED_OUT"]

    def test_what_a_run_or_a_person_has_is_not_late(self, in_review: Life) -> None:
        command = late(in_review, REVIEW + 1)
        assert command is not None
        run = Life.claim
        run(in_review)

        assert late(in_review, 9 * REVIEW) is None
        assert in_review.tell(command) == ()

    def test_an_escalated_pull_request_is_not_late(self, approved: Life) -> None:
        approved.tell(Escalate(reason="no permission", who_must_act="the operator"))

        assert late(approved, 9 * MERGE) is None


class TestHumanGate:
    @pytest.fixture
    def gated(self, approved: Life) -> Life:
        head = approved.issue.head_sha or ""
        blocker = Blocker(gate="human_gate", status="fail", summary="touches migrations")
        approved.tell(RecordGate(head_sha=head, blockers=(blocker,)))
        return approved

    def due(self, life: Life, seconds: float) -> RemindOfGate | None:
        return gate_reminder(life.issue, after(life, seconds), PATIENCE)

    def test_its_person_is_reminded_at_growing_pauses(self, gated: Life) -> None:
        assert late(gated, 9 * MERGE) is None
        assert self.due(gated, PERSON - 1) is None
        first = self.due(gated, PERSON + 1)
        assert first == RemindOfGate(head_sha=gated.issue.head_sha or "", count=1)
        gated.now = after(gated, PERSON)
        told = gated.tell(first)

        assert [one.type for one in told] == ["HUMAN_GATE_REMINDER"]
        assert gated.effects[-1] == Effect(kind=EffectKind.REMIND)
        assert gated.tell(first) == ()
        assert self.due(gated, 3 * PERSON - 1) is None
        second = self.due(gated, 3 * PERSON + 2)
        assert second is not None
        assert second.count == 2

    def test_a_gate_that_was_told_of_with_the_push_reminds_as_well(self, approved: Life) -> None:
        head = approved.issue.head_sha or ""
        approved.store(HumanGateTriggered(head_sha=head, reasons=("touches auth",)))

        assert self.due(approved, PERSON + 1) is not None

    def test_who_looked_is_not_reminded(self, gated: Life) -> None:
        head = gated.issue.head_sha or ""
        gated.store(HumanGateTriggered(head_sha=head, reasons=("touches auth",)))
        command = self.due(gated, PERSON + 1)
        assert command is not None
        gated.observe(reviews=(verdict("APPROVED", head, id=2, human=True),))
        assert gated.issue.gate_cleared_sha == head

        assert self.due(gated, 9 * PERSON) is None
        assert gated.tell(command) == ()

    def test_a_new_head_begins_anew(self, gated: Life) -> None:
        command = self.due(gated, PERSON + 1)
        assert command is not None
        gated.tell(command)
        gated.observe(head_sha="h9")

        assert gated.tell(RemindOfGate(head_sha="h1", count=2)) == ()
        assert self.due(gated, 9 * PERSON) is None

    def test_another_gate_reminds_nobody(self, approved: Life) -> None:
        head = approved.issue.head_sha or ""
        blocker = Blocker(gate="ci", status="pending", summary="test is missing")
        approved.tell(RecordGate(head_sha=head, blockers=(blocker,)))

        assert self.due(approved, 9 * PERSON) is None
        assert late(approved, MERGE + 1) is not None


class TestEscalations:
    def due(self, life: Life, seconds: float) -> RemindOfCall | None:
        assert life.issue.called_at is not None
        return call_reminder(
            life.issue, life.issue.called_at + timedelta(seconds=seconds), PATIENCE
        )

    @pytest.fixture
    def called(self, life: Life) -> Life:
        life.tell(Escalate(reason="no permission", who_must_act="the operator"))
        return life

    def test_a_called_person_is_told_a_second_time_and_no_third(self, called: Life) -> None:
        assert self.due(called, PERSON - 1) is None
        command = self.due(called, PERSON + 1)
        assert command == RemindOfCall(calls=1)

        told = called.tell(command)

        assert [one.type for one in told] == ["ESCALATED"]
        assert (called.issue.reason, called.issue.calls) == ("no permission", 2)
        assert called.effects[-1] != Effect(kind=EffectKind.ATTEND)
        assert Effect(kind=EffectKind.REMIND) in called.effects
        assert called.tell(command) == ()
        assert self.due(called, 99 * PERSON) is None

    def test_the_first_call_is_no_reminder(self, called: Life) -> None:
        assert Effect(kind=EffectKind.REMIND) not in called.effects

    def test_who_acknowledged_is_left_alone(self, called: Life) -> None:
        command = self.due(called, PERSON + 1)
        assert command is not None
        assert [one.type for one in called.tell(Acknowledge(by="ada"))] == [
            "ESCALATION_ACKNOWLEDGED"
        ]

        assert (called.issue.who_must_act, called.issue.shown) == ("ada", "escalated")
        assert self.due(called, 9 * PERSON) is None
        assert called.tell(command) == ()
        assert called.tell(Acknowledge(by="omar")) == ()

    def test_nobody_acknowledges_what_calls_nobody(self, life: Life) -> None:
        assert life.tell(Acknowledge(by="ada")) == ()


class TestBaseBranch:
    @pytest.fixture
    def merged(self, approved: Life) -> Life:
        approved.observe(merged=True, merged_by="maria", merge_sha="m1")
        assert approved.issue.lane is Lane.DONE
        return approved

    @pytest.mark.parametrize(("green", "type_"), [(True, "CI_PASSED"), (False, "CI_FAILED")])
    def test_what_the_merge_made_of_it_is_recorded_once(
        self, merged: Life, *, green: bool, type_: str
    ) -> None:
        command = RecordBaseCi(merge_sha="m1", green=green, checks=())
        before = merged.issue

        assert [one.type for one in merged.tell(command)] == [type_]
        assert merged.issue.lane is Lane.DONE
        assert merged.tell(command) == ()
        events = decide(command, before)
        reminded = Effect(kind=EffectKind.REMIND) in react(events, before, merged.issue)
        assert reminded is not green

    def test_another_commit_says_nothing(self, merged: Life) -> None:
        assert merged.tell(RecordBaseCi(merge_sha="m2", green=False, checks=())) == ()

    def test_red_checks_of_a_head_remind_nobody(self, in_review: Life) -> None:
        in_review.observe(ci=CiStatus.RED)

        assert Effect(kind=EffectKind.REMIND) not in in_review.effects


LIMITS = BreakerLimits(rounds=5, comments=6, labels=7, window=600.0)


def activity(**counts: int) -> Activity:
    return Activity(
        **{"repo_id": 1, "number": 7, "rounds": 0, "comments": 0, "labels": 0, **counts},
        stream="issue:1:7:1",
    )


class TestBreaker:
    @pytest.mark.parametrize(
        ("counts", "words"),
        [
            ({"rounds": 5}, "5 runs were begun"),
            ({"comments": 6}, "6 comments were made by bots"),
            ({"labels": 7}, "7 labels were set or taken off by bots"),
        ],
    )
    def test_each_kind_of_loop_opens_it(self, counts: dict[str, int], words: str) -> None:
        assert why_open(activity(**counts), LIMITS) == (
            f"{words} within 10 min: something answers itself"
        )

    def test_one_less_of_each_opens_nothing(self) -> None:
        assert why_open(activity(rounds=4, comments=5, labels=6), LIMITS) is None

    def test_an_open_one_hands_the_issue_to_an_operator(self, life: Life) -> None:
        told = life.tell(OpenBreaker(reason="6 comments"))

        assert [one.type for one in told] == ["ISSUE_NEEDS_HUMAN"]
        assert (life.issue.shown, life.issue.wanted_stage) == ("escalated", None)
        assert life.issue.who_must_act is not None
        assert "rig issue resume" in life.issue.who_must_act
        assert life.tell(OpenBreaker(reason="6 comments")) == ()


def test_whose_agent_worked_last_is_known(life: Life) -> None:
    run_id: UUID = life.claim()
    assert life.issue.provider is None

    life.tell(
        StartCli(
            run_id=run_id,
            epoch=life.issue.epoch,
            provider="claude",
            model=None,
            isolation="bubblewrap",
            call_micro_usd=None,
        )
    )

    assert life.issue.provider == "claude"
