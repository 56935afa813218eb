"""`POST` of a GitHub webhook: verified, stored in one commit, answered. Plain WSGI for speed."""

import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from rigtasks.errors import Rejected, Retryable
from webhook_receiver.intake.desk import Received
from webhook_receiver.intake.ledger import Answer
from webhook_receiver.intake.request import (
    BodyReader,
    Busy,
    Environ,
    require_json,
)
from webhook_receiver.problems import (
    MEDIA_TYPE,
    PROBLEMS,
    REQUEST_ID_HEADER,
    problem_document,
    request_id,
    status_line,
)

CANONICAL_PATH = "/api/v1/webhooks/github"
SEED_PATH = "/api/webhook/github"
PATHS = frozenset({CANONICAL_PATH, SEED_PATH})

Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]

_ACCEPTED = status_line(HTTPStatus.ACCEPTED)
_SUCCESSOR: Headers = [
    ("Deprecation", "@1767225600"),
    ("Link", f'<{CANONICAL_PATH}>; rel="successor-version"'),
]
_LOG = logging.getLogger(__name__)


class WebhookEndpoint:
    """The WSGI application behind both webhook paths.

    Args:
        accept: checks a delivery and returns when it is durable; raises the refusal otherwise.
    """

    def __init__(self, accept: Callable[[Received], Answer]) -> None:
        self._accept = accept
        self._bodies = BodyReader()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Sequence[bytes]:
        """Answer 202 once the delivery is durable, or say what is wrong with it."""
        request = request_id(environ.get("HTTP_X_REQUEST_ID"))
        headers: Headers = [(REQUEST_ID_HEADER, request)]
        if environ["PATH_INFO"] == SEED_PATH:
            headers += _SUCCESSOR
        try:
            status, media, document = self._answer(environ, request, headers)
        except Exception:  # noqa: BLE001 - recorded, and the sender gets an answer
            _LOG.exception("request %s failed", request)
            status, media, document = _problem(
                environ, request, "internal", "The delivery was not stored."
            )
        body = msgspec.json.encode(document)
        start_response(
            status, [("Content-Type", media), ("Content-Length", str(len(body))), *headers]
        )
        return [body]

    def _answer(
        self, environ: Environ, request: str, headers: Headers
    ) -> tuple[str, str, dict[str, Any]]:
        if environ["REQUEST_METHOD"] != "POST":
            headers.append(("Allow", "POST"))
            return _problem(environ, request, "method-not-allowed", "Webhooks are sent with POST.")
        try:
            require_json(environ)
            answer = self._accept(Received(environ, self._bodies.read(environ)))
        except Rejected as refusal:
            return _problem(environ, request, refusal.code, str(refusal))
        except Retryable as failure:
            headers.append(("Retry-After", str(int(failure.retry_after or 1))))
            code = "busy" if isinstance(failure, Busy) else "store-unavailable"
            return _problem(environ, request, code, str(failure))
        stored = {"delivery": environ["HTTP_X_GITHUB_DELIVERY"].lower(), "status": answer}
        return _ACCEPTED, "application/json", stored


def _problem(
    environ: Environ, request: str, code: str, detail: str
) -> tuple[str, str, dict[str, Any]]:
    document = problem_document(code, detail, request=request, instance=environ["PATH_INFO"])
    return status_line(PROBLEMS[code].status), MEDIA_TYPE, document
