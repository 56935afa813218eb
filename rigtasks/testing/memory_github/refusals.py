"""GitHub's refusals as the model raises them, before a call gives them a method and a path."""

from rigtasks.errors import RigError
from rigtasks.github.errors import Refusal, Unexpected
from rigtasks.github.transport import REFUSALS


class Refused(Exception):  # noqa: N818 - GitHub's word for it
    """The model does not do that; `status`, `message` and `errors` are GitHub's."""

    def __init__(self, status: int, message: str, *, errors: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors

    def of(self, method: str, path: str) -> RigError:
        """Return the error that the client raises for this answer to a call."""
        refusal = Refusal(
            method=method,
            path=path,
            status=self.status,
            message=self.message,
            errors=self.errors,
        )
        error: RigError = REFUSALS.get(self.status, Unexpected)(refusal)
        return error
