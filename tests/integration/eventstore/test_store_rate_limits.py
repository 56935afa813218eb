"""GitHub's limits: one book for a process alone and one for many, held to the same rules."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from rigtasks.conductor.shared_limits import SharedLimits
from rigtasks.eventstore.connection import Connection
from rigtasks.eventstore.rate_limits import RateLimits
from rigtasks.github.errors import RateLimited
from rigtasks.github.governor import UNHURRIED, Governor, Pace
from rigtasks.github.limits import LimitBook, MemoryLimits, Spending

READ = Spending(points=1, points_per_minute=None, interval=0.0)
COSTLY = Spending(points=5, points_per_minute=60, interval=0.0)
WRITE = Spending(points=5, points_per_minute=None, interval=30.0)
NewBook = Callable[[], LimitBook]


@pytest.fixture(params=["memory", "postgres"])
def new_book(request: pytest.FixtureRequest, database_url: str) -> Iterator[NewBook]:
    """Return a way to one book; on Postgres each caller has a session of its own."""
    connections: list[Connection] = []
    alone = MemoryLimits()

    def make() -> LimitBook:
        if request.param == "memory":
            return alone
        connections.append(Connection(database_url, application_name="tests", flushed=False))
        return SharedLimits(RateLimits(connections[-1]))

    yield make
    for connection in connections:
        connection.close()


def test_what_one_process_is_told_holds_for_all(new_book: NewBook) -> None:
    first, second = new_book(), new_book()

    first.close("conductor/7", "core", 40.0)

    assert 39.0 < second.admit("conductor/7", "core", READ).closed <= 40.0
    assert 39.0 < second.closed("conductor/7", "core") <= 40.0
    assert second.admit("conductor/7", "graphql", READ).closed == 0
    assert second.admit("conductor/8", "core", READ).closed == 0


def test_a_window_over_everything_closes_every_resource(new_book: NewBook) -> None:
    first, second = new_book(), new_book()

    first.close("author/7", "*", 30.0)
    first.close("author/7", "*", 5.0)

    assert second.admit("author/7", "core", READ).closed > 29.0
    assert second.admit("author/7", "graphql", WRITE).closed > 29.0


def test_the_budget_is_spent_together(new_book: NewBook) -> None:
    books = (new_book(), new_book())
    for turn in range(12):
        admission = books[turn % 2].admit("author/7", "core", COSTLY)
        assert (admission.lacking, admission.closed) == (0, 0)

    lacking = [book.admit("author/7", "core", COSTLY).lacking for book in books]

    assert all(0 < seconds <= 5.0 for seconds in lacking)
    assert books[0].admit("reviewer/7", "core", COSTLY).lacking == 0


def test_writes_of_all_processes_take_turns(new_book: NewBook) -> None:
    books = [new_book() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        pauses = list(pool.map(lambda book: book.admit("author/7", "core", WRITE).pause, books))

    turns = sorted(pauses)
    assert turns[0] == 0
    for turn, pause in enumerate(turns):
        assert 30.0 * turn - 2.0 < pause <= 30.0 * turn
    assert books[0].admit("author/7", "core", READ).pause == 0


def test_pauses_in_a_row_are_counted_until_github_answers_again(new_book: NewBook) -> None:
    first, second = new_book(), new_book()

    assert [first.paused("author/7"), second.paused("author/7")] == [0, 1]
    assert second.admit("author/7", "core", READ).after_pauses == 2
    first.recovered("author/7")

    assert second.admit("author/7", "core", READ).after_pauses == 0
    assert second.paused("author/7") == 0


def test_no_process_calls_inside_a_window_that_another_one_closed(new_book: NewBook) -> None:
    told, other = (Governor(UNHURRIED, book=new_book()) for _ in range(2))
    other.admit("conductor/7", resource="core", write=False)

    told.observe("conductor/7", 403, {"retry-after": "25"})

    with pytest.raises(RateLimited) as refused:
        other.admit("conductor/7", resource="core", write=False)
    assert 24.0 < refused.value.retry_after <= 25.0


def test_a_window_that_closes_while_a_write_waits_for_its_turn_holds_it_back(
    new_book: NewBook,
) -> None:
    told = Governor(UNHURRIED, book=new_book())
    pace = Pace(mutation_interval=5.0, points_per_minute=None)
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        told.close("author/7", resource="core", seconds=60.0)

    waiting = Governor(pace, book=new_book(), sleep=sleep)
    waiting.admit("author/7", resource="core", write=True)

    with pytest.raises(RateLimited):
        waiting.admit("author/7", resource="core", write=True)
    assert len(waited) == 1


def test_the_second_answer_of_any_process_ends_the_row_of_pauses(new_book: NewBook) -> None:
    told, other = (Governor(UNHURRIED, book=new_book()) for _ in range(2))
    book = new_book()
    told.observe("author/7", 429, {})

    with pytest.raises(RateLimited):
        other.admit("author/7", resource="core", write=False)
    other.observe("author/7", 200, {})

    assert book.paused("author/7") == 0
