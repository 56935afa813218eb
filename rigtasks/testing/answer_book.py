"""Answers of a GitHub, kept until they are held against GitHub's own documents."""

from typing import Any
from urllib.parse import unquote, urlsplit

import requests

from rigtasks.local.github.seeding import Api, Person, Seeder
from rigtasks.testing import graphql_schemas
from rigtasks.testing.graphql_schemas import AnsweredQuery
from rigtasks.testing.known_differences import unknown
from rigtasks.testing.rest_headers import kept
from rigtasks.testing.rest_schemas import Answered, Operation, answered, judged, operation_of

Headers = list[tuple[str, str]]

PREFIX = "/api/v3"
FIRST_ERROR = 400
_JSON = "application/json"
_GRAPHQL = ("/graphql", "/api/graphql")
_CONTROLS = "/_sandbox/"
_NOT_REST = (_CONTROLS, *_GRAPHQL)
#: What is held against no document.
OUTSIDE = (
    f"Pages (HTML), git over HTTP, and the controls below `{_CONTROLS}`: no document has them.",
    "What callers send: only what they are answered is judged.",
)


def is_query(method: str, path: str) -> bool:
    """Say whether a request is one of GraphQL."""
    return method == "POST" and path in _GRAPHQL


def media_type(headers: Headers) -> str:
    """Return the content type without its parameters, empty where there is none."""
    found = (value for name, value in headers if name.lower() == "content-type")
    return next(found, "").partition(";")[0]


class AnswerBook:
    """Keeps what was answered, each different answer once, and judges it in the end."""

    def __init__(self) -> None:
        self._answers: dict[Answered, Operation | None] = {}
        self._queries: set[AnsweredQuery] = set()
        self._invented: set[str] = set()

    def wants(self, method: str, path: str, headers: Headers) -> bool:
        """Say whether an answer is one of REST: no page, no git and no control."""
        if operation_of(method, path) is not None:
            return True
        return media_type(headers) == _JSON and not path.startswith(_NOT_REST)

    def keep(self, method: str, path: str, status: int, headers: Headers, body: bytes) -> None:
        """Keep an answer of REST; what is no operation of GitHub's must not succeed."""
        operation = operation_of(method, path)
        if operation is not None:
            self._answers[answered(operation, status, headers, body)] = operation
        elif status < FIRST_ERROR:
            self._invented.add(f"{method} {path} is no operation of GitHub's")
        else:
            key = f"{method} of no operation"
            refused = Answered(key=key, status=status, headers=kept(headers, set()), body=body)
            self._answers[refused] = None

    def keep_query(self, exchange: AnsweredQuery) -> None:
        """Keep an exchange of GraphQL."""
        self._queries.add(exchange)

    def differences(self) -> set[str]:
        """Judge what was kept since the last time; say in words where it differs."""
        answers, self._answers = self._answers, {}
        queries, self._queries = self._queries, set()
        invented, self._invented = self._invented, set()
        return {
            *(one for answer, operation in answers.items() for one in judged(operation, answer)),
            *(one for each in queries for one in graphql_schemas.judged(each)),
            *invented,
        }

    def check(self) -> None:
        """Judge what was kept since the last time.

        Raises:
            AssertionError: an answer differs from the documents in a way that is not known.
        """
        if differences := unknown(self.differences()):
            raise AssertionError("\n".join(differences))

    def watch(self, api: Api) -> None:
        """Keep all that a client is answered from now on."""
        api.session.hooks["response"].append(self._heard)

    def _heard(self, response: requests.Response, **_: Any) -> None:
        request = response.request
        path = unquote(urlsplit(str(request.url)).path)
        method, body = str(request.method), request.body or b""
        status, headers = response.status_code, list(response.headers.items())
        if is_query(method, path):
            asked = body.encode() if isinstance(body, str) else bytes(body)
            media = media_type(headers)
            self.keep_query(
                AnsweredQuery(asked=asked, status=status, media=media, answer=response.content)
            )
            return
        path = path.removeprefix(PREFIX)
        if self.wants(method, path, headers):
            self.keep(method, path, status, headers, response.content)


class JudgedSeeder(Seeder):
    """Fills a sandbox that runs as a process of its own; at the end its answers are judged.

    Args:
        url: the sandbox's address.
        admin_token: see `Seeder`.
    """

    def __init__(self, url: str, admin_token: str) -> None:
        super().__init__(url, admin_token)
        self.book = AnswerBook()

    def acting(self, login: str, token: str) -> Person:
        """Act as a person, with every answer kept."""
        person = super().acting(login, token)
        self.book.watch(person)
        return person

    def close(self) -> None:
        """Close the connections, and judge.

        Raises:
            AssertionError: an answer differs from the documents.
        """
        super().close()
        self.book.check()
