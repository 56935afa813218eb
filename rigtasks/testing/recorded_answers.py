"""Judge an answer by the one that was recorded at GitHub for the same call: what it lacks of it."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from werkzeug.http import parse_options_header

_REFUSALS = range(300, 600)
_LINK = re.compile(r'<([^<>]*)>; rel="(\w+)"')
_COMMIT = re.compile(r"[0-9a-f]{40}")
_VALUES_OF_REFUSALS = re.compile(r"\$\.(message|errors\[\]\.(resource|code|field))")

#: Headers of an answer that are compared; where one has a form, its form is, and not its value.
COMPARED = (
    "cache-control",
    "content-type",
    "etag",
    "last-modified",
    "link",
    "location",
    "x-github-media-type",
    "x-github-request-id",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-ratelimit-resource",
    "x-ratelimit-used",
)
#: Headers that were recorded and are not compared, with the reason.
NOT_COMPARED = {
    **dict.fromkeys(
        (
            "access-control-allow-origin",
            "access-control-expose-headers",
            "content-security-policy",
            "cross-origin-resource-policy",
            "referrer-policy",
            "strict-transport-security",
            "x-content-type-options",
            "x-frame-options",
            "x-xss-protection",
        ),
        "What GitHub tells browsers.",
    ),
    **dict.fromkeys(("connection", "content-length", "date"), "What servers do, not GitHub."),
    **dict.fromkeys(
        ("x-accepted-oauth-scopes", "x-oauth-scopes"), "Tokens of people have no scopes here."
    ),
    "content-disposition": "Of the download of an archive, at another address.",
    "expires": "Of the download of an archive, at another address.",
    "x-commonmarker-version": "Of rendered text, which the sandbox does not do.",
    "x-github-api-version-selected": "Of the one recorded answer whose call asked for a version.",
    "x-poll-interval": "Of notifications, which the sandbox does not have.",
}
_BY_VALUE = ("cache-control", "location", "x-github-media-type", "x-ratelimit-resource")
_NUMBER = re.compile(r"[0-9]+")
_BY_FORM = {
    "etag": ("a tag", re.compile(r'(W/)?"[^"]+"')),
    "last-modified": ("a date", re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")),
    "x-github-request-id": ("an id", re.compile(r"[0-9A-F:]+")),
    **{
        f"x-ratelimit-{name}": ("a number", _NUMBER)
        for name in ("limit", "remaining", "reset", "used")
    },
}


#: What of an answer is not compared with the recorded one.
OUTSIDE = (
    "Values, but for the words of refusals, links, and the headers `"
    + "`, `".join((*_BY_VALUE, "content-type"))
    + "`: a text has to be a text, an address an address.",
)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it is compared.

    Args:
        status: its HTTP status.
        headers: by name in lower case.
        body: decoded where it is JSON, text otherwise.
    """

    status: int
    headers: Mapping[str, str]
    body: Any


def differences(recorded: Answer, answered: Answer) -> Iterator[str]:
    """Say in words what an answer lacks of the recorded one.

    Addresses in both have to begin at the same place, and ids in headers to be the same.
    """
    if (other := of_another_kind(recorded, answered)) is not None:
        yield other
        return
    yield from _headers(recorded.headers, answered.headers)
    if isinstance(recorded.body, dict | list):
        values = _VALUES_OF_REFUSALS if recorded.status in _REFUSALS else None
        yield from dict.fromkeys(_lacking(recorded.body, answered.body, "$", values))
    elif answered.body != recorded.body:
        yield "has another body"


def of_another_kind(recorded: Answer, answered: Answer) -> str | None:
    """Say in words why two answers cannot be compared: another status, another type of body."""
    if answered.status != recorded.status:
        return f"answers {answered.status}, not {recorded.status}"
    theirs, ours = (
        parse_options_header(each.headers.get("content-type", ""))[0] or "nothing"
        for each in (recorded, answered)
    )
    return None if ours == theirs else f"answers with {ours}, not {theirs}"


def lacking(recorded: Any, answered: Any) -> tuple[str, ...]:
    """Say where a document lacks what another one has: a name, a value, an entry, a form."""
    return tuple(dict.fromkeys(_lacking(recorded, answered, "$", None)))


def form(value: Any) -> str:
    """Name the form of a value; what is empty, and what is null, is a form of its own."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return _form_of_text(value)
        case list():
            return "a list" if value else "an empty list"
        case _:
            return "an object" if value else "an empty object"


def _form_of_text(text: str) -> str:
    if not text:
        return "an empty text"
    if _COMMIT.fullmatch(text):
        return "a commit"
    if urlsplit(text).scheme in {"http", "https"} and urlsplit(text).netloc:
        return "an address"
    try:
        return "a moment" if datetime.fromisoformat(text).tzinfo is not None else "a text"
    except ValueError:
        return "a text"


def _lacking(
    recorded: Any, answered: Any, path: str, values: re.Pattern[str] | None
) -> Iterator[str]:
    theirs, ours = form(recorded), form(answered)
    if ours != theirs:
        yield f"{path} is {ours}, not {theirs}"
    elif values is not None and values.fullmatch(path) and answered != recorded:
        yield f"{path} is {answered!r}, not {recorded!r}"
    if isinstance(recorded, dict) and isinstance(answered, dict):
        for name, inner in recorded.items():
            if name in answered:
                yield from _lacking(inner, answered[name], f"{path}.{name}", values)
            elif answered:
                yield f"lacks {path}.{name}"
    elif isinstance(recorded, list) and isinstance(answered, list) and recorded and answered:
        if len(answered) != len(recorded):
            yield f"{path} has {len(answered)} entries, not {len(recorded)}"
        for place, inner in enumerate(answered):
            wanted = recorded[min(place, len(recorded) - 1)]
            yield from _lacking(wanted, inner, f"{path}[]", values)


def _headers(recorded: Mapping[str, str], answered: Mapping[str, str]) -> Iterator[str]:
    for name in COMPARED:
        if name not in recorded and name not in answered:
            continue
        if name not in answered:
            yield f"has no {name}"
        elif name in recorded and (ours := header(name, answered[name])) != (
            theirs := header(name, recorded[name])
        ):
            yield f"{name} is {ours}, not {theirs}"


def header(name: str, value: str) -> str:
    """Return what of a header is compared: its value, or the form it has."""
    if name in _BY_VALUE:
        return value
    if name in _BY_FORM:
        words, pattern = _BY_FORM[name]
        return words if pattern.fullmatch(value) else repr(value)
    if name == "link":
        links = sorted((relation, _ordered(one)) for one, relation in _LINK.findall(value))
        return ", ".join(f"{relation} {address}" for relation, address in links) or repr(value)
    media, options = parse_options_header(value)
    return "; ".join([media, *(f"{key}={options[key]}" for key in sorted(options))])


def _ordered(address: str) -> str:
    """Return an address with its query in order."""
    parts = urlsplit(address)
    query = "&".join(f"{key}={value}" for key, value in sorted(parse_qsl(parts.query)))
    return parts._replace(query=query).geturl()
