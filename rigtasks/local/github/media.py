"""GitHub's media types: what a caller wants by `Accept`, and how the answer says it was taken.

https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#media-types
"""

import re

_GITHUBS = re.compile(r"application/vnd\.github(?:\.v3)?(?:\.(?P<param>[\w-]+))?(?P<json>\+json)?")


def wanted(accept: str, *params: str) -> str | None:
    """Return the first media type that asks for one of some forms, as the caller wrote it.

    Args:
        accept: the header `Accept`.
        params: forms such as `raw` or `diff`.
    """
    return next((text for text, param, _ in _listed(accept) if param in params), None)


def understood(accept: str) -> str:
    """Return `X-GitHub-Media-Type`: what was taken from the header `Accept`."""
    for _, param, as_json in _listed(accept):
        named = [f"param={param}"] if param else []
        return "; ".join(["github.v3", *named, *(["format=json"] if as_json or not param else [])])
    return "github.v3; format=json"


def _listed(accept: str) -> list[tuple[str, str | None, bool]]:
    texts = [each.partition(";")[0].strip() for each in accept.split(",")]
    found = [(text, _GITHUBS.fullmatch(text)) for text in texts]
    return [(text, match["param"], match["json"] is not None) for text, match in found if match]
