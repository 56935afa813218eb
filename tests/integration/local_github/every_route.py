"""A walk through a sandbox that was seeded, over HTTP only, and what it called on its way."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from forge_scene import Receiver, app_jwt, until
from werkzeug.routing import Map, Rule

from rigtasks.local.github.calls import Route
from rigtasks.local.github.rest.table import ROUTES
from rigtasks.local.github.seeding import Api, Person
from rigtasks.testing.answer_book import JudgedSeeder
from rigtasks.testing.rest_schemas import operation_of

Json = dict[str, Any]
Key = tuple[str, str]

SHOP, NOTES = "acme/shop", "mona/notes"
#: Besides the table, the server answers this one itself.
RATE_LIMIT = "/rate_limit"
_PARAMETER = re.compile(r"<[^>]+>|\{[^}]+\}")


def unnamed(address: str) -> str:
    """Return an address without the names of its parameters."""
    return _PARAMETER.sub("*", address)


def key_of(route: Route) -> Key:
    return route.method, route.rule


class Visited:
    """The routes that answered, each with the operations of GitHub's its answers were judged by."""

    def __init__(self) -> None:
        rules = [Rule(one.rule, methods=[one.method], endpoint=key_of(one)) for one in ROUTES]
        rules.append(Rule(RATE_LIMIT, methods=["GET"], endpoint=("GET", RATE_LIMIT)))
        self._map = Map(rules, strict_slashes=False, redirect_defaults=False).bind("localhost")
        self.judged: dict[Key, set[str]] = {}

    def watch(self, api: Api) -> None:
        api.session.hooks["response"].append(self._note)

    def _note(self, response: requests.Response, **_: Any) -> None:
        method = str(response.request.method)
        path = unquote(urlsplit(str(response.request.url)).path)
        if response.status_code >= 400 or path.startswith(("/_sandbox/", "/graphql")):
            return
        endpoint, _arguments = self._map.match(path, method=method)
        operation = operation_of(method, path)
        if operation is not None:
            self.judged.setdefault(endpoint, set()).add(operation.key)


@dataclass
class Walk:
    """Acts as people and Apps of one sandbox; `visited` and the seeder's book keep the answers."""

    seeder: JudgedSeeder
    receiver: Receiver
    mona: Person
    hubot: Person
    visited: Visited = field(default_factory=Visited)
    opened: list[Api] = field(default_factory=list)

    def __post_init__(self) -> None:
        for person in (self.mona, self.hubot):
            self.visited.watch(person)

    def api(self, token: str) -> Api:
        api = Api(self.seeder.url, token)
        self.seeder.book.watch(api)
        self.visited.watch(api)
        self.opened.append(api)
        return api

    def signed(self, role: str) -> Api:
        """Act as an App itself, with its key."""
        return self.api(app_jwt(self.seeder.apps()[role]))

    def installed(self, role: str, repo: str = SHOP) -> Api:
        """Act with a token of an App's installation."""
        app = self.signed(role)
        found = app.call("GET", f"/repos/{repo}/installation")["id"]
        return self.api(app.call("POST", f"/app/installations/{found}/access_tokens", {})["token"])

    def shop(self, api: Api, method: str, path: str, body: Any = None, **query: Any) -> Any:
        return api.call(method, f"/repos/{SHOP}{path}", body, **query)

    def until_idle(self) -> None:
        until(lambda: all(self.seeder.activity().values()))

    def close(self) -> None:
        for api in self.opened:
            api.close()


def begin(ready: Json, receiver: Receiver) -> Walk:
    """Take up what a started sandbox says of itself: its address and the files of its tokens."""
    admin = Path(ready["admin_token_file"]).read_text()
    seeder = JudgedSeeder(ready["url"], admin)
    mona, hubot = (
        seeder.acting(login, Path(ready["tokens"][login]).read_text().strip())
        for login in ("mona", "hubot")
    )
    assert json.loads(Path(ready["apps_file"]).read_text()) == seeder.apps()
    return Walk(seeder, receiver, mona, hubot)


Step = Callable[[Walk], None]
