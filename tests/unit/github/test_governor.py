"""Limits are recognised, waited out without asking, and kept apart by identity."""

import pytest

from rigtasks.github.errors import RateLimited
from rigtasks.github.governor import UNHURRIED, Governor, Pace


class Clock:
    """A time that moves when it is told to, or slept away."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def governor(clock: Clock, pace: Pace = UNHURRIED) -> Governor:
    return Governor(pace, now=clock, sleep=clock.sleep)


def admitted(subject: Governor, identity: str = "author", resource: str = "core") -> bool:
    try:
        subject.admit(identity, resource=resource, write=False)
    except RateLimited:
        return False
    return True


def test_writes_keep_a_second_apart_and_reads_do_not(clock: Clock) -> None:
    subject = governor(clock, Pace(points_per_minute=None))

    for _ in range(3):
        subject.admit("author", resource="core", write=True)
        subject.admit("author", resource="core", write=False)
    subject.admit("reviewer", resource="core", write=True)

    assert clock.slept == [1.0, 1.0]


def test_without_a_pace_nothing_is_waited_for(clock: Clock) -> None:
    subject = governor(clock)

    for _ in range(2_000):
        subject.admit("author", resource="core", write=True)

    assert clock.slept == []


def test_the_budget_of_points_refuses_and_recovers(clock: Clock) -> None:
    subject = governor(clock, Pace(mutation_interval=0.0, points_per_minute=900))
    for _ in range(180):
        subject.admit("author", resource="core", write=True)

    with pytest.raises(RateLimited) as error:
        subject.admit("author", resource="core", write=True)
    assert error.value.retry_after == pytest.approx(5 * 60 / 900)
    clock.now += error.value.retry_after
    subject.admit("author", resource="core", write=True)
    assert admitted(subject, "reviewer")


def test_a_used_up_hour_closes_one_budget_until_its_reset(clock: Clock) -> None:
    subject = governor(clock)
    reset = str(int(clock.now) + 120)
    headers = {
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": reset,
        "x-ratelimit-resource": "core",
    }

    limit = subject.observe("author", 403, headers)

    assert limit is not None
    assert limit.retry_after == pytest.approx(120)
    assert not admitted(subject)
    assert admitted(subject, resource="graphql")
    assert admitted(subject, "reviewer")
    clock.now += 120
    assert admitted(subject)


def test_retry_after_closes_everything_of_the_identity(clock: Clock) -> None:
    subject = governor(clock)

    subject.observe("author", 429, {"retry-after": "30"})

    assert not admitted(subject)
    assert not admitted(subject, resource="graphql")
    assert admitted(subject, "reviewer")
    clock.now += 30
    assert admitted(subject)


def test_limits_without_a_time_are_waited_out_longer_each_time(clock: Clock) -> None:
    subject = governor(clock)
    pauses = []
    for _ in range(6):
        limit = subject.observe("author", 403, {}, "You have exceeded a secondary rate limit")
        assert limit is not None
        pauses.append(limit.retry_after)
        clock.now += limit.retry_after

    assert pauses == [60, 120, 240, 480, 900, 900]
    subject.observe("author", 200, {})
    limit = subject.observe("author", 429, {})
    assert limit is not None
    assert limit.retry_after == 60


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (403, {"x-ratelimit-remaining": "17"}, "Resource not accessible by integration"),
        (403, {}, "Must have admin rights to Repository."),
        (404, {}, "Not Found"),
        (200, {"x-ratelimit-remaining": "1"}, ""),
        (500, {"retry-after": "30"}, ""),
    ],
)
def test_anything_else_is_no_limit(
    clock: Clock, status: int, headers: dict[str, str], message: str
) -> None:
    subject = governor(clock)

    assert subject.observe("author", status, headers, message) is None
    assert admitted(subject)


@pytest.mark.parametrize("odd", ["", "soon", "-5", "1.5", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_odd_headers_still_lead_to_a_pause(clock: Clock, odd: str) -> None:
    subject = governor(clock)

    limit = subject.observe("author", 429, {"retry-after": odd, "x-ratelimit-reset": odd})

    assert limit is not None
    assert limit.retry_after == 60


def test_a_reset_in_the_past_does_not_leave_the_door_open(clock: Clock) -> None:
    subject = governor(clock)

    subject.observe("author", 200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"})

    assert not admitted(subject)
    clock.now += 1
    assert admitted(subject)
