"""Every refusal and failure as application/problem+json (RFC 9457), from one catalogue."""

import os
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec

MEDIA_TYPE = "application/problem+json"
REQUEST_ID_HEADER = "X-Request-Id"

_USABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")


class ProblemKind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of problem: its status, its title and what the sender can do."""

    status: HTTPStatus
    title: str
    hint: str


class ErrorAt(msgspec.Struct, frozen=True, kw_only=True):
    """One wrong part of a request; `parameter` names a query parameter."""

    parameter: str
    detail: str


def _kind(status: HTTPStatus, title: str, hint: str) -> ProblemKind:
    return ProblemKind(status=status, title=title, hint=hint)


_BAD = HTTPStatus.BAD_REQUEST
_MEDIA = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
_UNSIGNED = HTTPStatus.UNAUTHORIZED
_SECRETS = "Compare the webhook's secret on GitHub with RIG_WEBHOOK_SECRET."

#: Every problem by its stable code.
PROBLEMS: dict[str, ProblemKind] = {
    "signature-missing": _kind(_UNSIGNED, "The delivery is not signed", _SECRETS),
    "signature-malformed": _kind(_UNSIGNED, "The signature is malformed", _SECRETS),
    "signature-mismatch": _kind(_UNSIGNED, "The signature does not fit", _SECRETS),
    "media-type": _kind(_MEDIA, "Only JSON is accepted", "Set content type application/json."),
    "body-encoded": _kind(_MEDIA, "The body is compressed", "Send it without Content-Encoding."),
    "body-too-large": _kind(
        HTTPStatus(413),
        "The body is too large",
        "GitHub sends at most 25 MiB.",
    ),
    "body-truncated": _kind(_BAD, "The body is incomplete", "Deliver it again."),
    "length-invalid": _kind(_BAD, "Content-Length is no number", "Send the body's length."),
    "header-invalid": _kind(_BAD, "A GitHub header is wrong", "Only GitHub should call this."),
    "invalid-json": _kind(_BAD, "The body is not JSON", "Send what was signed, unchanged."),
    "not-an-object": _kind(_BAD, "The body is no JSON object", "Send one JSON object."),
    "too-deep": _kind(_BAD, "The JSON is nested too deeply", "Send a flat document."),
    "busy": _kind(
        HTTPStatus.SERVICE_UNAVAILABLE, "Too many large bodies at once", "Deliver it again later."
    ),
    "store-unavailable": _kind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The database cannot be reached",
        "Nothing was stored; deliver it again later.",
    ),
    "method-not-allowed": _kind(
        HTTPStatus.METHOD_NOT_ALLOWED, "The method is not allowed", "See the Allow header."
    ),
    "not-found": _kind(HTTPStatus.NOT_FOUND, "There is nothing here", "Check the address."),
    "parameter-invalid": _kind(_BAD, "A parameter is wrong", "See the errors."),
    "request-invalid": _kind(_BAD, "The request is wrong", "Check the request."),
    "token-required": _kind(
        _UNSIGNED,
        "A token is required",
        "Send RIG_API_TOKEN as a bearer token, or as the password in a browser.",
    ),
    "loopback-only": _kind(
        HTTPStatus.FORBIDDEN,
        "Only this machine is answered",
        "Set RIG_API_TOKEN to read from elsewhere or through a proxy.",
    ),
    "internal": _kind(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "The rig failed",
        "The receiver's log has the details under the request id.",
    ),
}


def request_id(given: str | None) -> str:
    """Return the sender's request id where it is fit for a log line, else a new one."""
    if given is not None and _USABLE_ID.match(given):
        return given
    return os.urandom(12).hex()


def problem_document(
    code: str,
    detail: str,
    *,
    request: str,
    instance: str | None = None,
    errors: Sequence[ErrorAt] = (),
) -> dict[str, Any]:
    """Build the document that names a problem.

    Args:
        code: a key of `PROBLEMS`.
        detail: what is wrong this time.
        request: the request id.
        instance: the path that was asked for.
        errors: the wrong parts, where there are several.
    """
    kind = PROBLEMS[code]
    document: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": int(kind.status),
        "detail": detail,
        "code": code,
        "request_id": request,
        "hint": kind.hint,
    }
    if instance is not None:
        document["instance"] = instance
    if errors:
        document["errors"] = errors
    return document


def status_line(status: HTTPStatus) -> str:
    """Return a status as WSGI wants it."""
    return f"{int(status)} {status.phrase}"
