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
from rigtasks.testing import graphql_schemas
from rigtasks.testing.conformance import TALLY
from rigtasks.testing.graphql_schemas import AnsweredQuery
from rigtasks.testing.known_differences import unknown
from rigtasks.testing.rest_schemas import Answered, judged, operation_of

_PREFIX = "/api/v3"
_JSON = "application/json"
_GRAPHQL = ("/graphql", "/api/graphql")
_NOT_REST = ("/_sandbox/", *_GRAPHQL)
_FIRST_ERROR = 400
#: Whose clients work with the sandbox, by what they call themselves.
CLIENTS = "other people's clients with the sandbox GitHub"
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
        self._answers: dict[tuple[str, int, bytes], Answered] = {}
        self._queries: set[AnsweredQuery] = set()
        self._invented: set[str] = set()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one WSGI request, and keep what a call got."""
        _count_client(environ)
        if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] in _GRAPHQL:
            return self._query(environ, start_response)
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix(_PREFIX)
        told: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            told.extend((int(status.split(maxsplit=1)[0]), dict(headers).get("Content-Type", "")))
            return start_response(status, headers, *more)

        parts = super().__call__(environ, start)
        status, media = told[0], told[1].split(";")[0]
        operation = operation_of(method, path)
        if operation is not None:
            body = b"".join(parts)
            answered = Answered(method=method, path=path, status=status, media=media, body=body)
            self._answers[operation.key, status, body] = answered
            return [body]
        if media == _JSON and status < _FIRST_ERROR and not path.startswith(_NOT_REST):
            self._invented.add(f"{method} {path} is no operation of GitHub's")
        return parts

    def _query(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        asked = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ = {**environ, "wsgi.input": BytesIO(asked)}
        answer = b"".join(super().__call__(environ, start_response))
        self._queries.add(AnsweredQuery(asked=asked, answer=answer))
        return [answer]

    def stop(self) -> None:
        """Stop, and judge what was answered.

        Raises:
            AssertionError: an answer differs from the documents.
        """
        super().stop()
        kept, self._answers = self._answers, {}
        found = {one for each in kept.values() for one in _judge(each)}
        asked, self._queries = self._queries, set()
        found |= {one for each in asked for one in graphql_schemas.judged(each)}
        if differences := unknown(found | self._invented):
            raise AssertionError("\n".join(differences))


def _judge(answered: Answered) -> tuple[str, ...]:
    operation = operation_of(answered.method, answered.path)
    return () if operation is None else judged(operation, answered)


def _count_client(environ: dict[str, Any]) -> None:
    """Count what somebody else's client asks, by its own name for itself."""
    client = environ.get("HTTP_USER_AGENT", "").partition("/")[0]
    if client not in _CLIENTS:
        return
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix(_PREFIX)
    operation = operation_of(method, path)
    asked = f"{method} /{path.rpartition('/')[2]}" if operation is None else operation.key
    TALLY.add(f"{CLIENTS}: {_CLIENTS[client]}", asked)
