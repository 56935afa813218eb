"""One sandbox for many tests, each with a repository of its own in one organisation."""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from forge_scene import SECRET, Heard, Receiver, WorkingCopy, app_jwt, until

from rigtasks.local.github import Options, SandboxGitHub, pushes
from rigtasks.local.github.git import ZERO, signature
from rigtasks.local.github.model import Repository
from rigtasks.local.github.seeding import Api, Person, Seeder, SeedingFailed
from rigtasks.testing.judged_github import JudgedGitHub

Json = dict[str, Any]

GUILD = "guild"
HOOKED = "rig-conductor"
MORE_EVENTS = ("branch_protection_rule", "fork")
FILES = {"a.txt": "one\ntwo\nthree\nfour\nfive\n", "b.txt": "x\n"}


@dataclass
class Town:
    """The sandbox all grounds stand in: its people, its webhooks, and tokens of the Apps."""

    sandbox: SandboxGitHub
    receiver: Receiver
    seeder: Seeder
    people: dict[str, Person] = field(default_factory=dict)
    tokens: dict[str, Api] = field(default_factory=dict)
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def person(self, login: str) -> Person:
        if login not in self.people:
            address = f"{login}@example.invalid"
            self.people[login] = self.seeder.person(login, email=address)
        return self.people[login]

    def installed(self, role: str, full_name: str, **narrowed: Any) -> Api:
        """Act with an installation token of an App; those without limits are used again."""
        owner = full_name.split("/", maxsplit=1)[0]
        key = f"{role} {owner}" if not narrowed else f"{role} {owner} {next(self.counter)}"
        if key not in self.tokens:
            signed = Api(self.sandbox.url, app_jwt(self.seeder.apps()[role]))
            found = signed.call("GET", f"/repos/{full_name}/installation")["id"]
            path = f"/app/installations/{found}/access_tokens"
            self.tokens[key] = Api(self.sandbox.url, signed.call("POST", path, narrowed)["token"])
            signed.close()
        return self.tokens[key]


@dataclass
class Ground:
    """A repository with an owner, a writer and the Apps."""

    town: Town
    name: str
    folder: Path

    @property
    def seeder(self) -> Seeder:
        return self.town.seeder

    @property
    def owner(self) -> Person:
        return self.town.person("olga")

    @property
    def writer(self) -> Person:
        return self.town.person("willy")

    def app(self, role: str) -> Api:
        return self.town.installed(role, self.name)

    @property
    def row(self) -> Repository:
        found = self.town.sandbox.hub.repository(*self.name.split("/"))
        assert found is not None
        return found

    def call(self, api: Api, method: str, path: str, body: Any = None, **query: Any) -> Any:
        return api.call(method, f"/repos/{self.name}{path}", body, **query)

    def refused(self, api: Api, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Make a call that must fail, and return its status and message with all errors."""
        with pytest.raises(SeedingFailed) as failure:
            self.call(api, method, path, body)
        return failure.value.status, failure.value.body.replace("\\n", "\n").replace('\\"', '"')

    def graphql(self, api: Api, query: str, **variables: Any) -> Json:
        return dict(api.call("POST", "/graphql", {"query": query, "variables": variables}))

    def mutate(self, api: Api, name: str, given: Json, selected: str = "clientMutationId") -> Json:
        kind = f"{name[0].upper()}{name[1:]}Input!"
        query = f"mutation($input: {kind}) {{ {name}(input: $input) {{ {selected} }} }}"
        return self.graphql(api, query, input=given)

    def commit(
        self,
        branch: str,
        files: dict[str, str],
        *,
        start: str | None = "main",
        by: Person | None = None,
        message: str = "fix: change something",
    ) -> str:
        """Put a commit on a branch, as a push by somebody would; a new one begins at `start`."""
        hub, row = self.town.sandbox.hub, self.row
        git = hub.git(row)
        actor = hub.account((by or self.writer).login)
        assert actor is not None
        with hub.state.change(), tempfile.TemporaryDirectory() as work:
            old = git.branch(branch) or ZERO
            parent = old if old != ZERO else git.branch(start or "main")
            assert parent is not None
            contents = {
                entry.path: git.blob(entry.sha).decode()
                for entry in git.tree(parent, recursive=True)
                if entry.type == "blob"
            } | files
            kept = {path: (text.encode(), False) for path, text in contents.items()}
            tree = git.write_files(kept, Path(work))
            person = signature(actor.login, actor.email or "", hub.state.now())
            sha = git.write_commit(
                tree=tree, parents=[parent], message=message, author=person, committer=person
            )
            git.update_ref(f"refs/heads/{branch}", sha, old)
            pushes.branch_moved(hub, row, branch, old, sha, actor)
        return sha

    def pull(self, branch: str = "work", *, by: Api | None = None, **fields: Any) -> Json:
        """Open a pull request for a branch, which is made where it is not there yet."""
        if self.town.sandbox.hub.git(self.row).branch(branch) is None:
            self.commit(branch, {f"{branch}.txt": "new\n"})
        body = {"title": "T", "body": "B", "head": branch, "base": "main", **fields}
        return dict(self.call(by or self.app("author"), "POST", "/pulls", body))

    def state(self, number: int, api: Api | None = None) -> str:
        """Return `mergeable_state` once it is known."""

        def known() -> Any:
            word = self.call(api or self.app("conductor"), "GET", f"/pulls/{number}")
            return None if word["mergeable_state"] == "unknown" else word["mergeable_state"]

        return str(until(known))

    def approve(self, number: int, api: Api | None = None) -> Json:
        by = api or self.app("reviewer")
        return dict(self.call(by, "POST", f"/pulls/{number}/reviews", {"event": "APPROVE"}))

    def merge(self, number: int, api: Api | None = None, **body: Any) -> Any:
        return self.call(api or self.app("conductor"), "PUT", f"/pulls/{number}/merge", body)

    def unmerged(self, number: int, api: Api | None = None, **body: Any) -> str:
        """Try a merge that must be refused with 405, and return the words."""
        status, said = self.refused(
            api or self.app("conductor"), "PUT", f"/pulls/{number}/merge", body
        )
        assert status == 405, said
        return said

    def check(self, sha: str, name: str = "test", conclusion: str = "success") -> Json:
        body = {"name": name, "head_sha": sha, "conclusion": conclusion}
        return dict(self.call(self.app("conductor"), "POST", "/check-runs", body))

    def ruleset(self, *rules: Json, **fields: Any) -> Json:
        """Make an active ruleset for the default branch."""
        plan = {"name": "rules", "target": "branch", "enforcement": "active", **fields}
        return dict(self.call(self.owner, "POST", "/rulesets", {"rules": list(rules), **plan}))

    def clone(self, person: Person | Api, name: str = "work") -> WorkingCopy:
        address = f"{self.town.sandbox.url}/{self.name}.git"
        return WorkingCopy(self.folder / name, address, person.token)

    def heard(self, name: str) -> list[Heard]:
        """Return the webhooks of one kind about this repository, when all have arrived."""
        until(lambda: self.seeder.activity()["webhooks_idle"])
        repo_id = self.row.id
        return [
            one
            for one in self.town.receiver.of(name)
            if one.payload.get("repository", {}).get("id") == repo_id
        ]


@contextmanager
def open_town(folder: Path) -> Iterator[Town]:
    """Run a sandbox whose App is told of everything, judged by GitHub's documents at its end."""
    with Receiver() as receiver:
        options = Options(
            data_dir=folder, webhook_url=receiver.url, webhook_secret=SECRET, run_ci=False
        )
        with (
            JudgedGitHub(options) as sandbox,
            Seeder(sandbox.url, sandbox.admin_token) as seeder,
        ):
            told = seeder.grant(HOOKED)["events"]
            seeder.grant(HOOKED, events=[*told, *MORE_EVENTS])
            town = Town(sandbox, receiver, seeder)
            yield town
            for api in town.tokens.values():
                api.close()


def new_ground(town: Town, folder: Path, **fields: Any) -> Ground:
    """Make a repository for one test."""
    for login in ("olga", "willy"):
        town.person(login)
    name = f"{GUILD}/shop-{next(town.counter)}"
    roles = {"olga": "admin", "willy": "write"}
    town.seeder.create_repository(name, **{"files": FILES, "roles": roles, **fields})
    return Ground(town, name, folder)
