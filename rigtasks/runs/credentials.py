"""Ask the conductor for what a run may hold: a read-only token and the author's name."""

import time
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

import msgspec

from rigtasks.errors import Retryable
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.sealing import RunCredentials, TokenKey

_POLL_SECONDS = 0.02


class CredentialRequests(Protocol):
    """Where a run leaves its public key and finds the sealed answer."""

    def ask(self, stream: str, run_id: UUID, epoch: int, public_key: bytes) -> None:
        """Ask for the credentials of a run; the conductor answers when it gets to it."""
        ...

    def answer(self, run_id: UUID, epoch: int) -> bytes | None:
        """Return the sealed answer once it is there."""
        ...


class CredentialsRefused(Retryable):
    """The conductor did not give the run a token; `failure` is what that means for the issue."""

    def __init__(self, message: str, *, failure: FailureClass = FailureClass.INFRA) -> None:
        super().__init__(message)
        self.failure = failure


def request_credentials(
    requests: CredentialRequests,
    stream: str,
    run_id: UUID,
    epoch: int,
    *,
    patience: float,
    stop: Callable[[], bool],
) -> RunCredentials:
    """Ask for a run's credentials and wait for the sealed answer.

    Args:
        requests: where to ask.
        stream: the issue's stream.
        run_id: the run that holds the claim.
        epoch: of the claim.
        patience: seconds to wait.
        stop: true when the run has to end.

    Raises:
        CredentialsRefused: there is no token, or nobody answered in time.
    """
    key = TokenKey()
    requests.ask(stream, run_id, epoch, key.public)
    deadline = time.monotonic() + patience
    while not stop():
        sealed = requests.answer(run_id, epoch)
        if sealed is not None:
            found = msgspec.json.decode(key.open(sealed), type=RunCredentials)
            if found.refused is not None:
                raise CredentialsRefused(found.refused, failure=found.failure)
            return found
        if time.monotonic() > deadline:
            raise CredentialsRefused(
                f"no conductor answered within {patience:.0f} s; is its worker running?"
            )
        time.sleep(_POLL_SECONDS)
    raise CredentialsRefused("the run was stopped before it had a token")
