"""Follow GitHub's pages from one to the next, never to another host."""

from typing import TypeVar

import msgspec

from rigtasks.github.errors import Unavailable
from rigtasks.github.graphql import decode
from rigtasks.github.transport import Answer, Call, Transport

T = TypeVar("T")

#: The largest page GitHub gives.
PAGE = 100


def next_page(answer: Answer, api_url: str) -> str | None:
    """Return the address of the next page, None after the last one.

    `requests` has no parser apart from a response, so it is here.

    Raises:
        Unavailable: it lies on another host.
    """
    for link in answer.headers.get("link", "").split(","):
        address, _, relation = link.partition(";")
        if 'rel="next"' in relation:
            url = address.strip().strip("<>")
            if not url.startswith(api_url):
                raise Unavailable("The next page lies on another host.")
            return url
    return None


def read_pages(
    transport: Transport, call: Call, token: str, shape: type[T], *, most: int
) -> list[T]:
    """Read the pages of a list, at most so many.

    Args:
        transport: where to ask.
        call: asks for the first page.
        token: of the caller.
        shape: the type of one page.
        most: pages after which the rest is left alone.
    """
    found: list[T] = []
    url: str | None = call.url
    while url is not None and len(found) < most:
        answer = transport.send(msgspec.structs.replace(call, url=url), token)
        found.append(decode(answer, shape, call))
        url = next_page(answer, transport.api_url)
    return found
