"""The breaker of an issue: it opens when something answers itself. Pure."""

import msgspec


class BreakerLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much may happen around one issue within the window before somebody has to look.

    Args:
        rounds: runs that were begun, whatever they were for.
        comments: comments by bots, the rig's own among them.
        labels: labels set or taken off by bots, the rig's own among them.
        window: seconds that are looked back, already scaled.
    """

    rounds: int = 30
    comments: int = 20
    labels: int = 20
    window: float = 3600.0


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """What happened around one issue, all its generations together, within the window.

    A window begins anew when a person closes the breaker.
    """

    repo_id: int
    number: int
    stream: str
    rounds: int
    comments: int
    labels: int


def why_open(activity: Activity, limits: BreakerLimits) -> str | None:
    """Return why nothing more may happen by itself, None while all is within its limits."""
    counted = (
        (activity.rounds, limits.rounds, "runs were begun"),
        (activity.comments, limits.comments, "comments were made by bots"),
        (activity.labels, limits.labels, "labels were set or taken off by bots"),
    )
    over = [f"{count} {words}" for count, limit, words in counted if count >= limit]
    if not over:
        return None
    minutes = max(1, round(limits.window / 60))
    return f"{' and '.join(over)} within {minutes} min: something answers itself"
