"""The sandbox GitHub whose every REST and GraphQL answer is held against GitHub's documents."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from io import BytesIO
from itertools import cycle
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from msgspec.structs import replace

from rigtasks.local.github.app_keys import new_key
from rigtasks.local.github.hub import Options
from rigtasks.local.github.server import SandboxGitHub
from rigtasks.testing.answer_book import FIRST_ERROR, PREFIX, AnswerBook, is_query, media_type
from rigtasks.testing.conformance import REQUESTS, TALLY
from rigtasks.testing.graphql_schemas import AnsweredQuery
from rigtasks.testing.rest_schemas import operation_of

#: Whose clients work with the sandbox, by what they call themselves.
_CLIENTS = {
    "PyGithub": "PyGithub",
    "curl": "curl",
    "git": "git",
    "octokit-rest.js": "@octokit/rest",
    "octokit-core.js": "@octokit/core",
}


def _few_keys() -> Iterator[RSAPrivateKey]:
    """Yield a few keys over and over, more than a sandbox has Apps with one."""
    keys = [new_key() for _ in range(5)]
    yield from cycle(keys)


_KEYS = _few_keys()


class JudgedGitHub(SandboxGitHub):
    """Keeps what it answered; at its end nothing may differ that is not known to differ.

    Its Apps' keys are those of the sandboxes before it: to make them takes longer than a test.
    """

    def __init__(self, options: Options, **settings: Any) -> None:
        super().__init__(replace(options, new_key=partial(next, _KEYS)), **settings)
        self._book = AnswerBook()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one WSGI request, and keep what a call got."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if is_query(method, path):
            return self._query(environ, start_response)
        path = path.removeprefix(PREFIX)
        parts, status, headers = self._answered(environ, start_response)
        if not self._book.wants(method, path, headers):
            return parts
        body = b"".join(parts)
        self._book.keep(method, path, status, headers, body)
        return [body]

    def _answered(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> tuple[Iterable[bytes], int, list[tuple[str, str]]]:
        """Answer one WSGI request; return what is sent, with its status and headers."""
        told: list[tuple[int, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            told.append((int(status.split(maxsplit=1)[0]), headers))
            return start_response(status, headers, *more)

        parts = super().__call__(environ, start)
        status, headers = told[-1]
        if status < FIRST_ERROR:
            _count_client(environ)
        return parts, status, headers

    def _query(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        asked = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ = {**environ, "wsgi.input": BytesIO(asked)}
        parts, status, headers = self._answered(environ, start_response)
        answer, media = b"".join(parts), media_type(headers)
        exchange = AnsweredQuery(asked=asked, status=status, media=media, answer=answer)
        self._book.keep_query(exchange)
        return [answer]

    def differences(self) -> set[str]:
        """Judge what was answered since the last time; say in words where it differs."""
        return self._book.differences()

    def stop(self) -> None:
        """Stop, and judge what was answered.

        Raises:
            AssertionError: an answer differs from the documents.
        """
        super().stop()
        self._book.check()


def _count_client(environ: dict[str, Any]) -> None:
    """Count what somebody else's client asked and got, by its own name for itself."""
    client = environ.get("HTTP_USER_AGENT", "").partition("/")[0]
    if client not in _CLIENTS:
        return
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix(PREFIX)
    operation = operation_of(method, path)
    asked = f"{method} /{path.rpartition('/')[2]}" if operation is None else operation.key
    TALLY.add(f"{REQUESTS} {_CLIENTS[client]}", asked)
