"""The pure model of the claim query: which claimable issue a worker gets next, and why not others.

The order is total: priority rank, then live claims of the repository, then the time of approval,
then the stream's id by code points (`COLLATE "C"`). A repository with fewer live claims goes
first within a priority, which is the fairness between repositories. Limits count live claims of
every queue for the total and for a repository, and those of the one queue for a queue; a limit of
0 stops new claims, None is no limit. The hard rule stops every queue but that of the reviewer:
reviewing a pull request in the rig's own repositories stays allowed.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec

from rigtasks.routing.internal import InternalRepositories, RepositoryRef
from rigtasks.routing.labels import Priority
from rigtasks.routing.stack import Queue


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An issue that is in a claimable state. `approved_at` is UTC; `stream` is the stream's id.

    `provider` is the one that its repository asks for, if any.
    """

    stream: str
    repository: RepositoryRef
    queue: Queue
    priority: Priority
    approved_at: datetime
    open_dependencies: int = 0
    provider: str | None = None


class LiveClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A claim whose lease has not ended."""

    stream: str
    repository_id: int
    queue: Queue


class ClaimLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How many claims may be live at once; the same figure holds for each repository and queue."""

    total: int | None = None
    per_repository: int | None = None
    per_queue: int | None = None


class Providers(msgspec.Struct, frozen=True, kw_only=True):
    """Whose agents a worker may start.

    Args:
        own: works where a repository asks for no other, and reviews; None for any.
        offered: those it may start now; None for all.
        paused: those that a person has stopped.
    """

    own: str | None = None
    offered: frozenset[str] | None = None
    paused: frozenset[str] = frozenset()

    def may_start(self, asked: str | None) -> bool:
        """Say whether work that asks for a provider, or for none, can begin."""
        name = asked or self.own or ""
        return name not in self.paused and (self.offered is None or name in self.offered)


#: A worker that may start any.
ANY_PROVIDER = Providers()


class Switches(msgspec.Struct, frozen=True, kw_only=True):
    """The stop switches in force, and the deny-list that no switch lifts."""

    rig_paused: bool = False
    paused_repositories: frozenset[int] = frozenset()
    paused_streams: frozenset[str] = frozenset()
    providers: Providers = ANY_PROVIDER
    internal: InternalRepositories = InternalRepositories()


class Obstacle(StrEnum):
    """What stands between a candidate and a claim, in the order it is reported."""

    RIG_INTERNAL = "rig_internal"
    ALREADY_CLAIMED = "already_claimed"
    RIG_PAUSED = "rig_paused"
    REPOSITORY_PAUSED = "repository_paused"
    ISSUE_PAUSED = "issue_paused"
    PROVIDER = "provider"
    DEPENDENCY = "dependency"
    TOTAL_LIMIT = "total_limit"
    REPOSITORY_LIMIT = "repository_limit"
    QUEUE_LIMIT = "queue_limit"


class Occupancy(msgspec.Struct, frozen=True, kw_only=True):
    """The live claims, counted once for many candidates."""

    streams: frozenset[str]
    total: int
    by_repository: dict[int, int]
    by_queue: dict[Queue, int]


def count_claims(live: Iterable[LiveClaim]) -> Occupancy:
    """Count the live claims in total, per repository and per queue."""
    claims = tuple(live)
    return Occupancy(
        streams=frozenset(claim.stream for claim in claims),
        total=len(claims),
        by_repository=dict(Counter(claim.repository_id for claim in claims)),
        by_queue=dict(Counter(claim.queue for claim in claims)),
    )


def order_key(candidate: Candidate, occupancy: Occupancy) -> tuple[int, int, datetime, str]:
    """Give the total order of candidates; the smallest is served first."""
    return (
        candidate.priority.rank,
        occupancy.by_repository.get(candidate.repository.id, 0),
        candidate.approved_at,
        candidate.stream,
    )


def why_not(
    candidate: Candidate, occupancy: Occupancy, limits: ClaimLimits, switches: Switches
) -> tuple[Obstacle, ...]:
    """List everything that keeps a candidate from being claimed now; empty when nothing does."""
    repository = candidate.repository
    in_repository = occupancy.by_repository.get(repository.id, 0)
    in_queue = occupancy.by_queue.get(candidate.queue, 0)
    standing = {
        Obstacle.RIG_INTERNAL: candidate.queue is not Queue.REVIEW_E
        and switches.internal.match(repository) is not None,
        Obstacle.ALREADY_CLAIMED: candidate.stream in occupancy.streams,
        Obstacle.RIG_PAUSED: switches.rig_paused,
        Obstacle.REPOSITORY_PAUSED: repository.id in switches.paused_repositories,
        Obstacle.ISSUE_PAUSED: candidate.stream in switches.paused_streams,
        Obstacle.PROVIDER: candidate.queue is not Queue.REVIEW_E
        and not switches.providers.may_start(candidate.provider),
        Obstacle.DEPENDENCY: candidate.open_dependencies > 0,
        Obstacle.TOTAL_LIMIT: _is_reached(occupancy.total, limits.total),
        Obstacle.REPOSITORY_LIMIT: _is_reached(in_repository, limits.per_repository),
        Obstacle.QUEUE_LIMIT: _is_reached(in_queue, limits.per_queue),
    }
    return tuple(obstacle for obstacle in Obstacle if standing[obstacle])


def choose(
    queue: Queue,
    candidates: Iterable[Candidate],
    live: Iterable[LiveClaim],
    limits: ClaimLimits,
    switches: Switches,
) -> Candidate | None:
    """Pick what a worker of `queue` gets now, or None when nothing is claimable for it."""
    occupancy = count_claims(live)
    open_to_claim = (
        candidate
        for candidate in candidates
        if candidate.queue is queue and not why_not(candidate, occupancy, limits, switches)
    )
    return min(open_to_claim, key=lambda each: order_key(each, occupancy), default=None)


def _is_reached(count: int, limit: int | None) -> bool:
    return limit is not None and count >= limit
