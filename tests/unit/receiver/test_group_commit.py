"""Everybody's item is durable before they are answered, and the lead goes from hand to hand."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

import pytest

from webhook_receiver.intake.group_commit import GroupCommit

WAIT = 10.0


class Store:
    """Writes batches in memory; the first one waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.writers: list[int] = []
        self.entered = threading.Event()
        self.go_on = threading.Event()

    def write(self, batch: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(batch))
        self.writers.append(threading.get_ident())
        self.entered.set()
        assert self.go_on.wait(WAIT)
        return [item * 10 for item in batch]


def queue_up(
    commits: GroupCommit[int, int], pool: ThreadPoolExecutor, store: Store, count: int
) -> list[Future[int]]:
    first = pool.submit(commits.submit, 0)
    assert store.entered.wait(WAIT)
    others: list[Future[int]] = [pool.submit(commits.submit, item) for item in range(1, count)]
    while commits.waiting < count - 1:
        threading.Event().wait(0.001)
    return [first, *others]


def test_whoever_waits_is_written_together_by_the_next_leader() -> None:
    store = Store()
    commits = GroupCommit(store.write)
    with ThreadPoolExecutor(5) as pool:
        futures = queue_up(commits, pool, store, 5)
        store.go_on.set()
        done, late = wait(futures, WAIT)
    assert not late
    assert sorted(future.result() for future in done) == [0, 10, 20, 30, 40]
    assert [sorted(batch) for batch in store.batches] == [[0], [1, 2, 3, 4]]
    assert len(set(store.writers)) == 2, "one thread led twice and made its own caller wait"


def test_a_batch_is_bounded_and_nobody_is_left_behind() -> None:
    store = Store()
    commits = GroupCommit(store.write, largest=2)
    with ThreadPoolExecutor(6) as pool:
        futures = queue_up(commits, pool, store, 6)
        store.go_on.set()
        assert not wait(futures, WAIT).not_done
    assert [len(batch) for batch in store.batches] == [1, 2, 2, 1]
    assert commits.waiting == 0


def test_one_bad_item_fails_alone() -> None:
    def write(batch: Sequence[int]) -> list[str | Exception]:
        return [ValueError("three") if item == 3 else str(item) for item in batch]

    commits = GroupCommit(write)
    assert commits.submit(2) == "2"
    with pytest.raises(ValueError, match="three"):
        commits.submit(3)
    assert commits.submit(4) == "4"


def test_a_failed_write_fails_everybody_in_the_batch_and_only_them() -> None:
    store = Store()
    failing = [False, True, False]

    def write(batch: Sequence[int]) -> list[int | Exception]:
        answers = store.write(batch)
        if failing[len(store.batches) - 1]:
            raise ConnectionError("gone")
        return answers

    commits = GroupCommit(write)
    with ThreadPoolExecutor(4) as pool:
        futures = queue_up(commits, pool, store, 4)
        store.go_on.set()
        wait(futures, WAIT)
    assert futures[0].result() == 0
    assert [type(future.exception()) for future in futures[1:]] == [ConnectionError] * 3
    assert commits.submit(7) == 70, "after a failure nobody led any more"


def test_a_store_that_answers_too_little_fails_instead_of_answering_none() -> None:
    commits: GroupCommit[int, int] = GroupCommit(lambda _batch: [])
    with pytest.raises(ValueError, match="zip"):
        commits.submit(1)


def test_one_thread_at_a_time_writes() -> None:
    inside, together = threading.Semaphore(1), []

    def write(batch: Sequence[int]) -> list[int | Exception]:
        together.append(inside.acquire(blocking=False))
        threading.Event().wait(0.002)
        inside.release()
        return list(batch)

    commits: GroupCommit[int, int] = GroupCommit(write)
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(commits.submit, range(40))) == list(range(40))
    assert all(together), "two threads wrote at the same time"
