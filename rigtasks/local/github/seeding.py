"""Fills a sandbox GitHub and reads it back: what people do by clicking, as a small client.

Everything a person does goes over the public REST API with that person's own token; only users,
repositories, roles, protection, and what an organisation decides use the sandbox's controls.
"""

import base64
import os
from pathlib import Path
from typing import Any, Self

import requests

from rigtasks.errors import Permanent
from rigtasks.local.github.faults.plan import FaultPlan, as_data
from rigtasks.local.github.seed_folder import folder_files

Json = dict[str, Any]

_SECONDS = 30


class SeedingFailed(Permanent):
    """The sandbox refused a call; `status` and `body` are its answer."""

    def __init__(self, method: str, path: str, status: int, body: str) -> None:
        super().__init__(f"{method} {path} answered {status}: {body}")
        self.status = status
        self.body = body


class Api:
    """Calls of one identity; who wants to see the answers hangs on `session`."""

    def __init__(self, url: str, token: str, accept: str = "application/vnd.github+json") -> None:
        self.url = url
        self.token = token
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update({"Authorization": f"Bearer {token}", "Accept": accept})

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Make one call and return the decoded answer, None where it is empty.

        Raises:
            SeedingFailed: the answer is not a success.
        """
        answer = self.session.request(
            method, self.url + path, json=body, params=query, timeout=_SECONDS
        )
        if not answer.ok:
            raise SeedingFailed(method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def pages(self, path: str, **query: Any) -> list[Any]:
        """Return every item of a list, over all its pages."""
        items: list[Any] = []
        url: str | None = self.url + path
        parameters: Json = {"per_page": 100, **query}
        while url is not None:
            answer = self.session.get(url, params=parameters, timeout=_SECONDS)
            if not answer.ok:
                raise SeedingFailed("GET", path, answer.status_code, answer.text)
            items += answer.json()
            url, parameters = answer.links.get("next", {}).get("url"), {}
        return items

    def close(self) -> None:
        """Close the connections."""
        self.session.close()


class Person(Api):
    """A person with an account and a personal token."""

    def __init__(self, url: str, login: str, token: str) -> None:
        super().__init__(url, token)
        self.login = login

    def create_issue(self, repo: str, title: str, body: str = "") -> Json:
        """Open an issue in `owner/name`."""
        return dict(self.call("POST", f"/repos/{repo}/issues", {"title": title, "body": body}))

    def edit_issue(self, repo: str, number: int, **changes: Any) -> Json:
        """Change title, body, state or state_reason."""
        return dict(self.call("PATCH", f"/repos/{repo}/issues/{number}", changes))

    def label(self, repo: str, number: int, *names: str) -> None:
        """Put labels on an issue."""
        self.call("POST", f"/repos/{repo}/issues/{number}/labels", {"labels": list(names)})

    def unlabel(self, repo: str, number: int, name: str) -> None:
        """Take a label off an issue."""
        self.call("DELETE", f"/repos/{repo}/issues/{number}/labels/{name}")

    def comment(self, repo: str, number: int, body: str) -> Json:
        """Comment on an issue or pull request."""
        return dict(self.call("POST", f"/repos/{repo}/issues/{number}/comments", {"body": body}))

    def create_pull(
        self, repo: str, *, head: str, base: str, title: str, body: str = "", draft: bool = False
    ) -> Json:
        """Open a pull request."""
        fields = {"head": head, "base": base, "title": title, "body": body, "draft": draft}
        return dict(self.call("POST", f"/repos/{repo}/pulls", fields))

    def review(self, repo: str, number: int, event: str, body: str = "", **fields: Any) -> Json:
        """Review a pull request: APPROVE, REQUEST_CHANGES or COMMENT."""
        given = {"event": event, "body": body, **fields}
        return dict(self.call("POST", f"/repos/{repo}/pulls/{number}/reviews", given))

    def merge(self, repo: str, number: int, **fields: Any) -> Json:
        """Merge a pull request."""
        return dict(self.call("PUT", f"/repos/{repo}/pulls/{number}/merge", fields))

    def clone_url(self, repo: str) -> str:
        """Return the address for git; it asks for the token."""
        return f"{self.url}/{repo}.git"


class Seeder:
    """The holder of the admin token.

    Args:
        url: the sandbox's address.
        admin_token: the text of the file `admin-token` in its data folder.
    """

    def __init__(self, url: str, admin_token: str) -> None:
        self.url = url
        self._admin = Api(url, admin_token)
        self._people: list[Person] = []

    @classmethod
    def for_data_dir(cls, url: str, data_dir: Path) -> Self:
        """Build a seeder from the sandbox's data folder."""
        return cls(url, (data_dir / "admin-token").read_text(encoding="utf-8"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, those of the people included."""
        for api in (self._admin, *self._people):
            api.close()

    def person(self, login: str, *, name: str | None = None, email: str | None = None) -> Person:
        """Create a person, or find them, with a new personal token."""
        given = {"login": login, "name": name, "email": email}
        made = self._admin.call("POST", "/_sandbox/users", given)
        return self.acting(login, str(made["token"]))

    def acting(self, login: str, token: str) -> Person:
        """Act as a person whose token is known."""
        person = Person(self.url, login, token)
        self._people.append(person)
        return person

    def create_repository(
        self,
        full_name: str,
        *,
        folder: Path | None = None,
        files: dict[str, str] | None = None,
        roles: dict[str, str] | None = None,
        protection: Json | None = None,
        **fields: Any,
    ) -> Json:
        """Create a repository with one commit.

        Args:
            full_name: `owner/name`; an unknown owner becomes an organisation.
            folder: its files become the commit.
            files: further files, path to text.
            roles: login to admin, maintain, write, triage, read or none.
            protection: of the default branch: `checks` (list of `{"context", "app_id"}`),
                `required_approving_review_count`, `require_code_owner_reviews`, and so on.
            fields: `private`, `description`, `author`, `message`, `default_branch`,
                `delete_branch_on_merge`.
        """
        owner, _, name = full_name.partition("/")
        contents = {} if folder is None else read_folder(folder)
        for path, text in (files or {}).items():
            contents[path] = {"content": base64.b64encode(text.encode()).decode()}
        plan = {
            "owner": owner,
            "name": name,
            "files": contents,
            "roles": roles or {},
            "protection": protection,
            **fields,
        }
        return dict(self._admin.call("POST", "/_sandbox/repositories", plan))

    def set_roles(self, repo: str, roles: dict[str, str]) -> None:
        """Change what people may do in a repository."""
        self._admin.call("PUT", f"/_sandbox/repositories/{repo}/roles", roles)

    def protect(self, repo: str, **protection: Any) -> None:
        """Protect a branch; see `create_repository`."""
        self._admin.call("PUT", f"/_sandbox/repositories/{repo}/protection", protection)

    def organization(self, login: str, *, apps: bool = True) -> Json:
        """Create an organisation, or find it; `apps` installs the rig's Apps there."""
        path = f"/_sandbox/organizations/{login}"
        return dict(self._admin.call("PUT", path, {"apps": apps}))

    def team(
        self,
        name: str,
        members: list[str],
        repositories: dict[str, str] | None = None,
        **fields: str,
    ) -> Json:
        """Make a team `organization/slug`, or put another in its place.

        Args:
            name: organisation and slug.
            members: logins.
            repositories: names in that organisation to read, triage, write, maintain or admin.
            fields: `name`, `description`.
        """
        organization, _, slug = name.partition("/")
        plan = {"members": members, "repositories": repositories or {}, **fields}
        path = f"/_sandbox/organizations/{organization}/teams/{slug}"
        return dict(self._admin.call("PUT", path, plan))

    def organization_ruleset(self, organization: str, **ruleset: Any) -> Json:
        """Make a ruleset of an organisation, as GitHub's calls take one."""
        path = f"/_sandbox/organizations/{organization}/rulesets"
        return dict(self._admin.call("PUT", path, ruleset))

    def delete_organization_ruleset(self, organization: str, ruleset_id: int) -> None:
        """Delete a ruleset of an organisation."""
        path = f"/_sandbox/organizations/{organization}/rulesets/{ruleset_id}"
        self._admin.call("DELETE", path)

    def grant(
        self,
        slug: str,
        *,
        permissions: dict[str, str] | None = None,
        events: list[str] | None = None,
    ) -> Json:
        """Change what an App may do and is told of, in all its installations."""
        plan = {"permissions": permissions, "events": events}
        return dict(self._admin.call("PUT", f"/_sandbox/apps/{slug}/grants", plan))

    def rename(self, repo: str, name: str) -> None:
        """Give a repository another name."""
        self._admin.call("PUT", f"/_sandbox/repositories/{repo}/name", {"name": name})

    def delete_issue(self, repo: str, number: int) -> None:
        """Delete an issue for good."""
        self._admin.call("DELETE", f"/_sandbox/repositories/{repo}/issues/{number}")

    def apps(self) -> dict[str, Json]:
        """Return the rig's Apps by role (author, reviewer, conductor) with ids and key paths."""
        return dict(self._admin.call("GET", "/_sandbox/apps"))

    def activity(self) -> dict[str, bool]:
        """Tell whether webhooks and CI have nothing left to do."""
        return dict(self._admin.call("GET", "/_sandbox/activity"))

    def plan_faults(self, plan: FaultPlan) -> None:
        """Let things go wrong by a plan, from now on."""
        self._admin.call("PUT", "/_sandbox/faults", as_data(plan))

    def faults(self) -> Json:
        """Tell the plan in force and what it did so far."""
        return dict(self._admin.call("GET", "/_sandbox/faults"))

    def end_faults(self) -> None:
        """Let everything go right again."""
        self._admin.call("DELETE", "/_sandbox/faults")

    def ping(self) -> None:
        """Have the hook's `ping` sent."""
        self._admin.call("POST", "/_sandbox/ping")


def read_folder(folder: Path) -> dict[str, Json]:
    """Read a folder's files as the repository call takes them.

    Raises:
        OSError: one cannot be read.
    """
    return {
        name: {
            "content": base64.b64encode(path.read_bytes()).decode(),
            "executable": os.access(path, os.X_OK),
        }
        for name, path in folder_files(folder).items()
    }
