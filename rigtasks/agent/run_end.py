"""An early end of a run, already classified."""

from rigtasks.lifecycle.failure import FailureClass


class RunEnds(Exception):  # noqa: N818 - an early end is a result, not an error
    """The run ends here without success, for a reason that is already classified."""

    def __init__(
        self, failure: FailureClass, reason: str, *, retry_seconds: float | None = None
    ) -> None:
        super().__init__(reason)
        self.failure = failure
        self.reason = reason
        self.retry_seconds = retry_seconds


def run_stopped() -> RunEnds:
    """Make the end of a run that was told to stop."""
    return RunEnds(FailureClass.SHUTDOWN, "the run was told to stop before it was done")


def run_broken(error: Exception) -> RunEnds:
    """Make the end of a run whose surroundings failed."""
    return RunEnds(FailureClass.INFRA, f"{type(error).__name__}: {error}")
