import time
from datetime import UTC, datetime

from store_house import House

from rigtasks.eventstore.outbox import BACK_OFF, MOST_ATTEMPTS
from rigtasks.eventstore.store import OutboxEntry
from rigtasks.eventstore.switches import RIG
from rigtasks.gate.facts import Pause, PauseScope
from rigtasks.gate.rules.holds import paused_by
from rigtasks.lifecycle.events.liveness import OperatorNote
from rigtasks.testing.life import approval

STREAM = "issue:1:7:1"


def task(key: str | None = None, delay: float = 0.0) -> OutboxEntry:
    return OutboxEntry(
        kind="task",
        task="rig.conductor.effect",
        queue="conductor",
        args=(STREAM, "publish"),
        dedup_key=key,
        delay_seconds=delay,
    )


def hint() -> OutboxEntry:
    return OutboxEntry(kind="hint", task="rig.agent.work", queue="dev-e-python", args=("acme",))


def test_entries_come_with_their_append_in_order(house: House) -> None:
    house.tell(STREAM, approval(), outbox=(task(), hint()))

    taken = house.outbox.take()

    assert [each.kind for each in taken] == ["task", "hint"]
    assert taken[0].args == (STREAM, "publish")
    assert [each.stream for each in taken] == [STREAM, STREAM]
    assert [each.attempts for each in taken] == [0, 0]
    assert not any(each.again for each in taken)


def test_a_taken_entry_is_nobody_elses_until_it_comes_round_again(house: House) -> None:
    house.outbox.add((task(),))
    (first,) = house.outbox.take(repeat_seconds=0.2)

    assert house.outbox.take(repeat_seconds=0.2) == ()
    time.sleep(0.25)
    (second,) = house.outbox.take()

    assert second.id == first.id
    assert second.attempts == 0


def test_a_hint_is_done_once_published_and_a_task_is_not(house: House) -> None:
    house.outbox.add((task(), hint()))
    taken = house.outbox.take(repeat_seconds=0.0)

    house.outbox.published([each.id for each in taken])

    assert [each.kind for each in house.outbox.take()] == ["task"]


def test_a_done_task_never_comes_back_and_is_done_once(house: House) -> None:
    house.outbox.add((task(),))
    (taken,) = house.outbox.take(repeat_seconds=0.0)
    assert house.outbox.is_open(taken.id)

    assert house.outbox.done(taken.id)
    assert not house.outbox.done(taken.id)

    assert not house.outbox.is_open(taken.id)
    assert house.outbox.take() == ()


def test_the_same_key_is_the_same_work(house: House) -> None:
    house.tell(STREAM, approval(), outbox=(task("publish 1"), task("publish 1")))
    house.outbox.add((task("publish 1"), task("publish 2")))

    assert len(house.outbox.take()) == 2


def test_an_entry_may_rest_before_it_is_due(house: House) -> None:
    house.outbox.add((task(delay=0.2),))

    assert house.outbox.take() == ()
    time.sleep(0.25)

    assert len(house.outbox.take()) == 1


def test_a_broker_that_is_down_costs_no_attempt(house: House) -> None:
    house.outbox.add((task(),))
    for _ in range(MOST_ATTEMPTS + 3):
        (taken,) = house.outbox.take()
        assert taken.attempts == 0
        house.outbox.not_published([taken.id], error="Redis does not answer", retry_after=0.0)

    assert len(house.outbox.take()) == 1


def test_a_failing_task_dies_in_the_end(house: House) -> None:
    house.outbox.add((task(),))
    (taken,) = house.outbox.take()

    deaths = [house.outbox.failed(taken.id, error="no luck") for _ in range(MOST_ATTEMPTS)]

    assert deaths == [False] * (MOST_ATTEMPTS - 1) + [True]
    assert house.outbox.take() == ()
    assert not house.outbox.is_open(taken.id)


def test_the_failures_of_a_whole_day_do_not_kill_a_task() -> None:
    pauses = [BACK_OFF[min(number, len(BACK_OFF)) - 1] for number in range(1, MOST_ATTEMPTS)]

    assert sum(pauses) >= 24 * 3600
    assert max(pauses) <= 600


def test_a_failure_no_repetition_cures_is_final_at_once(house: House) -> None:
    house.outbox.add((task(),))
    (taken,) = house.outbox.take()

    assert house.outbox.failed(taken.id, error="refused", most=1)

    time.sleep(0.01)
    assert house.outbox.take() == ()


def test_a_failure_rests_before_the_next_try(house: House) -> None:
    house.outbox.add((task(),))
    (taken,) = house.outbox.take(repeat_seconds=0.0)

    house.outbox.failed(taken.id, error="GitHub said 502")

    assert house.outbox.take() == ()
    assert house.outbox.is_open(taken.id)


def test_a_failure_rests_as_long_as_it_asks_for_and_no_shorter_than_the_back_off(
    house: House,
) -> None:
    house.outbox.add((task(),))
    (taken,) = house.outbox.take()

    house.outbox.failed(taken.id, error="the head moved", retry_after=0.0)

    assert house.outbox.take() == ()
    time.sleep(BACK_OFF[0] + 0.1)
    (again,) = house.outbox.take()
    assert (again.id, again.attempts) == (taken.id, 1)
    house.outbox.failed(taken.id, error="rate limited", retry_after=3600.0)
    assert house.outbox.take() == ()


def test_a_task_that_nobody_works_on_is_published_again_and_never_dies(house: House) -> None:
    house.outbox.add((task(),))
    taken = []
    for _ in range(MOST_ATTEMPTS + 2):
        (one,) = house.outbox.take(repeat_seconds=0.0)
        house.outbox.published([one.id])
        taken.append(one)

    assert {one.attempts for one in taken} == {0}
    assert [one.again for one in taken] == [False] + [True] * (MOST_ATTEMPTS + 1)
    assert house.outbox.is_open(taken[0].id)


def test_a_task_that_failed_is_published_anew(house: House) -> None:
    house.outbox.add((task(),))
    (first,) = house.outbox.take()
    house.outbox.published([first.id])

    house.outbox.failed(first.id, error="GitHub said 502")

    time.sleep(BACK_OFF[0] + 0.1)
    (second,) = house.outbox.take()
    assert not second.again


def test_work_that_is_open_already_is_not_added_a_second_time(house: House) -> None:
    house.outbox.add_missing((task(), task(), hint()))
    house.outbox.add_missing((task(),))
    (first, _) = house.outbox.take(repeat_seconds=0.0)
    assert len(house.outbox.take(repeat_seconds=0.0)) == 2

    house.outbox.done(first.id)
    house.outbox.add_missing((task(),))

    opened = [one for one in house.outbox.take() if one.kind == "task"]
    assert [one.id == first.id for one in opened] == [False]


def test_a_later_append_that_asks_for_the_same_is_seen_until_it_is_done(house: House) -> None:
    house.tell(STREAM, approval(), outbox=(task(),))
    (first,) = house.outbox.take(repeat_seconds=0.0)

    def is_asked_again(stream: str = STREAM) -> bool:
        return house.outbox.is_asked_again(task(), stream=stream, after=first.id)

    # what belongs to no append, and what is asked of another issue, do not count
    house.outbox.add((task(),))
    house.tell("issue:1:8:1", approval(8), outbox=(task(),))
    house.tell(STREAM, OperatorNote(text="hello", by="omar"), outbox=(hint(),))
    assert not is_asked_again()
    assert is_asked_again("issue:1:8:1")

    house.tell(STREAM, OperatorNote(text="again", by="omar"), outbox=(task(),))
    assert is_asked_again()

    newest = max(house.outbox.take(repeat_seconds=0.0), key=lambda one: one.id)
    assert not house.outbox.is_asked_again(task(), stream=STREAM, after=newest.id)
    house.outbox.done(newest.id)
    assert not is_asked_again()


def test_an_entry_that_is_given_back_waits_and_has_not_failed(house: House) -> None:
    house.outbox.add((task(),))
    for _ in range(MOST_ATTEMPTS + 3):
        (taken,) = house.outbox.take()
        assert (taken.attempts, taken.again) == (0, False)
        house.outbox.published([taken.id])
        house.outbox.give_back(taken.id, reason="the rig is paused", seconds=0.0)

    (taken,) = house.outbox.take()
    house.outbox.give_back(taken.id, reason="the rig is paused", seconds=0.2)

    assert house.outbox.take() == ()
    time.sleep(0.25)
    assert [one.id for one in house.outbox.take()] == [taken.id]


def test_what_an_entry_waits_for_is_news_once(house: House) -> None:
    house.outbox.add((task(),))
    (taken,) = house.outbox.take()

    told = [
        house.outbox.give_back(taken.id, reason=reason, seconds=0.0)
        for reason in ("paused", "paused", "another effect", "paused", "paused")
    ]

    assert told == [True, False, True, True, False]


def test_what_waits_long_is_looked_at_more_seldom(house: House) -> None:
    house.outbox.add((task(),))
    (taken,) = house.outbox.take()
    time.sleep(0.4)

    house.outbox.give_back(taken.id, reason="paused", seconds=0.0, longest=60.0)

    assert house.outbox.take() == ()
    time.sleep(0.6)
    assert [one.id for one in house.outbox.take(repeat_seconds=0.0)] == [taken.id]
    house.outbox.give_back(taken.id, reason="paused", seconds=0.0, longest=0.01)
    time.sleep(0.05)
    assert [one.id for one in house.outbox.take()] == [taken.id]


def test_what_waited_for_a_pause_is_due_when_it_is_lifted(house: House) -> None:
    switches = house.switches
    pause = Pause(scope=PauseScope.RIG, target=RIG, by="olga", reason="stop", at=datetime.now(UTC))
    switches.set(RIG, reason=pause.reason, actor=pause.by)
    house.outbox.add((task("paused"), task("another")))
    paused, another = house.outbox.take()
    house.outbox.give_back(paused.id, reason=paused_by(pause), seconds=600.0)
    house.outbox.give_back(another.id, reason="another effect is under way", seconds=600.0)
    assert house.outbox.take() == ()

    switches.lift(RIG, actor="omar")

    assert [one.id for one in house.outbox.take()] == [paused.id]


def test_what_is_done_or_dead_cannot_be_given_back(house: House) -> None:
    house.outbox.add((task("one"), task("two")))
    one, two = house.outbox.take()
    house.outbox.done(one.id)
    house.outbox.failed(two.id, error="refused", most=1)

    for entry in (one, two):
        house.outbox.give_back(entry.id, reason="another effect is under way", seconds=0.0)

    assert house.outbox.take() == ()
