"""What GitHub lists against what the rig holds: each difference is found, and nothing else."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from rigtasks.conductor.attention import Matter
from rigtasks.conductor.comparison import (
    Finding,
    Held,
    Labelled,
    Listed,
    MergedPull,
    OpenPull,
    compare,
)
from rigtasks.github.identities import RepositoryRef
from rigtasks.lifecycle.state import TERMINAL, Lane

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
EARLIER, LATER = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
SECOND = timedelta(seconds=1)
HEAD, OTHER = "a" * 40, "b" * 40
WITH_PULL = (Lane.IN_REVIEW, Lane.READY_TO_MERGE, Lane.CHANGES_REQUESTED)


def held(**fields: object) -> Held:
    known: dict[str, object] = {
        "number": 7,
        "lane": Lane.QUEUED,
        "entered_at": NOON,
        "approved_at": NOON,
        "labelled_at": EARLIER,
        "refused": False,
        "pr": None,
        "head_sha": None,
    }
    return Held(**known | fields)  # type: ignore[arg-type]


@dataclass(kw_only=True)
class Town:
    """One repository as GitHub lists it."""

    labelled: tuple[Labelled, ...] = (Labelled(number=7, labelled_at=EARLIER),)
    open_pulls: tuple[OpenPull, ...] = ()
    merged_pulls: tuple[MergedPull, ...] = ()
    known: tuple[Held, ...] = field(default_factory=lambda: (held(),))

    def findings(self) -> tuple[Finding, ...]:
        listed = Listed(
            repository=RepositoryRef(id=1, full_name="acme/shop"),
            label="agent-ready",
            labelled=self.labelled,
            open_pulls=self.open_pulls,
            merged_pulls=self.merged_pulls,
        )
        return compare(listed, self.known)

    def found(self) -> list[tuple[Matter, int]]:
        return [(one.attention.matter, one.attention.number) for one in self.findings()]


def test_where_both_agree_nothing_is_found() -> None:
    assert Town().found() == []
    assert Town(labelled=(), known=()).found() == []


def test_a_label_that_nobody_told_of_is_taken_in() -> None:
    (one,) = Town(known=()).findings()

    assert one.attention.matter is Matter.INTAKE
    assert (one.attention.repo, one.attention.number) == ("acme/shop", 7)
    assert one.found == "the label was not taken in"


@pytest.mark.parametrize("lane", sorted(set(Lane) - TERMINAL))
def test_an_issue_without_its_label_is_withdrawn_in_every_lane(lane: Lane) -> None:
    assert Town(labelled=(), known=(held(lane=lane),)).found() == [(Matter.WITHDRAWAL, 7)]


@pytest.mark.parametrize("lane", sorted(TERMINAL))
def test_an_ended_issue_starts_again_only_by_a_label_after_its_end(lane: Lane) -> None:
    ended = held(lane=lane, labelled_at=None, approved_at=None)

    for at, found in ((EARLIER, []), (NOON, []), (LATER, [(Matter.INTAKE, 7)])):
        labelled = (Labelled(number=7, labelled_at=at),)
        assert Town(labelled=labelled, known=(ended,)).found() == found
    assert Town(labelled=(), known=(ended,)).found() == []


def test_a_refused_issue_waits_for_a_label_after_the_refusal() -> None:
    refused = held(lane=Lane.FAILED, labelled_at=None, approved_at=None, refused=True)

    for at, found in ((EARLIER, []), (LATER, [(Matter.INTAKE, 7)])):
        labelled = (Labelled(number=7, labelled_at=at),)
        assert Town(labelled=labelled, known=(refused,)).found() == found


def test_a_live_issue_that_was_labelled_again_is_taken_in() -> None:
    labelled = (Labelled(number=7, labelled_at=LATER),)

    assert Town(labelled=labelled).found() == [(Matter.INTAKE, 7)]


@pytest.mark.parametrize("lane", WITH_PULL)
@pytest.mark.parametrize(
    ("pulls", "words"),
    [
        ((), "is not open any more"),
        ((OpenPull(number=12, head_sha=OTHER),), f"is {OTHER}"),
        ((OpenPull(number=12, head_sha=HEAD),), "not heard of"),
    ],
)
def test_the_pull_request_of_an_issue_is_always_looked_at(
    lane: Lane, pulls: tuple[OpenPull, ...], words: str
) -> None:
    known = (held(lane=lane, pr=12, head_sha=HEAD),)

    (one,) = Town(open_pulls=pulls, known=known).findings()

    assert (one.attention.matter, one.attention.number) == (Matter.PULL_REQUEST, 12)
    assert words in one.found


def test_pull_requests_of_others_are_left_alone() -> None:
    assert Town(open_pulls=(OpenPull(number=99, head_sha=OTHER),)).found() == []


def test_an_issue_that_was_withdrawn_with_an_open_pull_request_is_withdrawn() -> None:
    known = (held(lane=Lane.IN_REVIEW, pr=12, head_sha=HEAD),)
    pulls = (OpenPull(number=12, head_sha=HEAD),)

    assert Town(labelled=(), open_pulls=pulls, known=known).found() == [(Matter.WITHDRAWAL, 7)]


def test_a_closed_issue_whose_pull_request_is_gone_is_asked_about_the_merge_first() -> None:
    known = (held(lane=Lane.READY_TO_MERGE, pr=12, head_sha=HEAD),)

    assert Town(labelled=(), known=known).found() == [(Matter.PULL_REQUEST, 12)]


@pytest.mark.parametrize(
    ("merged_at", "closes", "lane", "found"),
    [
        (LATER, {7}, Lane.QUEUED, [(Matter.SOLVED, 7)]),
        (EARLIER + SECOND, {7}, Lane.QUEUED, [(Matter.SOLVED, 7)]),
        (EARLIER, {7}, Lane.QUEUED, [(Matter.SOLVED, 7)]),
        (EARLIER - SECOND, {7}, Lane.QUEUED, []),
        (LATER, {8}, Lane.QUEUED, []),
        (LATER, {7}, Lane.IN_PROGRESS, []),
    ],
)
def test_a_merge_that_closes_a_waiting_issue_solves_it(
    merged_at: datetime, closes: set[int], lane: Lane, found: list[tuple[Matter, int]]
) -> None:
    merged = (MergedPull(number=30, merged_at=merged_at, closes=frozenset(closes)),)

    assert Town(merged_pulls=merged, known=(held(lane=lane),)).found() == found


def test_without_a_labels_time_the_second_of_the_approval_counts() -> None:
    known = (held(labelled_at=None, approved_at=NOON + timedelta(milliseconds=700)),)
    labelled = (Labelled(number=7),)
    same, before = (
        MergedPull(number=30, merged_at=at, closes=frozenset({7})) for at in (NOON, NOON - SECOND)
    )

    assert Town(labelled=labelled, merged_pulls=(same,), known=known).found() == [
        (Matter.SOLVED, 7)
    ]
    assert Town(labelled=labelled, merged_pulls=(before,), known=known).found() == []


def test_an_issue_is_found_once_and_in_order() -> None:
    town = Town(
        labelled=tuple(Labelled(number=number) for number in (9, 3, 5)),
        known=(held(number=4), held(number=2, lane=Lane.IN_REVIEW, pr=12, head_sha=HEAD)),
    )

    assert [one.attention.number for one in town.findings()] == [12, 3, 4, 5, 9]
