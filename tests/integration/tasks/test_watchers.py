"""The watchers on a real store: each sees what is wrong by itself, and says it once."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from task_lives import CONDUCTOR, HOURLY, approve, claim, open_tasks, shell_on

from rigtasks.eventstore.activity import BotAct
from rigtasks.eventstore.claims import Claimed, Limits, NotClaimed, Renewal
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.engine import Database
from rigtasks.eventstore.stream import Writes
from rigtasks.eventstore.switches import RIG, breaker_scope
from rigtasks.gate.facts import StopSource
from rigtasks.lifecycle.breaker import BreakerLimits
from rigtasks.lifecycle.commands import Escalate, ReleaseRun, Retry
from rigtasks.lifecycle.envelope import Actor, ActorKind, NewEvent
from rigtasks.lifecycle.events import Event, acceptance, work
from rigtasks.lifecycle.lateness import Patience
from rigtasks.lifecycle.state import Lane
from rigtasks.shell import EFFECT_TASK, WORK_TASK
from rigtasks.tasks.sweeps import Sweeps
from rigtasks.testing.life import no_model

AT_ONCE = Patience(silent=0.0, review=0.0, merge=0.0, person=0.0)
OPERATOR = Actor(kind=ActorKind.OPERATOR, id="ada")
WORKER = Actor(kind=ActorKind.WORKER, id="by hand")


def jobs_of(
    stores: Stores, patience: Patience = AT_ONCE, breaker: BreakerLimits | None = None
) -> dict[str, Callable[[], str]]:
    return Sweeps(
        stores=stores,
        shell=shell_on(stores),
        answer_seconds=60.0,
        orphan_seconds=86_400.0,
        periods=HOURLY,
        patience=patience,
        breaker=breaker or BreakerLimits(),
    ).jobs


def tell(stores: Stores, stream: str, *events: Event) -> None:
    stores.events.append(
        stores.events.load(stream),
        Writes(
            events=tuple(
                NewEvent(event_id=uuid4(), event=event, actor=CONDUCTOR, correlation_id=uuid4())
                for event in events
            )
        ),
    )


def types(stores: Stores, stream: str) -> list[str]:
    return [one.event.type for one in stores.events.events(stream)]


def in_review(stores: Stores, number: int = 1) -> str:
    """Bring an issue to a pull request that waits for its review, and empty the outbox."""
    stream = approve(stores, number)
    run = claim(stores, lease_seconds=60.0)
    tell(
        stores,
        stream,
        work.TestsPassed(
            run_id=run.run_id,
            epoch=run.epoch,
            base_sha="b1",
            head_sha="h1",
            artifact_id=uuid4(),
            command="pytest",
            files_changed=1,
            lines_changed=2,
        ),
        work.PrCreated(
            pr=90 + number,
            url=f"https://github.test/acme/api/pull/{90 + number}",
            branch=f"feature/issue-{number}",
            head_sha="h1",
            base_branch="main",
            author_id=501,
        ),
    )
    return stream


def approved(stores: Stores) -> str:
    stream = in_review(stores)
    passed = acceptance.ReviewPassed(review_id=1, head_sha="h1", reviewer_id=602, reviewer="r")
    tell(stores, stream, passed)
    return stream


def effects(stores: Stores) -> list[str]:
    return sorted(str(args[-1]) for task, args in open_tasks(stores) if task == EFFECT_TASK)


class TestSilentAgents:
    def test_an_agent_that_shows_nothing_loses_its_issue_and_its_lease(
        self, stores: Stores
    ) -> None:
        stream = approve(stores, 1)
        run = claim(stores, lease_seconds=60.0)
        jobs = jobs_of(stores)
        assert jobs_of(stores, Patience())["silent_agents"]() == "0 silent agents"

        assert jobs["silent_agents"]() == "1 silent agents"
        assert jobs["silent_agents"]() == "0 silent agents"

        state = stores.events.load(stream).state
        assert state is not None
        assert (state.shown, state.lane, state.who_must_act) == (
            "stuck",
            Lane.QUEUED,
            "an operator of the rig",
        )
        assert beat(stores, run) is Renewal.LOST
        assert types(stores, stream)[-1] == "AGENT_STUCK"
        assert effects(stores) == ["report"]

    def test_a_sign_of_progress_counts_from_when_it_was_given(
        self, stores: Stores, database: Database
    ) -> None:
        approve(stores, 1)
        run = claim(stores, lease_seconds=600.0)
        database.rows("UPDATE leases SET progress_at = progress_at - interval '1 hour'")
        (silent,) = stores.claims.silent(seconds=1800.0)
        assert 3600.0 <= silent.silent_seconds < 3700.0

        assert beat(stores, run, silent_seconds=1900.0) is Renewal.HELD
        (silent,) = stores.claims.silent(seconds=1800.0)
        assert 1900.0 <= silent.silent_seconds < 2000.0
        assert beat(stores, run, silent_seconds=5.0) is Renewal.HELD

        assert jobs_of(stores, Patience())["silent_agents"]() == "0 silent agents"

    def test_a_dead_agent_is_not_a_silent_one(self, stores: Stores) -> None:
        approve(stores, 1)
        claim(stores, lease_seconds=0.0)

        assert jobs_of(stores)["silent_agents"]() == "0 silent agents"


def beat(stores: Stores, run: Claimed, *, silent_seconds: float = 0.0) -> Renewal:
    return stores.claims.heartbeat(
        stream=run.stream,
        epoch=run.epoch,
        run_id=run.run_id,
        lease_seconds=600.0,
        silent_seconds=silent_seconds,
    )


class TestLatePullRequests:
    def test_a_review_nobody_took_is_asked_for_without_any_timer_or_bell(
        self, stores: Stores, database: Database
    ) -> None:
        # given a review that every other way has lost
        stream = in_review(stores)
        database.rows("DELETE FROM wakeups")
        assert open_tasks(stores) == []

        # when the watcher looks, and looks again
        assert jobs_of(stores)["late_pull_requests"]() == "1 pull requests are late"
        assert jobs_of(stores)["late_pull_requests"]() == "0 pull requests are late"

        # then its bell rings and its pull request is looked at
        assert types(stores, stream)[-1] == "ENVELOPE_TIMED_OUT"
        asked = open_tasks(stores)
        assert (WORK_TASK, ("review-e", "acme/api#1")) in asked
        assert (EFFECT_TASK, (stream, "attend")) in asked

    def test_an_approved_pull_request_that_stays_is_looked_at(self, stores: Stores) -> None:
        stream = approved(stores)

        assert jobs_of(stores)["late_pull_requests"]() == "1 pull requests are late"

        assert (EFFECT_TASK, (stream, "attend")) in open_tasks(stores)

    def test_what_is_stopped_or_in_time_is_not_late(self, stores: Stores) -> None:
        stream = in_review(stores)
        assert jobs_of(stores, Patience())["late_pull_requests"]() == "0 pull requests are late"
        stores.switches.set(RIG, reason="maintenance", actor="maria")

        assert jobs_of(stores)["late_pull_requests"]() == "0 pull requests are late"

        assert types(stores, stream)[-1] == "PR_CREATED"

    def test_a_stream_nobody_can_read_keeps_no_other_from_being_seen(
        self, stores: Stores, database: Database
    ) -> None:
        broken, late = in_review(stores, 1), in_review(stores, 2)
        database.rows(
            "UPDATE events SET type = 'FROM_THE_FUTURE' WHERE stream = %s AND version = 1",
            (broken,),
        )

        with pytest.raises(Exception, match="FROM_THE_FUTURE"):
            jobs_of(stores)["late_pull_requests"]()

        assert types(stores, late)[-1] == "ENVELOPE_TIMED_OUT"


class TestReminders:
    def test_the_person_at_the_human_gate_is_reminded(self, stores: Stores) -> None:
        stream = approved(stores)
        tell(stores, stream, acceptance.HumanGateTriggered(head_sha="h1", reasons=("auth",)))
        assert jobs_of(stores, Patience())["human_gates"]() == "0 reminders at human gates"

        assert jobs_of(stores)["human_gates"]() == "1 reminders at human gates"

        assert types(stores, stream)[-1] == "HUMAN_GATE_REMINDER"
        assert effects(stores) == ["remind"]

    def test_a_called_person_is_told_a_second_time(self, stores: Stores) -> None:
        stream = approve(stores, 1)
        called = Escalate(reason="no permission", who_must_act="the operator")
        shell_on(stores).tell(stream, called, actor=CONDUCTOR, cause=uuid4())
        jobs = jobs_of(stores)

        assert jobs["escalations"]() == "1 persons were told again"
        assert jobs["escalations"]() == "0 persons were told again"

        assert types(stores, stream)[-2:] == ["ESCALATED", "ESCALATED"]
        assert "remind" in effects(stores)


LIMITS = BreakerLimits(rounds=3, comments=3, labels=3)


def bot(stores: Stores, kind: str, number: int = 1, delivery: str | None = None) -> None:
    stores.activities.note(
        BotAct(
            delivery_id=delivery or str(uuid4()),
            repo_id=1,
            number=number,
            kind=kind,
            actor="helpful[bot]",
        )
    )


class TestBreaker:
    def opened(self, stores: Stores) -> bool:
        return jobs_of(stores, breaker=LIMITS)["breakers"]() == "1 breakers opened"

    @pytest.mark.parametrize("kind", ["comment", "label"])
    def test_a_bot_that_answers_the_rig_stops_the_issue(self, stores: Stores, kind: str) -> None:
        stream = in_review(stores)
        for number in (1, 91):
            bot(stores, kind, number)
        bot(stores, kind, 1, delivery="once")
        assert self.opened(stores)
        assert not self.opened(stores)

        state = stores.events.load(stream).state
        assert state is not None
        assert state.shown == "escalated"
        assert f"3 {kind}s" in state.reason
        assert "rig issue resume" in (state.who_must_act or "")
        (stop,) = stores.switches.active()
        assert (stop.scope, stop.source, stop.actor) == (
            "issue:1:1",
            StopSource.BREAKER,
            "the breaker",
        )

    def test_a_delivery_that_comes_again_counts_once(self, stores: Stores) -> None:
        approve(stores, 1)
        for _ in range(9):
            bot(stores, "comment", delivery="the same")

        assert not self.opened(stores)

    def test_another_issue_of_the_repository_is_not_stopped(self, stores: Stores) -> None:
        approve(stores, 1)
        approve(stores, 2)
        for _ in range(3):
            bot(stores, "comment", 2)

        assert self.opened(stores)

        assert stores.switches.first_of(("issue:1:1",)) is None
        assert claim(stores, lease_seconds=60.0).stream == "issue:1:1:1"

    def test_rounds_of_every_generation_count_together(self, stores: Stores) -> None:
        stream = approve(stores, 1)
        for _ in range(3):
            run = claim(stores, lease_seconds=60.0)
            released = ReleaseRun(
                run_id=run.run_id, epoch=run.epoch, reason="shutdown", usage=no_model()
            )
            shell_on(stores).tell(stream, released, actor=WORKER, cause=uuid4())
            stores.database.rows("UPDATE issues SET claim_after = NULL RETURNING stream")

        assert self.opened(stores)

        # nobody gets it, whatever clears the call for a person
        again = Retry(reason="by a bot", by="helpful[bot]")
        shell_on(stores).tell(stream, again, actor=OPERATOR, cause=uuid4())
        assert not isinstance(claim_or_not(stores), Claimed)

    def test_a_running_agent_is_stopped_with_its_next_heartbeat(self, stores: Stores) -> None:
        approve(stores, 1)
        run = claim(stores, lease_seconds=60.0)
        for _ in range(3):
            bot(stores, "comment")

        assert self.opened(stores)

        assert beat(stores, run) is Renewal.PAUSED

    def test_once_a_person_closed_it_counting_begins_anew(self, stores: Stores) -> None:
        approve(stores, 1)
        for _ in range(3):
            bot(stores, "comment")
        assert self.opened(stores)
        scope = breaker_scope(1, 1)
        assert stores.switches.lift(scope, actor="ada", source=StopSource.BREAKER)

        assert not self.opened(stores)
        for _ in range(3):
            bot(stores, "comment")
        assert self.opened(stores)

    def test_what_happened_before_the_window_does_not_count(
        self, stores: Stores, database: Database
    ) -> None:
        approve(stores, 1)
        for _ in range(3):
            bot(stores, "comment")
        database.rows("UPDATE bot_acts SET at = at - interval '61 minutes'")

        assert not self.opened(stores)
        assert stores.activities.forget(older_than_seconds=3600.0) == 3


def claim_or_not(stores: Stores) -> Claimed | NotClaimed:
    return stores.claims.claim(
        queue="dev-e-python",
        agent="dev-e-python",
        holder="by hand",
        run_id=uuid4(),
        lease_seconds=60.0,
        limits=Limits(),
    )
