"""GitHub's answers: errors in its own words, and pages with Link headers."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec
from werkzeug.wrappers import Request, Response

T = TypeVar("T")

DOCS = "https://docs.github.com/rest"
_DEFAULT_PAGE = 30
_LARGEST_PAGE = 100


class HttpError(Exception):
    """An answer other than success, with GitHub's body.

    Args:
        status: the HTTP status.
        message: GitHub's `message`.
        errors: GitHub's `errors` list, where the answer has one.
        headers: further headers.
        docs: GitHub's `documentation_url`.
        body: further fields of the body.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Sequence[dict[str, Any] | str] | None = None,
        headers: dict[str, str] | None = None,
        docs: str = DOCS,
        body: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.body = body or {}
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}
        self.docs = docs

    def response(self) -> Response:
        """Render the error as GitHub does."""
        body: dict[str, Any] = {"message": self.message, **self.body}
        if self.errors is not None:
            body["errors"] = list(self.errors)
        body["documentation_url"] = self.docs
        body["status"] = str(self.status)
        return json_response(body, self.status, self.headers)


def not_found() -> HttpError:
    """Build the 404 that also hides what the caller may not see."""
    return HttpError(404, "Not Found")


def forbidden_to_app() -> HttpError:
    """Build the 403 of an App token that lacks a permission."""
    return HttpError(403, "Resource not accessible by integration")


def validation_failed(*errors: dict[str, Any] | str) -> HttpError:
    """Build the 422 with its list of field errors."""
    return HttpError(422, "Validation Failed", errors=errors)


def missing(resource: str, field: str) -> HttpError:
    """Build the 422 for a field that must be there."""
    return validation_failed({"resource": resource, "code": "missing_field", "field": field})


def invalid(resource: str, field: str, message: str | None = None) -> HttpError:
    """Build the 422 for a field whose value makes no sense."""
    error = {"resource": resource, "code": "invalid", "field": field}
    return validation_failed(error if message is None else {**error, "message": message})


def json_response(
    payload: Any, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Render a JSON answer."""
    return Response(
        msgspec.json.encode(payload),
        status=status,
        headers=headers,
        content_type="application/json; charset=utf-8",
    )


def created(shape: dict[str, Any]) -> Response:
    """Render what was made, which has an address of its own, with `Location`."""
    return json_response(shape, 201, {"Location": shape["url"]})


def no_content() -> Response:
    """Render an empty 204, which is of no type."""
    return without_type(Response(status=204))


def without_type(response: Response) -> Response:
    """Take the type off an answer that has no body."""
    del response.headers["Content-Type"]
    return response


def paginate(
    request: Request, url: str, items: Sequence[T], render: Callable[[T], Any], key: str = ""
) -> Response:
    """Render one page of a list, with `Link` to the others.

    Args:
        request: `per_page` (1 to 100, 30) and `page` (from 1) are read from its query.
        url: the list's own address without the query.
        items: the whole list.
        render: turns one item into its JSON shape.
        key: where not empty, the page is wrapped as `{"total_count", key}`.
    """
    per_page = min(max(_number(request, "per_page", _DEFAULT_PAGE), 1), _LARGEST_PAGE)
    page = max(_number(request, "page", 1), 1)
    last = max((len(items) + per_page - 1) // per_page, 1)
    shown = [render(item) for item in items[(page - 1) * per_page : page * per_page]]
    links = []
    for name, target in _neighbours(page, last):
        query = {**request.args.to_dict(), "page": str(target)}
        links.append(f'<{url}?{urlencode(query)}>; rel="{name}"')
    headers = {"Link": ", ".join(links)} if links else {}
    return json_response({"total_count": len(items), key: shown} if key else shown, 200, headers)


def _neighbours(page: int, last: int) -> list[tuple[str, int]]:
    neighbours = []
    if page > 1:
        neighbours.append(("prev", min(page - 1, last)))
    if page < last:
        neighbours += [("next", page + 1), ("last", last)]
    if page > 1:
        neighbours.append(("first", 1))
    return neighbours


def _number(request: Request, name: str, default: int) -> int:
    try:
        return int(request.args.get(name, default))
    except ValueError:
        return default
