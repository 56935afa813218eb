"""The ways an agent process can end, and what each means for its issue."""

from datetime import datetime
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


#: The short list of classes that people and programs are told; a turn that is done is `ok`.
CLASS_OF: dict[Ending, str] = {ending: ending.value for ending in Ending} | {
    Ending.AFTER_RESULT: "ok",
    Ending.TIMEOUT_START: "timeout",
    Ending.TIMEOUT_IDLE: "timeout",
    Ending.TIMEOUT_WALL: "timeout",
    Ending.NO_RESULT: "crashed",
    Ending.BAD_OUTPUT: "crashed",
    Ending.OVERUSE: "killed",
}

#: Failures that may be gone the next time although nobody changed anything.
_PASSING = frozenset(
    {
        FailureClass.PROVIDER_QUOTA,
        FailureClass.PROVIDER_DOWN,
        FailureClass.INFRA,
        FailureClass.SHUTDOWN,
    }
)
_TIMEOUTS = frozenset({Ending.TIMEOUT_START, Ending.TIMEOUT_IDLE, Ending.TIMEOUT_WALL})


class Classified(msgspec.Struct, frozen=True, kw_only=True):
    """An ending with its sentence and, where the provider names one, the time to wait.

    Args:
        ending: how the call ended.
        detail: in one sentence.
        retry_seconds: to wait from now on, where the provider named a span.
        retry_at: when it takes requests again, where it named a time.
    """

    ending: Ending
    detail: str = ""
    retry_seconds: float | None = None
    retry_at: datetime | None = None

    @property
    def failure(self) -> FailureClass | None:
        """What the ending means for the issue; None when the agent finished its turn."""
        return FAILURE_OF[self.ending]

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later without anybody changing anything."""
        return self.ending in _TIMEOUTS or self.failure in _PASSING

    def wait_seconds(self, now: datetime) -> float | None:
        """Return the seconds to wait, where the provider named a span or a time."""
        if self.retry_at is None:
            return self.retry_seconds
        return max(0.0, (self.retry_at - now).total_seconds())
