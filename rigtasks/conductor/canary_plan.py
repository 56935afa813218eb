"""What the canary is measured by. Pure."""

from datetime import datetime

import msgspec

from rigtasks.eventstore.canaries import Canary
from rigtasks.eventstore.queries import IssueSummary
from rigtasks.lifecycle.state import Lane


class CanaryPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how often the rig looks whether it works.

    Args:
        repository: full name of a repository that is there for nothing else.
        period: seconds between two canaries, already scaled.
        limit: seconds one may take to its merge, already scaled.
    """

    repository: str
    period: float
    limit: float

    def is_about(self, full_name: str) -> bool:
        """Say whether a repository is the canary's."""
        return full_name.lower() == self.repository.lower()


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """How a canary fares.

    Args:
        ended: `merged` or `withdrawn`; None while it is under way.
        late: it is under way for longer than it may be.
        words: where it stands.
    """

    ended: str | None
    late: bool
    words: str


def fate_of(known: IssueSummary | None, canary: Canary, now: datetime, limit: float) -> Fate:
    """Return how a canary fares.

    Args:
        known: the issue as the rig holds it; None where it was not even taken in.
        canary: what was filed.
        now: the time in UTC.
        limit: seconds it may take.
    """
    lane = None if known is None else Lane(known.lane)
    if lane is Lane.DONE:
        return Fate(ended="merged", late=False, words="was merged")
    if lane is Lane.CANCELLED:
        return Fate(ended="withdrawn", late=False, words="was withdrawn")
    late = (now - canary.filed_at).total_seconds() > limit
    stands = "was not taken in yet" if known is None else f"is {known.overlay or known.lane}"
    if late:
        stands = f"{stands} and is not merged after {limit:.0f} s"
    return Fate(ended=None, late=late, words=stands)
