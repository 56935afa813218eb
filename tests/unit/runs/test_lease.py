import threading
import time
from collections.abc import Iterator

import pytest

from rigtasks.errors import Retryable
from rigtasks.runs.lease import Held, LeaseKeeper, StopReason


def wait_for(keeper: LeaseKeeper, seconds: float = 2.0) -> StopReason | None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if keeper.reason is not None:
            return keeper.reason
        time.sleep(0.005)
    return None


def answers(*held: Held | Exception) -> Iterator[Held | Exception]:
    yield from held
    while True:
        yield held[-1]


def keeper_of(*held: Held | Exception, shutting_down: bool = False) -> LeaseKeeper:
    script = answers(*held)

    def renew() -> Held:
        answer = next(script)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return LeaseKeeper(
        renew,
        interval=0.01,
        lease=0.3,
        asked_at=time.monotonic(),
        shutting_down=lambda: shutting_down,
    )


@pytest.mark.incident("A27")
def test_a_renewed_lease_goes_on_past_its_length() -> None:
    with keeper_of(Held.YES) as keeper:
        time.sleep(0.5)

        assert not keeper.stop()


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        (Held.LOST, StopReason.LEASE_LOST),
        (Held.CANCELLED, StopReason.CANCELLED),
        (Held.PAUSED, StopReason.PAUSED),
    ],
)
def test_what_the_database_says_stops_the_run(held: Held, reason: StopReason) -> None:
    with keeper_of(Held.YES, held) as keeper:
        assert wait_for(keeper) is reason


def test_a_holder_that_cannot_renew_stops_before_the_lease_ends() -> None:
    begun = time.monotonic()
    with keeper_of(Retryable("the database is away")) as keeper:
        assert wait_for(keeper) is StopReason.LEASE_LOST

    assert time.monotonic() - begun < 0.3


def test_one_failed_renewal_is_not_the_end() -> None:
    with keeper_of(Retryable("once"), Held.YES) as keeper:
        time.sleep(0.35)

        assert not keeper.stop()


def test_a_shutdown_stops_the_run() -> None:
    with keeper_of(Held.YES, shutting_down=True) as keeper:
        assert keeper.reason is StopReason.SHUTDOWN


def test_the_thread_is_gone_after_the_run() -> None:
    before = threading.active_count()
    with keeper_of(Held.YES):
        assert threading.active_count() == before + 1

    assert threading.active_count() == before


def test_every_renewal_is_told_and_nothing_is_after_the_claim_is_lost() -> None:
    told: list[int] = []
    script = answers(Held.YES, Held.YES, Held.LOST)

    def renew() -> Held:
        answer = next(script)
        assert isinstance(answer, Held)
        return answer

    with LeaseKeeper(
        renew,
        interval=0.01,
        lease=0.3,
        asked_at=time.monotonic(),
        shutting_down=lambda: False,
        renewed=lambda: told.append(1),
    ) as keeper:
        assert wait_for(keeper) is StopReason.LEASE_LOST

    assert len(told) == 2


@pytest.mark.incident("liveness-1")
def test_the_first_lease_is_counted_from_before_the_claim() -> None:
    # given a claim that took longer than two thirds of its lease to be heard of
    keeper = LeaseKeeper(
        lambda: Held.YES,
        interval=9.0,
        lease=0.3,
        asked_at=time.monotonic() - 0.25,
        shutting_down=lambda: False,
    )

    # then the holder does not begin
    assert keeper.reason is StopReason.LEASE_LOST
    assert not keeper.holds


def test_a_run_that_was_told_to_stop_holds_its_claim_no_longer_than_others() -> None:
    now = [100.0]
    keeper = LeaseKeeper(
        lambda: Held.PAUSED,
        interval=15.0,
        lease=60.0,
        asked_at=100.0,
        shutting_down=lambda: False,
        monotonic=lambda: now[0],
    )

    assert not keeper.beat()

    assert (keeper.reason, keeper.holds) == (StopReason.PAUSED, True)
    now[0] = 140.5
    assert (keeper.reason, keeper.holds) == (StopReason.PAUSED, False)


class Stopped:
    """A keeper on a clock of its own, told to stop at 100 s."""

    def __init__(self, *held: Held, leaving: bool = False) -> None:
        self.now = 100.0
        script = answers(*held)

        def renew() -> Held:
            answer = next(script)
            assert isinstance(answer, Held)
            return answer

        self.keeper = LeaseKeeper(
            renew,
            interval=15.0,
            lease=60.0,
            asked_at=100.0,
            shutting_down=lambda: leaving,
            monotonic=lambda: self.now,
        )


def test_a_run_that_may_go_on_has_no_grace() -> None:
    assert Stopped(Held.YES).keeper.grace() == 0.0


def test_grace_counts_from_when_the_run_was_told_to_stop_and_ends() -> None:
    stopped = Stopped(Held.YES, leaving=True)
    assert stopped.keeper.grace() == 5.0

    stopped.now = 103.0
    assert stopped.keeper.grace() == 2.0
    stopped.now = 106.0
    assert stopped.keeper.grace() == 0.0


def test_a_paused_run_has_grace_as_well() -> None:
    stopped = Stopped(Held.PAUSED)
    stopped.keeper.beat()

    assert stopped.keeper.grace() == 5.0


@pytest.mark.parametrize("held", [Held.CANCELLED, Held.LOST])
def test_nobody_wants_the_work_of_a_withdrawn_or_lost_run(held: Held) -> None:
    stopped = Stopped(held)
    stopped.keeper.beat()

    assert stopped.keeper.grace() == 0.0


def test_a_claim_that_is_lost_while_the_run_stops_ends_its_grace() -> None:
    stopped = Stopped(Held.LOST, leaving=True)
    assert stopped.keeper.grace() == 5.0

    stopped.keeper.beat()

    assert stopped.keeper.grace() == 0.0
    assert stopped.keeper.reason is StopReason.LEASE_LOST


def test_a_worker_that_has_to_be_gone_repeats_nothing_for_longer() -> None:
    stopped = Stopped(Held.YES, leaving=True)
    tries: list[float] = []

    def away() -> None:
        tries.append(stopped.now)
        stopped.now += 3.0
        raise Retryable("Postgres is away", retry_after=0.001)

    assert stopped.keeper.stop()
    with pytest.raises(Retryable):
        stopped.keeper.persist(away)

    assert tries == [100.0, 103.0, 106.0]
    assert stopped.keeper.holds


def test_a_worker_that_shuts_down_holds_its_claim_until_it_has_said_so() -> None:
    stopped = Stopped(Held.YES, leaving=True)
    assert stopped.keeper.stop()

    stopped.now = 130.0
    assert stopped.keeper.beat()
    stopped.now = 160.0

    assert (stopped.keeper.holds, stopped.keeper.reason) == (True, StopReason.SHUTDOWN)
