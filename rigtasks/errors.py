"""One tree of errors: what may be tried again, what may not, and what was refused.

Data goes on the exception, the remedy into its message. The three branches decide what a
caller does: wait and repeat (`Retryable`), stop and tell a person (`Permanent`), or answer the
sender (`Rejected`).
"""


class RigError(Exception):
    """The root of every error the rig raises on purpose."""


class Retryable(RigError):
    """The same call may succeed later.

    Args:
        message: what failed and what happens next.
        retry_after: seconds to wait before the next try; None leaves it to the caller's back-off.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotNow(Retryable):
    """Nothing failed: this has to wait, and to have tried costs nothing.

    Args:
        message: what it waits for.
        retry_after: seconds until it is looked at again.
        longest: what these seconds may grow to, the longer it has been waited for.
    """

    retry_after: float

    def __init__(self, message: str, *, retry_after: float, longest: float = 0.0) -> None:
        super().__init__(message, retry_after=retry_after)
        self.longest = longest


class Permanent(RigError):
    """The same call will fail again until a person or a setting changes something."""


class Rejected(RigError):
    """The caller sent something that cannot be accepted.

    Args:
        message: what is wrong and what to send instead.
        code: a stable kebab-case name of the problem, as used in problem+json answers.
    """

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class Conflict(Retryable):
    """Somebody else changed the stream first: load it again and decide again."""


class StaleEpoch(Permanent):
    """The writer lost its claim; a newer holder exists and nothing may be written any more."""


class UnknownEffect(Retryable):
    """A write to the outside may or may not have happened: read before doing anything else."""
