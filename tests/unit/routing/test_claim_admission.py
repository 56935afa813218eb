"""The order of claims is total, fair between repositories, and never past a limit."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.routing.admission import (
    Candidate,
    ClaimLimits,
    LiveClaim,
    Obstacle,
    Providers,
    Switches,
    choose,
    count_claims,
    order_key,
    why_not,
)
from rigtasks.routing.internal import RepositoryRef, internal_repositories
from rigtasks.routing.labels import Priority
from rigtasks.routing.stack import Queue

MORNING = datetime(2026, 5, 4, 8, tzinfo=UTC)
FREE = Switches()
UNLIMITED = ClaimLimits()


def candidate(stream: str, **changes: Any) -> Candidate:
    base = Candidate(
        stream=stream,
        repository=RepositoryRef(id=1, full_name="acme/api"),
        queue=Queue.DEV_E_NODE,
        priority=Priority.NORMAL,
        approved_at=MORNING,
    )
    minutes = changes.pop("minutes", 0)
    repository = changes.pop("repo", 1)
    return msgspec.structs.replace(
        base,
        approved_at=MORNING + timedelta(minutes=minutes),
        repository=RepositoryRef(id=repository, full_name=f"acme/r{repository}"),
        **changes,
    )


def claim(stream: str, repository: int = 1, queue: Queue = Queue.DEV_E_NODE) -> LiveClaim:
    return LiveClaim(stream=stream, repository_id=repository, queue=queue)


def pick(
    *candidates: Candidate,
    live: tuple[LiveClaim, ...] = (),
    limits: ClaimLimits = UNLIMITED,
    switches: Switches = FREE,
) -> str | None:
    chosen = choose(Queue.DEV_E_NODE, candidates, live, limits, switches)
    return chosen.stream if chosen else None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"priority": Priority.CRITICAL, "minutes": 9}, {"priority": Priority.HIGH}),
        ({"priority": Priority.HIGH, "minutes": 9}, {"priority": Priority.NORMAL}),
        ({"priority": Priority.HIGH, "repo": 3}, {"priority": Priority.NORMAL, "repo": 2}),
        ({"repo": 2, "minutes": 9}, {"repo": 3}),
        ({"repo": 2}, {"repo": 2, "minutes": 1}),
    ],
)
def test_urgent_then_fair_then_oldest(first: dict[str, Any], second: dict[str, Any]) -> None:
    live = (claim("x", 3), claim("y", 3, Queue.IOS))
    better, worse = candidate("b", **first), candidate("a", **second)

    assert pick(better, worse, live=live) == "b"
    assert pick(worse, better, live=live) == "b"


def test_equal_candidates_go_by_the_code_points_of_their_stream() -> None:
    assert pick(candidate("issue-b"), candidate("issue-a"), candidate("issue-B")) == "issue-B"


def test_nothing_is_chosen_from_nothing_or_from_another_queue() -> None:
    assert pick() is None
    assert pick(candidate("a", queue=Queue.DEV_E_PYTHON), candidate("b", queue=Queue.IOS)) is None


INTERNAL = internal_repositories([1], [])


@pytest.mark.parametrize(
    ("changes", "live", "limits", "switches", "obstacle"),
    [
        ({}, (), UNLIMITED, Switches(internal=INTERNAL), Obstacle.RIG_INTERNAL),
        ({}, (claim("a", 2),), UNLIMITED, FREE, Obstacle.ALREADY_CLAIMED),
        ({}, (), UNLIMITED, Switches(rig_paused=True), Obstacle.RIG_PAUSED),
        (
            {},
            (),
            UNLIMITED,
            Switches(paused_repositories=frozenset({1})),
            Obstacle.REPOSITORY_PAUSED,
        ),
        ({}, (), UNLIMITED, Switches(paused_streams=frozenset({"a"})), Obstacle.ISSUE_PAUSED),
        ({"open_dependencies": 1}, (), UNLIMITED, FREE, Obstacle.DEPENDENCY),
        ({}, (claim("x", 2, Queue.IOS),), ClaimLimits(total=1), FREE, Obstacle.TOTAL_LIMIT),
        (
            {},
            (claim("x", 1, Queue.IOS),),
            ClaimLimits(per_repository=1),
            FREE,
            Obstacle.REPOSITORY_LIMIT,
        ),
        ({}, (claim("x", 2),), ClaimLimits(per_queue=1), FREE, Obstacle.QUEUE_LIMIT),
        ({}, (), ClaimLimits(per_queue=0), FREE, Obstacle.QUEUE_LIMIT),
    ],
)
def test_one_obstacle_is_named_and_stops_the_claim(
    changes: dict[str, Any],
    live: tuple[LiveClaim, ...],
    limits: ClaimLimits,
    switches: Switches,
    obstacle: Obstacle,
) -> None:
    stopped = candidate("a", **changes)

    assert why_not(stopped, count_claims(live), limits, switches) == (obstacle,)
    assert pick(stopped, live=live, limits=limits, switches=switches) is None


@pytest.mark.parametrize(
    ("live", "limits", "switches"),
    [
        ((claim("x", 2),), ClaimLimits(total=2, per_repository=1, per_queue=2), FREE),
        ((claim("x", 1),), ClaimLimits(per_repository=2), FREE),
        ((claim("x", 1, Queue.IOS),), ClaimLimits(per_queue=1), FREE),
        (
            (),
            UNLIMITED,
            Switches(paused_repositories=frozenset({2}), paused_streams=frozenset({"b"})),
        ),
        ((), UNLIMITED, Switches(internal=internal_repositories([2], ["acme/rig"]))),
    ],
)
def test_what_concerns_others_stops_nothing(
    live: tuple[LiveClaim, ...], limits: ClaimLimits, switches: Switches
) -> None:
    assert pick(candidate("a"), live=live, limits=limits, switches=switches) == "a"


def test_every_obstacle_is_reported_at_once_in_the_fixed_order() -> None:
    stopped = candidate("a", open_dependencies=2)
    everything = Switches(
        rig_paused=True,
        paused_repositories=frozenset({1}),
        paused_streams=frozenset({"a"}),
        providers=Providers(own="claude", paused=frozenset({"claude"})),
        internal=INTERNAL,
    )

    full = ClaimLimits(total=1, per_repository=1, per_queue=1)

    obstacles = why_not(stopped, count_claims([claim("a")]), full, everything)

    assert obstacles == tuple(Obstacle)


def test_a_review_in_the_rigs_own_repository_stays_allowed() -> None:
    review = candidate("a", queue=Queue.REVIEW_E)
    switches = Switches(internal=INTERNAL)

    assert choose(Queue.REVIEW_E, [review], [], UNLIMITED, switches) == review
    assert pick(candidate("a"), switches=switches) is None


CANDIDATES = st.lists(
    st.builds(
        lambda n, **kw: candidate(f"s{n}", **kw),
        st.integers(0, 9),
        repo=st.integers(1, 3),
        queue=st.sampled_from([Queue.DEV_E_NODE, Queue.IOS]),
        priority=st.sampled_from(Priority),
        minutes=st.integers(0, 2),
        open_dependencies=st.integers(0, 1),
    ),
    max_size=8,
    unique_by=lambda each: each.stream,
)
CLAIMS = st.lists(
    st.builds(
        lambda n, repository, queue: claim(f"s{n}", repository, queue),
        st.integers(0, 20),
        st.integers(1, 3),
        st.sampled_from([Queue.DEV_E_NODE, Queue.IOS]),
    ),
    max_size=5,
    unique_by=lambda each: each.stream,
)
LIMITS = st.builds(
    ClaimLimits,
    total=st.none() | st.integers(0, 6),
    per_repository=st.none() | st.integers(0, 3),
    per_queue=st.none() | st.integers(0, 4),
)


@given(CANDIDATES, CLAIMS, LIMITS, st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_the_choice_is_the_first_unhindered_whatever_order_they_come_in(
    candidates: list[Candidate], live: list[LiveClaim], limits: ClaimLimits, dice: Random
) -> None:
    shuffled = list(candidates)
    dice.shuffle(shuffled)
    occupancy = count_claims(live)

    chosen = choose(Queue.DEV_E_NODE, candidates, live, limits, FREE)

    assert choose(Queue.DEV_E_NODE, shuffled, live, limits, FREE) == chosen
    unhindered = [
        each
        for each in candidates
        if each.queue is Queue.DEV_E_NODE and not why_not(each, occupancy, limits, FREE)
    ]
    assert (chosen is None) == (not unhindered)
    if chosen is not None:
        keys = {order_key(each, occupancy) for each in unhindered}
        assert order_key(chosen, occupancy) == min(keys)
        assert len(keys) == len(unhindered)


@given(CANDIDATES, LIMITS)
@settings(max_examples=200, deadline=None)
def test_claiming_until_nothing_is_left_keeps_every_limit(
    candidates: list[Candidate], limits: ClaimLimits
) -> None:
    live: list[LiveClaim] = []
    for queue in [Queue.DEV_E_NODE, Queue.IOS] * 10:
        chosen = choose(queue, candidates, live, limits, FREE)
        if chosen is not None:
            live.append(claim(chosen.stream, chosen.repository.id, chosen.queue))

    counts = count_claims(live)

    assert len(counts.streams) == counts.total
    assert limits.total is None or counts.total <= limits.total
    for count, limit in [
        *((each, limits.per_repository) for each in counts.by_repository.values()),
        *((each, limits.per_queue) for each in counts.by_queue.values()),
    ]:
        assert limit is None or count <= limit
    taken = counts.streams
    for each in candidates:
        assert each.stream in taken or why_not(each, counts, limits, FREE)


@pytest.mark.parametrize(
    ("asked", "own", "offered", "paused", "may"),
    [
        (None, None, None, set(), True),
        ("codex", None, None, set(), True),
        ("codex", None, None, {"codex"}, False),
        (None, "claude", None, {"claude"}, False),
        ("codex", "claude", None, {"claude"}, True),
        (None, "claude", {"claude"}, set(), True),
        (None, "claude", {"codex"}, set(), False),
        ("codex", "claude", {"claude"}, set(), False),
        ("codex", "claude", {"claude", "codex"}, {"codex"}, False),
    ],
)
def test_work_is_given_for_a_provider_that_is_offered_and_not_paused(
    asked: str | None, own: str | None, offered: set[str] | None, paused: set[str], *, may: bool
) -> None:
    providers = Providers(
        own=own,
        offered=None if offered is None else frozenset(offered),
        paused=frozenset(paused),
    )
    given = candidate("a", provider=asked)

    obstacles = why_not(given, count_claims([]), ClaimLimits(), Switches(providers=providers))

    assert obstacles == (() if may else (Obstacle.PROVIDER,))
