"""Conditional requests: what a caller already has is not sent again.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

import hashlib
from datetime import datetime

import msgspec
from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from rigtasks.local.github.answers import without_type

_OK, _CREATED, _NOT_MODIFIED = 200, 201, 304
_VARIES = ("Accept", "Authorization", "Cookie", "X-GitHub-OTP")


class _Dated(msgspec.Struct):
    """The one field of an object that says when it last changed."""

    updated_at: datetime | None = None


def answer_conditionally(request: Request, response: Response) -> Response:
    """Tag a success with a body, and answer 304 to a GET whose caller already has that content.

    The tag differs from caller to caller, and from one token of an App to the next, as GitHub's
    does. A single object that says when it changed has `Last-Modified` as well; a tag goes before.
    """
    if response.status_code not in {_OK, _CREATED}:
        return response
    tag = _tag(request, response)
    kept = {
        "ETag": f'W/"{tag}"',
        "Cache-Control": "private, max-age=60, s-maxage=60",
        "Vary": ", ".join(_VARIES),
    }
    changed = _changed_at(response) if request.method == "GET" else None
    if changed is not None:
        kept["Last-Modified"] = http_date(changed)
    if request.method == "GET" and _has_it(request, tag, changed):
        return without_type(Response(status=_NOT_MODIFIED, headers=kept))
    response.headers.update(kept)
    return response


def _tag(request: Request, response: Response) -> str:
    digest = hashlib.sha256()
    for name in _VARIES:
        digest.update(f"{name}:{request.headers.get(name, '')}\n".encode("utf-8", "replace"))
    digest.update(response.headers.get("Link", "").encode())
    digest.update(response.get_data())
    return digest.hexdigest()


def _changed_at(response: Response) -> datetime | None:
    if response.mimetype != "application/json":
        return None
    try:
        return msgspec.json.decode(response.get_data(), type=_Dated).updated_at
    except msgspec.DecodeError:
        return None


def _has_it(request: Request, tag: str, changed: datetime | None) -> bool:
    if request.if_none_match:
        return request.if_none_match.contains_weak(tag)
    since = request.if_modified_since
    return since is not None and changed is not None and changed <= since
