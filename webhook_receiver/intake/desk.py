"""Check and store deliveries, a batch at a time.

The threads of a server share one interpreter, and each hash and each compression hands it to
another thread: done by sixteen threads at once they cost three times what they cost one after the
other. So requests only bring their bodies here, and whoever leads a batch does the work of all.
"""

from collections.abc import Callable, Sequence

import msgspec

from rigtasks.github.signature import SignatureVerifier
from webhook_receiver.intake.delivery import Incoming, incoming
from webhook_receiver.intake.ledger import Answer
from webhook_receiver.intake.request import Environ, github_headers

Store = Callable[[Sequence[Incoming]], Sequence[Answer | Exception]]


class Received(msgspec.Struct, frozen=True):
    """A request whose body has been read and not yet looked at."""

    environ: Environ
    body: bytes


class Desk:
    """What stands between a request and the ledger; one thread at a time.

    Args:
        verifier: knows the current secret and, during a rotation, the previous one.
        store: returns when the batch is durable, with an answer for each delivery.
    """

    def __init__(self, verifier: SignatureVerifier, store: Store) -> None:
        self._verifier = verifier
        self._store = store

    def accept(self, batch: Sequence[Received]) -> list[Answer | Exception]:
        """Store what is signed and readable; return an answer, a refusal or a failure for each."""
        read = [self._read(each) for each in batch]
        answers = iter(self._stored([each for each in read if isinstance(each, Incoming)]))
        return [next(answers) if isinstance(each, Incoming) else each for each in read]

    def _stored(self, deliveries: Sequence[Incoming]) -> Sequence[Answer | Exception]:
        if not deliveries:
            return ()
        try:
            return self._store(deliveries)
        except Exception as error:  # noqa: BLE001 - told to each of them, and to nobody else
            return [error] * len(deliveries)

    def _read(self, received: Received) -> Incoming | Exception:
        environ, body = received.environ, received.body
        try:
            self._verifier.verify(body, environ.get("HTTP_X_HUB_SIGNATURE_256"))
            return incoming(github_headers(environ), body)
        except Exception as error:  # noqa: BLE001 - it is raised again where the request waits
            return error
