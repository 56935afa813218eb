"""Why a run ended without an accepted result, and what that costs the issue."""

from enum import StrEnum


class FailureClass(StrEnum):
    """The ten classes of a failed run; only `work` costs the issue an attempt."""

    WORK = "work"
    ENVIRONMENT = "environment"
    PROVIDER_QUOTA = "provider_quota"
    PROVIDER_AUTH = "provider_auth"
    PROVIDER_DOWN = "provider_down"
    GITHUB_LIMIT = "github_limit"
    INFRA = "infra"
    SHUTDOWN = "shutdown"
    POLICY = "policy"
    BUDGET = "budget"


#: Seconds to wait before the next claim where the ending itself names no time; None means that a
#: person must act first.
RETRY_SECONDS: dict[FailureClass, float | None] = {
    FailureClass.WORK: 0.0,
    FailureClass.ENVIRONMENT: None,
    FailureClass.PROVIDER_QUOTA: 900.0,
    FailureClass.PROVIDER_AUTH: None,
    FailureClass.PROVIDER_DOWN: 120.0,
    FailureClass.GITHUB_LIMIT: 60.0,
    FailureClass.INFRA: 30.0,
    FailureClass.SHUTDOWN: 0.0,
    FailureClass.POLICY: None,
    FailureClass.BUDGET: None,
}

#: Endings that say nothing about the issue: something around the run interrupted it.
INTERRUPTIONS = frozenset(
    {
        FailureClass.PROVIDER_QUOTA,
        FailureClass.PROVIDER_DOWN,
        FailureClass.GITHUB_LIMIT,
        FailureClass.SHUTDOWN,
    }
)

#: Seconds that a pause starts to double from, and that it does not grow beyond.
_SHORTEST_PAUSE = 15.0
_LONGEST_PAUSE = 3600.0

#: Who must act when a class cannot be retried by the rig itself.
WHO_MUST_ACT: dict[FailureClass, str] = {
    FailureClass.WORK: "a maintainer of the repository",
    FailureClass.ENVIRONMENT: "a maintainer of the repository",
    FailureClass.PROVIDER_QUOTA: "the operator of the rig",
    FailureClass.PROVIDER_AUTH: "the operator of the rig",
    FailureClass.PROVIDER_DOWN: "the operator of the rig",
    FailureClass.GITHUB_LIMIT: "the operator of the rig",
    FailureClass.INFRA: "the operator of the rig",
    FailureClass.SHUTDOWN: "the operator of the rig",
    FailureClass.POLICY: "a maintainer of the repository",
    FailureClass.BUDGET: "the operator of the rig",
}


def costs_an_attempt(failure: FailureClass) -> bool:
    """Say whether a run that ended so used up one of the issue's attempts."""
    return failure is FailureClass.WORK


def pause_seconds(failure: FailureClass, *, named: float | None, before: int) -> float | None:
    """Return the seconds until the next claim; None means that a person must act first.

    Args:
        failure: why the run ended.
        named: the time that the ending itself names, if any; the pause is never shorter.
        before: interruptions in a row before this one; each doubles the pause.
    """
    seconds = RETRY_SECONDS[failure] if named is None else named
    if seconds is None or failure not in INTERRUPTIONS or before == 0:
        return seconds
    grown = max(seconds, _SHORTEST_PAUSE) * 2.0**before
    return max(seconds, min(grown, _LONGEST_PAUSE))
