"""Judge the headers of REST answers that GitHub's OpenAPI document names.

It names `Link` (of lists), `Location` (of what was made, and of archives), the allowance (of
`GET /rate_limit` alone) and what comes with rendered text; it requires none, and names neither
`ETag` nor any other. Beyond it, `Location` and the allowance have to be there where they are named,
as GitHub sends them, and a `Link` has to be one wherever it is sent.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from werkzeug.http import parse_options_header

from rigtasks.testing.schema_document import SchemaDocument

#: Headers of an answer that are kept for judging even where the document names none.
ALWAYS = ("content-type", "link", "location")
#: A header the document names that need not be there: where there is one page, nothing leads on.
_OPTIONAL = ("link",)
_JSON, _CHARSET = "application/json", "utf-8"
_LINKS = re.compile(r'<[^<>]*>; rel="\w+"(, <[^<>]*>; rel="\w+")*')
_LINK = re.compile(r'<([^<>]*)>; rel="(\w+)"')
_RELATIONS = {"first", "prev", "next", "last"}
_ABSOLUTE = re.compile(r"https?://[^\s/]+/\S*")

Headers = tuple[tuple[str, str], ...]


def kept(headers: Mapping[str, Any] | Headers | list[tuple[str, str]], named: set[str]) -> Headers:
    """Return what is judged of the headers of an answer, by name in lower case, in order."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    lower = ((name.lower(), value) for name, value in pairs)
    return tuple(sorted((name, value) for name, value in lower if name in {*ALWAYS, *named}))


def differences(
    document: SchemaDocument, described: Mapping[str, Any], headers: Headers
) -> Iterator[str]:
    """Say in words where headers differ from those a response of the document has.

    Args:
        document: the whole document.
        described: the document's response, with `headers` where it names any.
        headers: those of the answer that are judged; see `kept`.
    """
    names = [name for name, _ in headers]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"has {names.count(name)} headers {name}"
    sent = dict(headers)
    media, options = parse_options_header(sent.get("content-type", ""))
    if media == _JSON and options.get("charset", _CHARSET).lower() != _CHARSET:
        yield f"is JSON in {options['charset']}"
    for title, node in described.get("headers", {}).items():
        name = title.lower()
        if name in sent:
            schema = document.resolve(node).get("schema", {})
            for one in document.differences(schema, _typed(schema, sent[name])):
                yield f"{name} {one}"
        elif name not in _OPTIONAL:
            yield f"has no {name}"
    if "location" in sent and not _ABSOLUTE.fullmatch(sent["location"]):
        yield f"location is no address: {sent['location']!r}"
    if "link" in sent:
        yield from _link(sent["link"])


def _link(value: str) -> Iterator[str]:
    if not _LINKS.fullmatch(value):
        yield f"link is none: {value!r}"
        return
    links = _LINK.findall(value)
    relations = [relation for _, relation in links]
    for relation in sorted(set(relations) - _RELATIONS):
        yield f"link leads to a page called {relation}"
    if len(set(relations)) != len(relations):
        yield "link leads to one page twice"
    for address, relation in links:
        if not _ABSOLUTE.fullmatch(address) or not urlsplit(address).query:
            yield f"link to the {relation} page is no address of a page: {address!r}"


def _typed(schema: Mapping[str, Any], text: str) -> Any:
    """Return the number a text is where the schema asks for one."""
    return int(text) if schema.get("type") == "integer" and text.isdecimal() else text
