"""Read a webhook request: what it must look like, and its body within bounds."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol

import msgspec

from rigtasks.errors import Rejected, Retryable

LARGEST_BODY = 25 * 1024 * 1024
"""GitHub sends no delivery above 25 MiB."""
LARGE_BODY = 256 * 1024
LARGE_BODIES_AT_ONCE = 4

_EVENT = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_DELIVERY = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_JSON = re.compile(r"application/json\s*(;\s*charset\s*=\s*\"?utf-?8\"?\s*)?\Z", re.IGNORECASE)
_LENGTH = re.compile(r"[0-9]{1,18}\Z")
_KEPT = (
    ("HTTP_X_GITHUB_HOOK_ID", "X-GitHub-Hook-ID"),
    ("HTTP_X_GITHUB_HOOK_INSTALLATION_TARGET_TYPE", "X-GitHub-Hook-Installation-Target-Type"),
    ("HTTP_X_GITHUB_HOOK_INSTALLATION_TARGET_ID", "X-GitHub-Hook-Installation-Target-ID"),
)
_LONGEST_KEPT = 100

Environ = dict[str, Any]


class Input(Protocol):
    """The readable end of `wsgi.input`."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, empty at the end of the body."""


class Busy(Retryable):
    """Too many large bodies are being received at this moment."""


class GitHubHeaders(msgspec.Struct, frozen=True, kw_only=True):
    """The headers of a delivery that are used or kept."""

    event: str
    delivery: str
    kept: dict[str, str]

    @property
    def hook(self) -> str | None:
        """Return the id of the webhook that sent it; None where the sender leaves it out."""
        return self.kept.get("X-GitHub-Hook-ID")


def require_json(environ: Environ) -> None:
    """Refuse any body but plain JSON.

    Raises:
        Rejected: `media-type` or `body-encoded`.
    """
    given = environ.get("CONTENT_TYPE", "")
    if not _JSON.match(given):
        raise Rejected(
            "The content type must be application/json; choose it in the webhook's settings.",
            code="media-type",
        )
    if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() not in {"", "identity"}:
        raise Rejected("The body must be sent without Content-Encoding.", code="body-encoded")


def github_headers(environ: Environ) -> GitHubHeaders:
    """Return GitHub's own headers, checked.

    Raises:
        Rejected: `header-invalid`.
    """
    event = environ.get("HTTP_X_GITHUB_EVENT", "")
    delivery = environ.get("HTTP_X_GITHUB_DELIVERY", "")
    if not _EVENT.match(event):
        raise Rejected("X-GitHub-Event must name an event.", code="header-invalid")
    if not _DELIVERY.match(delivery):
        raise Rejected("X-GitHub-Delivery must be a UUID.", code="header-invalid")
    kept = {name: environ[key][:_LONGEST_KEPT] for key, name in _KEPT if environ.get(key)}
    return GitHubHeaders(event=event, delivery=delivery.lower(), kept=kept)


class BodyReader:
    """Reads bodies up to the cap, and only a few large ones at a time.

    A body has to be read before its signature can be checked, so strangers could otherwise fill
    the memory with the largest body on every thread.
    """

    def __init__(self, large_at_once: int = LARGE_BODIES_AT_ONCE) -> None:
        self._large = threading.BoundedSemaphore(large_at_once)

    def read(self, environ: Environ) -> bytes:
        """Return the whole body.

        Raises:
            Rejected: `length-invalid`, `body-too-large` or `body-truncated`.
            Busy: too many large bodies are under way.
        """
        declared = _declared_length(environ)
        body: Input = environ["wsgi.input"]
        if declared is None:
            return self._read_unannounced(body)
        with self._large_slot() if declared > LARGE_BODY else nullcontext():
            data = _read_up_to(body, declared)
        if len(data) < declared:
            raise Rejected(
                f"The body ended after {len(data)} of {declared} bytes.", code="body-truncated"
            )
        return data

    def _read_unannounced(self, body: Input) -> bytes:
        start = _read_up_to(body, LARGE_BODY + 1)
        if len(start) <= LARGE_BODY:
            return start
        with self._large_slot():
            data = start + _read_up_to(body, LARGEST_BODY + 1 - len(start))
        if len(data) > LARGEST_BODY:
            raise _too_large()
        return data

    @contextmanager
    def _large_slot(self) -> Iterator[None]:
        if not self._large.acquire(blocking=False):
            raise Busy("Other large bodies are being received.", retry_after=5)
        try:
            yield
        finally:
            self._large.release()


def _declared_length(environ: Environ) -> int | None:
    given = environ.get("CONTENT_LENGTH")
    if not given:
        return None
    if not _LENGTH.match(given):
        raise Rejected("Content-Length must be a number.", code="length-invalid")
    declared = int(given)
    if declared > LARGEST_BODY:
        raise _too_large()
    return declared


def _too_large() -> Rejected:
    return Rejected(f"The body exceeds {LARGEST_BODY} bytes.", code="body-too-large")


def _read_up_to(body: Input, size: int) -> bytes:
    first = body.read(size)
    if len(first) == size or not first:
        return first
    parts, missing = [first], size - len(first)
    while missing > 0 and (part := body.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
