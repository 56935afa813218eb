"""Answers of a GitHub, kept until they are held against GitHub's own documents."""

from typing import Any
from urllib.parse import unquote, urlsplit

import requests

from rigtasks.local.github.seeding import Api, Person, Seeder
from rigtasks.testing import graphql_schemas
from rigtasks.testing.graphql_schemas import AnsweredQuery
from rigtasks.testing.known_differences import unknown
from rigtasks.testing.rest_schemas import Answered, judged, operation_of

PREFIX = "/api/v3"
_JSON = "application/json"
_GRAPHQL = ("/graphql", "/api/graphql")
_NOT_REST = ("/_sandbox/", *_GRAPHQL)
_FIRST_ERROR = 400


def is_query(method: str, path: str) -> bool:
    """Say whether a request is one of GraphQL."""
    return method == "POST" and path in _GRAPHQL


class AnswerBook:
    """Keeps what was answered, each different answer once, and judges it in the end."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, int, bytes], Answered] = {}
        self._queries: set[AnsweredQuery] = set()
        self._invented: set[str] = set()

    def keep(self, answered: Answered) -> None:
        """Keep an answer of REST; what is no operation of GitHub's must not succeed."""
        operation = operation_of(answered.method, answered.path)
        if operation is not None:
            self._answers[operation.key, answered.status, answered.body] = answered
        elif (
            answered.media == _JSON
            and answered.status < _FIRST_ERROR
            and not answered.path.startswith(_NOT_REST)
        ):
            self._invented.add(f"{answered.method} {answered.path} is no operation of GitHub's")

    def keep_query(self, exchange: AnsweredQuery) -> None:
        """Keep an exchange of GraphQL."""
        self._queries.add(exchange)

    def check(self) -> None:
        """Judge all that was kept since the last time.

        Raises:
            AssertionError: an answer differs from the documents in a way that is not known.
        """
        kept, self._answers = self._answers, {}
        asked, self._queries = self._queries, set()
        invented, self._invented = self._invented, set()
        found = {one for each in kept.values() for one in _judge(each)}
        found |= {one for each in asked for one in graphql_schemas.judged(each)}
        if differences := unknown(found | invented):
            raise AssertionError("\n".join(differences))

    def watch(self, api: Api) -> None:
        """Keep all that a client is answered from now on."""
        api.session.hooks["response"].append(self._heard)

    def _heard(self, response: requests.Response, **_: Any) -> None:
        request = response.request
        path = unquote(urlsplit(str(request.url)).path)
        method, body = str(request.method), request.body or b""
        if is_query(method, path):
            asked = body.encode() if isinstance(body, str) else bytes(body)
            self.keep_query(AnsweredQuery(asked=asked, answer=response.content))
            return
        self.keep(
            Answered(
                method=method,
                path=path.removeprefix(PREFIX),
                status=response.status_code,
                media=response.headers.get("Content-Type", "").split(";")[0],
                body=response.content,
            )
        )


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


def _judge(answered: Answered) -> tuple[str, ...]:
    operation = operation_of(answered.method, answered.path)
    return () if operation is None else judged(operation, answered)
