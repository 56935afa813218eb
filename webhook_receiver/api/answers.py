"""How values and problems become responses of the Flask application."""

from collections.abc import Mapping
from typing import Any

import msgspec
from flask import Response, g, request

from webhook_receiver.problems import (
    MEDIA_TYPE,
    PROBLEMS,
    REQUEST_ID_HEADER,
    ErrorAt,
    problem_document,
    request_id,
)

API = "/api/v1"


def json_response(value: Any, status: int = 200) -> Response:
    """Return a value as JSON; times are RFC 3339, in UTC."""
    return Response(msgspec.json.encode(value), status, mimetype="application/json")


def problem_response(
    code: str,
    detail: str,
    errors: tuple[ErrorAt, ...] = (),
    *,
    members: Mapping[str, Any] | None = None,
) -> Response:
    """Return a problem of the catalogue, with further members where there are some."""
    document = problem_document(
        code, detail, request=current_request_id(), instance=request.path, errors=errors
    )
    document.update(members or {})
    return Response(msgspec.json.encode(document), int(PROBLEMS[code].status), mimetype=MEDIA_TYPE)


def current_request_id() -> str:
    """Return the id of this request, the sender's own where it is usable."""
    if "request_id" not in g:
        g.request_id = request_id(request.headers.get(REQUEST_ID_HEADER))
    known: str = g.request_id
    return known


def finish(response: Response) -> Response:
    """Put on every response what every response carries."""
    response.headers[REQUEST_ID_HEADER] = current_request_id()
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers.setdefault(
        "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"
    )
    response.headers.setdefault("Cache-Control", "no-store")
    path = request.path
    if path.startswith("/api/") and not path.startswith(f"{API}/"):
        response.headers["Deprecation"] = "@1767225600"
        successor = API + path.removeprefix("/api")
        response.headers["Link"] = f'<{successor}>; rel="successor-version"'
    return response
