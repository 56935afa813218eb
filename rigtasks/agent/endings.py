"""The ways an agent process can end, and what each means for its issue."""

from enum import StrEnum

import msgspec

from rigtasks.lifecycle.failure import FailureClass


class Ending(StrEnum):
    """How one call of an agent ended."""

    OK = "ok"
    DENIED = "denied"
    MAX_TURNS = "max_turns"
    BUDGET = "budget"
    AUTH = "auth"
    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    QUOTA = "quota"
    CONTEXT = "context"
    REFUSAL = "refusal"
    TIMEOUT_START = "timeout_start"
    TIMEOUT_IDLE = "timeout_idle"
    TIMEOUT_WALL = "timeout_wall"
    AFTER_RESULT = "after_result"
    KILLED = "killed"
    CRASHED = "crashed"
    NO_RESULT = "no_result"
    BAD_OUTPUT = "bad_output"
    OVERUSE = "overuse"


#: None: the agent finished its turn, and the tests (or the review's schema) judge what it did.
#: AFTER_RESULT is a tool that hung after saying that it was done; KILLED is the rig's own doing.
FAILURE_OF: dict[Ending, FailureClass | None] = {
    Ending.OK: None,
    Ending.AFTER_RESULT: None,
    Ending.DENIED: FailureClass.ENVIRONMENT,
    Ending.MAX_TURNS: FailureClass.WORK,
    Ending.BUDGET: FailureClass.BUDGET,
    Ending.AUTH: FailureClass.PROVIDER_AUTH,
    Ending.RATE_LIMIT: FailureClass.PROVIDER_QUOTA,
    Ending.OVERLOADED: FailureClass.PROVIDER_DOWN,
    Ending.QUOTA: FailureClass.PROVIDER_QUOTA,
    Ending.CONTEXT: FailureClass.WORK,
    Ending.REFUSAL: FailureClass.WORK,
    Ending.TIMEOUT_START: FailureClass.PROVIDER_DOWN,
    Ending.TIMEOUT_IDLE: FailureClass.PROVIDER_DOWN,
    Ending.TIMEOUT_WALL: FailureClass.WORK,
    Ending.KILLED: FailureClass.SHUTDOWN,
    Ending.CRASHED: FailureClass.INFRA,
    Ending.NO_RESULT: FailureClass.PROVIDER_DOWN,
    Ending.BAD_OUTPUT: FailureClass.WORK,
    Ending.OVERUSE: FailureClass.WORK,
}


class Classified(msgspec.Struct, frozen=True, kw_only=True):
    """An ending with its sentence and, where the provider names one, the time to wait."""

    ending: Ending
    detail: str = ""
    retry_seconds: float | None = None

    @property
    def failure(self) -> FailureClass | None:
        """What the ending means for the issue; None when the agent finished its turn."""
        return FAILURE_OF[self.ending]
