"""What becomes of an outbox entry whose work fails, on a real store."""

import pytest
from structlog.testing import capture_logs

from rigtasks.errors import NotNow, Permanent, Retryable
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.engine import Database
from rigtasks.eventstore.stream import OutboxEntry
from rigtasks.eventstore.upcasters import UnknownEvent
from rigtasks.github.errors import Forbidden, NotFound, Refusal
from rigtasks.tasks.carrying import carry

GONE = Refusal(method="GET", path="/repos/acme/api/issues/7", status=404, message="Not Found")


class Work:
    """Work that fails with an error, and what was told of it."""

    def __init__(self, stores: Stores, error: Exception | None) -> None:
        self.stores = stores
        self.error = error
        self.tries = 0
        self.told: list[tuple[str, bool]] = []
        entry = OutboxEntry(kind="task", task="t", queue="conductor")
        stores.outbox.add((entry,))
        (taken,) = stores.outbox.take()
        self.entry = taken.id

    def carry(self) -> str:
        return carry(self.stores, self.entry, self._work, on_failure=self._tell)

    def _tell(self, error: str, final: bool) -> None:  # noqa: FBT001  # OnFailure's signature
        self.told.append((error, final))

    def _work(self) -> str:
        self.tries += 1
        if self.error is not None:
            raise self.error
        return "worked"


def test_work_that_succeeds_is_done_once(stores: Stores) -> None:
    work = Work(stores, None)

    assert work.carry() == "worked"
    assert work.carry() == "ignored: done already"

    assert (work.tries, work.told) == (1, [])


@pytest.mark.incident("A27")
def test_what_can_be_tried_again_stays_open(stores: Stores, database: Database) -> None:
    work = Work(stores, Retryable("GitHub said 502", retry_after=90.0))

    assert work.carry() == "later: GitHub said 502"

    assert work.told == [("GitHub said 502", False)]
    assert stores.outbox.is_open(work.entry)
    (seconds,) = database.rows(
        "SELECT extract(epoch FROM available_at - clock_timestamp())::float8 FROM outbox"
    )[0]
    assert 80 < seconds <= 90


def test_what_only_a_newer_version_can_read_waits_for_it(
    stores: Stores, database: Database
) -> None:
    work = Work(stores, UnknownEvent("run the newer version that wrote it"))

    assert work.carry() == "later: run the newer version that wrote it"

    assert work.told == []
    assert stores.outbox.is_open(work.entry)
    assert database.rows("SELECT attempts, last_error FROM outbox") == [
        (0, "run the newer version that wrote it")
    ]


def test_what_has_to_wait_is_given_back_without_an_attempt(
    stores: Stores, database: Database
) -> None:
    work = Work(stores, NotNow("the rig is paused", retry_after=10.0))

    assert work.carry() == "later: the rig is paused"

    assert work.told == []
    assert stores.outbox.is_open(work.entry)
    (attempts, words, seconds) = database.rows(
        "SELECT attempts, last_error, "
        "extract(epoch FROM available_at - clock_timestamp())::float8 FROM outbox"
    )[0]
    assert (attempts, words) == (0, "the rig is paused")
    assert 5 < seconds <= 10


@pytest.mark.incident("B37")
def test_what_cannot_is_given_up_and_told_at_once(stores: Stores) -> None:
    work = Work(stores, Forbidden(GONE))

    assert work.carry().startswith("given up: ")

    assert [final for _, final in work.told] == [True]
    assert not stores.outbox.is_open(work.entry)
    assert work.carry() == "ignored: done already"
    assert work.tries == 1


def test_what_github_does_not_show_yet_is_looked_for_again_and_given_up_in_the_end(
    stores: Stores,
) -> None:
    work = Work(stores, NotFound(GONE))

    outcomes = [work.carry() for _ in range(6)]

    assert [one.split(":")[0] for one in outcomes] == ["later"] * 4 + ["given up", "ignored"]
    assert [final for _, final in work.told] == [False] * 4 + [True]


def test_what_nobody_foresaw_is_raised_told_and_tried_again(stores: Stores) -> None:
    work = Work(stores, KeyError("number"))

    with pytest.raises(KeyError):
        work.carry()

    assert work.told == [("KeyError: 'number'", False)]
    assert stores.outbox.is_open(work.entry)


def test_a_failure_to_tell_is_raised_and_the_entry_is_given_up_all_the_same(
    stores: Stores,
) -> None:
    work = Work(stores, Permanent("refused"))
    work._tell = lambda error, final: 1 // 0  # type: ignore[assignment,return-value]  # noqa: ARG005, SLF001

    with pytest.raises(ZeroDivisionError):
        work.carry()

    assert not stores.outbox.is_open(work.entry)


def test_what_waits_is_told_once_and_again_when_it_waits_for_something_else(stores: Stores) -> None:
    work = Work(stores, NotNow("olga paused the rig: stop", retry_after=0.0))
    with capture_logs() as told:
        for _ in range(3):
            work.carry()
        work.error = NotNow("another effect of the issue is under way", retry_after=0.0)
        for _ in range(3):
            work.carry()

    waits = [one["reason"] for one in told if one["event"] == "waits"]
    assert waits == ["olga paused the rig: stop", "another effect of the issue is under way"]
    assert work.tries == 6
