"""One REST call: who asks, about which repository, with what body; and the table of routes."""

from collections.abc import Callable
from typing import Any

import msgspec
from werkzeug.wrappers import Request, Response

from rigtasks.local.github.access import Caller, CallerKind, require, require_members, sees
from rigtasks.local.github.answers import HttpError, not_found, paginate
from rigtasks.local.github.hub import Hub, View
from rigtasks.local.github.model import Account, App, Issue, PullRequest, Repository
from rigtasks.local.github.services import Services

Handler = Callable[["Call"], Response]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One address of the REST API and what it takes to use it.

    Attributes:
        method: the HTTP method.
        rule: a werkzeug rule below the API's base; `<owner>`, `<repo>` name a repository.
        handler: answers the call.
        needs: `permission:level` on that repository, alternatives separated by `|`; empty where
            the handler decides.
        archived: whether it also writes to an archived repository.
    """

    method: str
    rule: str
    handler: Handler
    needs: str = ""
    archived: bool = False


class Call:
    """Everything a handler may look at."""

    def __init__(
        self,
        services: Services,
        request: Request,
        caller: Caller,
        view: View,
        path: str,
        arguments: dict[str, Any],
    ) -> None:
        self.services = services
        self.hub: Hub = services.hub
        self.state = services.hub.state
        self.request = request
        self.caller = caller
        self.view = view
        self.path = path
        self.arguments = arguments
        self._body: dict[str, Any] | None = None
        self._repo: Repository | None = None

    @property
    def url(self) -> str:
        """Return the address of this call, without its query."""
        return self.view.api + self.path

    @property
    def repo(self) -> Repository:
        """Return the repository the address names.

        Raises:
            HttpError: 404 when there is none the caller may know, 301 when it was renamed.
        """
        if self._repo is None:
            self._repo = self._find_repo()
        return self._repo

    def _find_repo(self) -> Repository:
        owner, name = self.arguments["owner"], self.arguments["repo"]
        found = self.hub.repository(owner, name)
        if found is not None and sees(self.caller, found):
            return found
        renamed = None if found else self.hub.renamed_repository(owner, name)
        if renamed is None or not sees(self.caller, renamed):
            raise not_found()
        raise self.moved_to(renamed)

    def moved_to(self, renamed: Repository) -> HttpError:
        """Return the redirect from a repository's former name, which nobody else has taken."""
        owner, name = self.arguments["owner"], self.arguments["repo"]
        rest = self.url.split(f"/repos/{owner}/{name}", 1)[1]
        return _moved(self.request, f"{self.view.api}/repositories/{renamed.id}{rest}")

    @property
    def account(self) -> Account:
        """Return the acting account.

        Raises:
            HttpError: 401 when nobody is signed in.
        """
        if self.caller.account is None:
            raise HttpError(401, "Requires authentication")
        return self.caller.account

    @property
    def app(self) -> App:
        """Return the App that signed the request with its key.

        Raises:
            HttpError: 401 for every other kind of caller.
        """
        if self.caller.kind is not CallerKind.APP or self.caller.app is None:
            raise HttpError(401, "A JSON web token could not be decoded")
        return self.caller.app

    @property
    def app_id(self) -> int | None:
        """Return the App behind an installation token, or None."""
        return None if self.caller.app is None else self.caller.app.id

    def require(self, needs: str) -> None:
        """Check `permission:level`; see `access.require` and, for teams, `require_members`."""
        permission, _, level = needs.rpartition(":")
        if permission == "members":
            require_members(self.caller)
        else:
            require(self.caller, self.repo, permission, level)

    def check_writable(self) -> None:
        """Refuse what would change an archived repository.

        Raises:
            HttpError: 403 for one.
        """
        if "repo" in self.arguments and self.request.method != "GET" and self.repo.archived:
            raise HttpError(403, "Repository was archived so is read-only.")

    @property
    def body(self) -> dict[str, Any]:
        """Return the JSON object of the request, empty where none was sent.

        Raises:
            HttpError: 400 for anything else.
        """
        if self._body is None:
            self._body = _json_object(self.request.get_data())
        return self._body

    def listed(self, name: str) -> Any:
        """Return a field of the body, or the whole body where that is the list itself.

        Raises:
            HttpError: 400 for a body that is no JSON, or neither a list nor an object.
        """
        body = _json(self.request.get_data())
        return body if isinstance(body, list) else self.body.get(name)

    def text(self, name: str) -> str | None:
        """Return a string field of the body, or None where it is absent or null.

        Raises:
            HttpError: 422 for any other type.
        """
        value = self.body.get(name)
        if value is None:
            return None
        if isinstance(value, str):
            return value.replace("\0", "")
        message = f"Invalid request.\n\nFor 'properties/{name}', {value!r} is not a string."
        raise HttpError(422, message)

    def required_text(self, name: str) -> str:
        """Return a string field that must be there.

        Raises:
            HttpError: 422 when it is missing.
        """
        value = self.text(name)
        if value is None:
            raise HttpError(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        return value

    def number(self, name: str) -> int | None:
        """Return an integer field of the body, or None.

        Raises:
            HttpError: 422 for any other type.
        """
        value = self.body.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise HttpError(422, f"Invalid request.\n\n{value!r} is not an integer.")

    def issue(self) -> Issue:
        """Return the issue the address names, pull requests included.

        Raises:
            HttpError: 301 when it was transferred, 410 when it was deleted, 404 otherwise.
        """
        found = self.hub.issue(self.repo, self.arguments["number"])
        moved = self.repo.transferred_issues.get(self.arguments["number"])
        if found is None and moved is not None:
            raise self._moved_issue(moved)
        if found is None and self.arguments["number"] in self.repo.deleted_issues:
            raise HttpError(410, "This issue was deleted")
        if found is None:
            raise not_found()
        return found

    def _moved_issue(self, path: str) -> HttpError:
        number = self.arguments["number"]
        rest = self.url.partition(f"/issues/{number}")[2]
        return _moved(self.request, f"{self.view.api}{path}{rest}")

    def pull(self) -> PullRequest:
        """Return the pull request the address names; 404 otherwise."""
        found = self.hub.pull(self.repo, self.arguments["number"])
        if found is None:
            raise not_found()
        return found

    def pull_issue(self) -> Issue:
        """Return the issue half of the pull request the address names."""
        self.pull()
        return self.issue()

    def commit_sha(self, name: str) -> str:
        """Return the commit a ref names.

        Raises:
            HttpError: 422 when there is none, as the commit calls answer.
        """
        sha = self.hub.git(self.repo).resolve(name)
        if sha is None:
            raise HttpError(422, f"No commit found for SHA: {name}")
        return sha

    def page(self, items: list[Any], render: Callable[[Any], Any], key: str = "") -> Response:
        """Answer with one page of a list."""
        return paginate(self.request, self._address(), items, render, key)

    def _address(self) -> str:
        """Return the address of this call as links have it: a repository is named by its id."""
        if "repo" not in self.arguments:
            return self.url
        owner, name = self.arguments["owner"], self.arguments["repo"]
        rest = self.path.removeprefix(f"/repos/{owner}/{name}")
        return f"{self.view.api}/repositories/{self.repo.id}{rest}"


def _moved(request: Request, target: str) -> HttpError:
    status = 301 if request.method == "GET" else 307
    body = {"url": target}
    return HttpError(status, "Moved Permanently", headers={"Location": target}, body=body)


def _json(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data) if data else {}
    except (msgspec.DecodeError, RecursionError) as error:
        raise HttpError(400, "Problems parsing JSON") from error


def _json_object(data: bytes) -> dict[str, Any]:
    body = _json(data)
    if not isinstance(body, dict):
        raise HttpError(400, "Body should be a JSON object")
    return body
