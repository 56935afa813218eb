"""Break a connection in the middle of an answer, below everything that makes answers."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

#: Where an answer's place to break is noted in the WSGI environment: bytes, None for half.
CUT = "sandbox.cut"

_Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class BreaksOff:
    """A WSGI application that sends only the beginning of the answers marked with `CUT`."""

    def __init__(self, application: _Application) -> None:
        self._application = application

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one WSGI request, or begin to."""
        parts = self._application(environ, start_response)
        return _beginning(b"".join(parts), environ[CUT]) if CUT in environ else parts


def _beginning(body: bytes, most: int | None) -> Iterator[bytes]:
    if most != 0:
        yield body[: len(body) // 2 if most is None else most]
    raise ConnectionAbortedError("the fault plan breaks this connection")
