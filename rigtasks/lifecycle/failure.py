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
