from uuid import uuid4

import pytest
from store_house import CONDUCTOR, House

from rigtasks.errors import Conflict, Permanent, StaleEpoch
from rigtasks.eventstore.store import EventIdReused, LoadedStream, OutboxEntry, Writes
from rigtasks.lifecycle.envelope import NewEvent
from rigtasks.lifecycle.events import Event, intake, liveness, work
from rigtasks.lifecycle.state import Lane
from rigtasks.routing.agent_config import AgentConfig
from rigtasks.testing.life import approval

STREAM = "issue:1:7:1"


def new(event: Event) -> NewEvent:
    return NewEvent(event_id=uuid4(), event=event, actor=CONDUCTOR, correlation_id=uuid4())


def note(text: str) -> liveness.OperatorNote:
    return liveness.OperatorNote(text=text, by="maria")


def test_a_new_stream_is_at_version_zero_and_has_no_state(house: House) -> None:
    loaded = house.events.load(STREAM)

    assert loaded.version == 0
    assert loaded.state is None
    assert house.events.events(STREAM) == ()


def test_what_was_appended_is_loaded_again(house: House) -> None:
    first, second = new(approval()), new(note("mind the cents"))

    appended = house.events.append(house.events.load(STREAM), Writes(events=(first, second)))

    loaded = house.events.load(STREAM)
    assert (appended.version, loaded.version) == (2, 2)
    assert appended.state == loaded.state
    assert loaded.state is not None
    assert loaded.state.lane is Lane.QUEUED
    stored = house.events.events(STREAM)
    assert [each.event for each in stored] == [first.event, second.event]
    assert [each.event_id for each in stored] == [first.event_id, second.event_id]
    assert [each.version for each in stored] == [1, 2]
    assert tuple(each.position for each in stored) == appended.positions
    assert {each.recorded_at for each in stored} == {appended.recorded_at}
    assert appended.recorded_at.tzinfo is not None


def test_positions_grow_over_all_streams(house: House) -> None:
    positions = []
    for number in (1, 2, 1, 2):
        stream = f"issue:1:{number}:1"
        event = approval(number) if house.events.load(stream).version == 0 else note("more")
        writes = Writes(events=(new(event),))
        positions += house.events.append(house.events.load(stream), writes).positions

    assert positions == sorted(set(positions))


def test_the_second_writer_of_a_version_is_told_to_decide_again(house: House) -> None:
    house.approve()
    one, two = house.events.load(STREAM), house.events.load(STREAM)
    house.events.append(one, Writes(events=(new(note("one")),)))

    with pytest.raises(Conflict):
        house.events.append(two, Writes(events=(new(note("two")),)))

    texts = [each.event for each in house.events.events(STREAM)[1:]]
    assert texts == [note("one")]


def test_two_first_writers_of_a_stream_cannot_both_win(house: House) -> None:
    one, two = house.events.load(STREAM), house.events.load(STREAM)
    house.events.append(one, Writes(events=(new(approval()),)))

    with pytest.raises(Conflict):
        house.events.append(two, Writes(events=(new(approval(title="Another")),)))

    state = house.events.load(STREAM).state
    assert state is not None
    assert state.title == "Totals are wrong"


def test_the_same_events_again_return_what_is_stored(house: House) -> None:
    loaded = house.events.load(STREAM)
    writes = Writes(events=(new(approval()),))
    first = house.events.append(loaded, writes)

    again = house.events.append(loaded, writes)

    assert again.repeated
    assert not first.repeated
    assert (again.version, again.positions) == (first.version, first.positions)
    assert again.recorded_at == first.recorded_at
    assert len(house.events.events(STREAM)) == 1


@pytest.mark.parametrize("other_stream", [STREAM, "issue:1:8:1"])
def test_an_event_id_used_for_something_else_is_loud(house: House, other_stream: str) -> None:
    used = new(approval())
    house.events.append(house.events.load(STREAM), Writes(events=(used,)))
    if other_stream == STREAM:
        event: Event = note("not the same")
    else:
        event = approval(8)
    forged = NewEvent(event_id=used.event_id, event=event, actor=CONDUCTOR, correlation_id=uuid4())

    with pytest.raises(EventIdReused):
        house.events.append(house.events.load(other_stream), Writes(events=(forged,)))

    assert len(house.events.events(STREAM)) == 1
    assert len(house.events.events("issue:1:8:1")) == 0


def test_handle_decides_again_after_a_conflict(house: House) -> None:
    house.approve()
    seen: list[int] = []

    def decide(loaded: LoadedStream) -> Writes:
        seen.append(loaded.version)
        if len(seen) == 1:  # somebody writes between our look and our append
            house.tell(STREAM, note("in between"))
        return Writes(events=(new(note(f"after {loaded.version}")),))

    handled = house.events.handle(STREAM, decide)

    assert seen == [1, 2]
    assert handled.appended is not None
    assert handled.appended.version == 3
    assert house.events.events(STREAM)[-1].event == note("after 2")


def test_handle_gives_up_when_others_keep_writing(house: House) -> None:
    house.approve()
    decided = 0

    def decide(_: LoadedStream) -> Writes:
        nonlocal decided
        decided += 1
        house.tell(STREAM, note("faster"))
        return Writes(events=(new(note("never stored")),))

    with pytest.raises(Conflict):
        house.events.handle(STREAM, decide)

    assert 1 < decided < 20
    assert note("never stored") not in [each.event for each in house.events.events(STREAM)]


def test_deciding_nothing_stores_nothing(house: House) -> None:
    house.approve()

    handled = house.events.handle(STREAM, lambda _: Writes())

    assert handled.appended is None
    assert handled.after == handled.before
    assert house.events.load(STREAM).version == 1


def test_assignments_are_written_by_the_claim_alone(house: House) -> None:
    house.approve()
    forged = intake.IssueAssigned(
        run_id=uuid4(), epoch=1, agent="dev-e", holder="dev-e-1", queue="dev-e-python"
    )

    with pytest.raises(Permanent, match="claim"):
        house.tell(STREAM, forged)

    assert house.events.load(STREAM).version == 1


def test_a_refused_append_leaves_no_outbox_entry(house: House) -> None:
    house.approve()
    stale = house.events.load(STREAM)
    house.tell(STREAM, note("one"))
    entry = OutboxEntry(kind="task", task="rig.conductor.effect", queue="conductor")

    with pytest.raises(Conflict):
        house.events.append(stale, Writes(events=(new(note("two")),), outbox=(entry,)))

    assert house.outbox.take() == ()


def test_streams_of_other_kinds_need_no_approval(house: House) -> None:
    paused = liveness.OperatorPaused(scope="rig", reason="maintenance", by="maria")

    appended = house.events.append(house.events.load("rig"), Writes(events=(new(paused),)))

    assert appended.version == 1
    assert appended.state is None
    assert house.events.load("rig").version == 1
    assert [each.event for each in house.events.events("rig")] == [paused]
    stale = LoadedStream("rig", house.events.load("empty").fold, lambda: appended.recorded_at)
    with pytest.raises(Conflict):
        house.events.append(stale, Writes(events=(new(paused),)))


def test_a_nul_character_is_replaced_before_it_reaches_the_state(house: House) -> None:
    house.approve(title="NUL \0 \\u0000 here")

    state = house.events.load(STREAM).state

    assert state is not None
    assert state.title == "NUL \ufffd \\u0000 here"


def test_a_writer_without_the_claim_is_refused(house: House) -> None:
    house.approve()
    claimed = house.claimed()
    begun = work.WorkStarted(
        run_id=claimed.run_id,
        epoch=claimed.epoch,
        base_sha="b1",
        isolation="bwrap",
        config=AgentConfig(),
        config_sha=None,
    )

    with pytest.raises(StaleEpoch):
        house.tell(STREAM, begun, epoch=claimed.epoch + 1, run_id=claimed.run_id)
    with pytest.raises(StaleEpoch):
        house.tell(STREAM, begun, epoch=claimed.epoch, run_id=uuid4())
    assert house.events.load(STREAM).version == 2
    state = house.tell(STREAM, begun, epoch=claimed.epoch, run_id=claimed.run_id)

    assert state.lane is Lane.IN_PROGRESS


def test_a_finished_run_may_write_no_more_but_its_epoch_still_counts(house: House) -> None:
    house.approve()
    claimed = house.claimed()
    house.tell(
        STREAM,
        work.RunReleased(run_id=claimed.run_id, epoch=claimed.epoch, reason="shutdown"),
        epoch=claimed.epoch,
        run_id=claimed.run_id,
    )

    with pytest.raises(StaleEpoch):
        house.tell(STREAM, note("late"), epoch=claimed.epoch, run_id=claimed.run_id)
    house.tell(STREAM, note("of the conductor"), epoch=claimed.epoch)

    assert house.events.events(STREAM)[-1].event == note("of the conductor")
