"""The sandbox GitHub whose every REST and GraphQL answer is held against GitHub's documents."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from rigtasks.local.github.server import SandboxGitHub
from rigtasks.testing import graphql_schemas
from rigtasks.testing.conformance import REQUESTS, TALLY
from rigtasks.testing.graphql_schemas import AnsweredQuery
from rigtasks.testing.known_differences import unknown
from rigtasks.testing.rest_headers import kept
from rigtasks.testing.rest_schemas import (
    Answered,
    Operation,
    answered,
    judged,
    operation_of,
)

_PREFIX = "/api/v3"
_JSON = "application/json"
_GRAPHQL = ("/graphql", "/api/graphql")
_CONTROLS = "/_sandbox/"
_NOT_REST = (_CONTROLS, *_GRAPHQL)
#: What is held against no document.
OUTSIDE = (
    f"Pages (HTML), git over HTTP, and the controls below `{_CONTROLS}`: no document has them.",
    "What callers send: only what they are answered is judged.",
)
_FIRST_ERROR = 400
#: Whose clients work with the sandbox, by what they call themselves.
_CLIENTS = {
    "PyGithub": "PyGithub",
    "curl": "curl",
    "git": "git",
    "octokit-rest.js": "@octokit/rest",
    "octokit-core.js": "@octokit/core",
}


class JudgedGitHub(SandboxGitHub):
    """Keeps what it answered; at its end nothing may differ that is not known to differ."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._answers: dict[Answered, Operation | None] = {}
        self._queries: set[AnsweredQuery] = set()
        self._invented: set[str] = set()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one WSGI request, and keep what a call got."""
        if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] in _GRAPHQL:
            return self._query(environ, start_response)
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix(_PREFIX)
        parts, status, headers = self._answered(environ, start_response)
        operation = operation_of(method, path)
        if operation is not None:
            body = b"".join(parts)
            self._answers[answered(operation, status, headers, body)] = operation
            return [body]
        media = _header(headers, "content-type").partition(";")[0]
        if media != _JSON or path.startswith(_NOT_REST):
            return parts
        if status < _FIRST_ERROR:
            self._invented.add(f"{method} {path} is no operation of GitHub's")
            return parts
        body = b"".join(parts)
        key = f"{method} of no operation"
        refused = Answered(key=key, status=status, headers=kept(headers, set()), body=body)
        self._answers[refused] = None
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
        if status < _FIRST_ERROR:
            _count_client(environ)
        return parts, status, headers

    def _query(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        asked = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ = {**environ, "wsgi.input": BytesIO(asked)}
        parts, status, headers = self._answered(environ, start_response)
        answer = b"".join(parts)
        media = _header(headers, "content-type").partition(";")[0]
        self._queries.add(AnsweredQuery(asked=asked, status=status, media=media, answer=answer))
        return [answer]

    def differences(self) -> set[str]:
        """Judge what was answered since the last time; say in words where it differs."""
        answers, self._answers = self._answers, {}
        queries, self._queries = self._queries, set()
        invented, self._invented = self._invented, set()
        return {
            *(one for answer, operation in answers.items() for one in judged(operation, answer)),
            *(one for each in queries for one in graphql_schemas.judged(each)),
            *invented,
        }

    def stop(self) -> None:
        """Stop, and judge what was answered.

        Raises:
            AssertionError: an answer differs from the documents.
        """
        super().stop()
        if differences := unknown(self.differences()):
            raise AssertionError("\n".join(differences))


def _header(headers: list[tuple[str, str]], name: str) -> str:
    return next((value for each, value in headers if each.lower() == name), "")


def _count_client(environ: dict[str, Any]) -> None:
    """Count what somebody else's client asked and got, by its own name for itself."""
    client = environ.get("HTTP_USER_AGENT", "").partition("/")[0]
    if client not in _CLIENTS:
        return
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix(_PREFIX)
    operation = operation_of(method, path)
    asked = f"{method} /{path.rpartition('/')[2]}" if operation is None else operation.key
    TALLY.add(f"{REQUESTS} {_CLIENTS[client]}", asked)
