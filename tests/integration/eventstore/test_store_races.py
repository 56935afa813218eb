from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from random_lives import CONDUCTOR, live

from rigtasks.eventstore.claims import Claimed, Limits, NotClaimed
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.engine import Database
from rigtasks.eventstore.store import LoadedStream, Writes
from rigtasks.lifecycle.envelope import NewEvent
from rigtasks.lifecycle.events import liveness, work
from rigtasks.testing.life import approval

WORKERS = 8


def race(work_of: Callable[[int], object]) -> list[object]:
    """Run one function in every thread from the same moment on."""
    start = Barrier(WORKERS)

    def begin(number: int) -> object:
        start.wait(10)
        return work_of(number)

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(begin, range(WORKERS)))


def approve(stores: Stores, number: int, **changes: object) -> str:
    stream = f"issue:{changes.get('repo_id', 1)}:{number}:1"
    new = NewEvent(
        event_id=uuid4(), event=approval(number, **changes), actor=CONDUCTOR, correlation_id=uuid4()
    )
    stores.events.append(stores.events.load(stream), Writes(events=(new,)))
    return stream


def claim_all(stores: Stores, number: int, limits: Limits) -> list[Claimed]:
    claimed = []
    while isinstance(
        answer := stores.claims.claim(
            queue="dev-e-python",
            agent=f"dev-e-{number}",
            holder=f"dev-e-{number}@host",
            run_id=uuid4(),
            lease_seconds=60.0,
            limits=limits,
        ),
        Claimed,
    ):
        claimed.append(answer)
    assert answer is not NotClaimed.BUSY
    return claimed


@pytest.mark.incident("A18")
def test_racing_workers_share_the_issues_and_none_is_claimed_twice(
    stores: Stores, database: Database
) -> None:
    streams = {approve(stores, number, repo_id=number % 3 + 1) for number in range(1, 121)}

    answers = race(lambda number: claim_all(stores, number, Limits()))

    claimed = Counter(each.stream for answer in answers for each in answer)  # type: ignore[attr-defined]
    assert set(claimed) == streams
    assert set(claimed.values()) == {1}
    assert database.rows("SELECT DISTINCT epoch FROM runs") == [(1,)]
    assert database.rows("SELECT sum(live) FROM claim_counts") == [(120,)]


def test_limits_hold_while_workers_race(stores: Stores, database: Database) -> None:
    for number in range(1, 41):
        approve(stores, number, repo_id=number % 4 + 1)

    race(lambda number: claim_all(stores, number, Limits(total=9, per_repository=3)))

    assert database.rows("SELECT count(*) FROM claims") == [(9,)]
    sums = database.rows("SELECT sum(live) FROM claim_counts GROUP BY repo_id")
    assert max(row[0] for row in sums) <= 3


def test_writers_of_one_stream_all_get_their_turn(stores: Stores) -> None:
    stream = approve(stores, 7)

    def note(number: int) -> None:
        event = liveness.OperatorNote(text=str(number), by="maria")
        new = NewEvent(event_id=uuid4(), event=event, actor=CONDUCTOR, correlation_id=uuid4())

        def decide(_: LoadedStream) -> Writes:
            return Writes(events=(new,))

        stores.events.handle(stream, decide)

    race(note)

    events = stores.events.events(stream)
    assert [each.version for each in events] == list(range(1, WORKERS + 2))
    texts = {
        each.event.text for each in events[1:] if isinstance(each.event, liveness.OperatorNote)
    }
    assert texts == {str(number) for number in range(WORKERS)}


def test_position_order_is_commit_order(stores: Stores, database: Database) -> None:
    for number in range(1, 9):
        approve(stores, number)
    gaps: list[tuple[int, int]] = []

    def write_or_watch(number: int) -> None:
        if number == 0:
            watch(database, gaps)
            return
        for count in range(25):
            stream = f"issue:1:{number}:1"
            event = liveness.OperatorNote(text=str(count), by="maria")
            new = NewEvent(event_id=uuid4(), event=event, actor=CONDUCTOR, correlation_id=uuid4())
            stores.events.append(stores.events.load(stream), Writes(events=(new,)))

    race(write_or_watch)

    assert gaps == []
    positions = [row[0] for row in database.rows("SELECT position FROM events ORDER BY position")]
    assert len(positions) == 8 + 7 * 25


def watch(database: Database, gaps: list[tuple[int, int]]) -> None:
    """Read on from the newest position seen; a smaller one that appears later was skipped."""
    seen: set[int] = set()
    newest = 0
    while len(seen) < 8 + 7 * 25:
        rows = database.rows("SELECT position FROM events ORDER BY position")
        for (position,) in rows:
            if position not in seen and position < newest:
                gaps.append((position, newest))
            seen.add(position)
        newest = max(seen)


def test_a_claim_and_an_append_cannot_both_win_a_version(stores: Stores) -> None:
    for number in range(1, 31):
        approve(stores, number)

    def claim_or_note(number: int) -> None:
        if number % 2:
            claim_all(stores, number, Limits())
            return
        for issue in range(1, 31):
            event = liveness.OperatorNote(text="note", by="maria")
            new = NewEvent(event_id=uuid4(), event=event, actor=CONDUCTOR, correlation_id=uuid4())
            stores.events.handle(f"issue:1:{issue}:1", lambda _, new=new: Writes(events=(new,)))  # type: ignore[misc]

    race(claim_or_note)

    for number in range(1, 31):
        events = stores.events.events(f"issue:1:{number}:1")
        assert [each.version for each in events] == list(range(1, len(events) + 1))
        assert sum(each.event.type == "ISSUE_ASSIGNED" for each in events) == 1
        assert sum(each.event.type == "OPERATOR_NOTE" for each in events) == WORKERS / 2


def test_claim_counts_follow_claims_that_end_while_others_begin(
    stores: Stores, database: Database
) -> None:
    for number in range(1, 41):
        approve(stores, number, repo_id=number % 2 + 1)

    def claim_and_release(number: int) -> None:
        for each in claim_all(stores, number, Limits(total=4)):
            event = work.RunLost(run_id=each.run_id, epoch=each.epoch, stage="implement")
            new = NewEvent(event_id=uuid4(), event=event, actor=CONDUCTOR, correlation_id=uuid4())
            stores.events.handle(each.stream, lambda _, new=new: Writes(events=(new,)))  # type: ignore[misc]

    race(claim_and_release)

    live_now = database.rows("SELECT count(*) FROM claims")[0][0]
    counted = database.rows("SELECT coalesce(sum(live), 0) FROM claim_counts")[0][0]
    assert counted == live_now
    assert database.rows("SELECT 1 FROM claim_counts WHERE live <= 0") == []
    live(stores, seed=8, issues=5, steps=10)
