"""The town around the sandbox GitHub, over HTTP and with real git."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from towns import BRANCH, FILES, ROLES, Waiting

from rigtasks.github.api import Api
from rigtasks.github.client import UNHURRIED, GitHub, GitHubSettings
from rigtasks.github.contents import read_branch_head
from rigtasks.github.governor import Governor
from rigtasks.github.http_api import HttpApi
from rigtasks.github.identities import PERMISSIONS, Account, AppCredentials, RepositoryRef, Role
from rigtasks.github.tokens import AppTokens
from rigtasks.github.transport import Transport
from rigtasks.local.github.seeding import Person, Seeder
from rigtasks.local.github.server import SandboxGitHub
from rigtasks.testing.real_git import real_git
from rigtasks.workspace.checkout import Start, checkout_for_agent
from rigtasks.workspace.git import Git, Remote
from rigtasks.workspace.push import PushOutcome, PushRequest, push_branch

PERSON = {"user.name": "dev-e", "user.email": "dev-e@example.invalid"}
PERSON_AT_GIT = {"name": "mona", "email": "mona@example.invalid"}


class SandboxTown:
    """A town on a sandbox; see `Town`."""

    def __init__(self, sandbox: SandboxGitHub, seeder: Seeder, name: str, folder: Path) -> None:
        self.sandbox = sandbox
        self.seeder = seeder
        self._people = {login: seeder.person(login) for login in ROLES}
        made = seeder.create_repository(name, files=FILES, roles=ROLES, private=False)
        self.github = GitHub(settings(sandbox, seeder.apps()))
        self.faults = sandbox.faults
        self.shop = RepositoryRef(id=made["id"], full_name=made["full_name"])
        self._folder = folder

    @property
    def mona(self) -> Person:
        return self._people["mona"]

    def api(self, role: Role) -> Api:
        return self.github.api(role, self.shop)

    def patient(self, role: Role, clock: Waiting, *, timeout: float = 30.0) -> Api:
        app: dict[str, Any] = self.seeder.apps()[role.value]
        credentials = AppCredentials(
            app_id=str(app["app_id"]), private_key=Path(app["private_key_path"]).read_text()
        )
        governor = Governor(UNHURRIED, now=clock.now, sleep=clock.sleep)
        transport = Transport(self.sandbox.url, governor, timeout=timeout)
        api = HttpApi(
            transport,
            AppTokens(transport, credentials, key=role.value),
            self.shop,
            graphql_url=f"{self.sandbox.url}/graphql",
            permissions=PERMISSIONS[role],
            sleep=clock.sleep,
        )
        api.account()
        return api

    def account(self, login: str) -> Account:
        return Account(id=self._people[login].call("GET", "/user")["id"], login=login)

    def bots(self) -> dict[Role, int]:
        apps = self.seeder.apps()
        return {role: apps[role.value]["bot_id"] for role in Role}

    def rename(self, name: str) -> None:
        self.seeder.rename(self.shop.full_name, name)

    def protect(self, check: str, app_id: int | None = None) -> None:
        named = {"context": check} if app_id is None else {"context": check, "app_id": app_id}
        self.seeder.protect(self.shop.full_name, checks=[named])

    def create_issue(self, title: str, body: str = "") -> int:
        return int(self.mona.create_issue(self.shop.full_name, title, body)["number"])

    def edit_issue(self, number: int, **changes: str) -> None:
        self.mona.edit_issue(self.shop.full_name, number, **changes)

    def delete_issue(self, number: int) -> None:
        self.seeder.delete_issue(self.shop.full_name, number)

    def label(self, number: int, *names: str) -> None:
        self.mona.label(self.shop.full_name, number, *names)

    def unlabel(self, number: int, name: str) -> None:
        self.mona.unlabel(self.shop.full_name, number, name)

    def comment(self, login: str, number: int, body: str) -> None:
        self._people[login].comment(self.shop.full_name, number, body)

    def approve(self, number: int) -> None:
        self.mona.review(self.shop.full_name, number, "APPROVE")

    def open_pull(self, branch: str, title: str) -> tuple[int, str]:
        made = self.mona.create_pull(self.shop.full_name, head=branch, base="main", title=title)
        return made["number"], made["head"]["sha"]

    def pull_heads(self) -> list[str]:
        listed = self.mona.pages(f"/repos/{self.shop.full_name}/pulls", state="all")
        return [one["head"]["ref"] for one in listed]

    def check_runs(self, sha: str) -> int:
        path = f"/repos/{self.shop.full_name}/commits/{sha}/check-runs"
        return len(self.mona.call("GET", path, filter="all", per_page=100)["check_runs"])

    def messages(self) -> list[str]:
        path = f"/repos/{self.shop.full_name}/commits"
        log = self.mona.call("GET", path, sha="main", per_page=100)
        return [one["commit"]["message"] for one in log]

    def set_status(self, sha: str, context: str, state: str) -> None:
        path = f"/repos/{self.shop.full_name}/statuses/{sha}"
        self.mona.call("POST", path, {"state": state, "context": context})

    def push(self, branch: str, files: Mapping[str, str]) -> str:
        clone = self._folder / f"mona-{len(list(self._folder.iterdir()))}"
        clone.mkdir()
        url = self.mona.clone_url(self.shop.full_name)
        me = {**PERSON_AT_GIT, "token": self.mona.token}
        real_git(clone, "clone", "--quiet", url, ".", **me).check_returncode()
        git = Git(clone)
        if git.run("checkout", "--quiet", branch).returncode != 0:
            git.read("checkout", "--quiet", "-b", branch)
        sha = _commit(git, files)
        real_git(clone, "push", "--quiet", url, branch, **me).check_returncode()
        return sha

    def work(self) -> "SandboxWork":
        return SandboxWork(self, self._folder / "work")


class SandboxWork:
    """A real checkout, pushed with real git; see `Work`."""

    def __init__(self, town: SandboxTown, directory: Path) -> None:
        self._town = town
        self.base = read_branch_head(town.api(Role.CONDUCTOR), "main") or ""
        self.head: str | None = None
        self.remote = self._remote(read_only=True)
        checkout_for_agent(directory, self.remote, Start(base_sha=self.base), branch=BRANCH)
        self.git = Git(directory)

    def branches(self, names: Sequence[str], *, alike: bool) -> None:
        tips = []
        for name in names if not alike else names[:1]:
            self.git.read("checkout", "-q", "--detach", self.base)
            tips.append(self.commit({f"{name}.txt": f"{name}\n"}))
        refs = zip(names, tips * len(names) if alike else tips, strict=False)
        remote = Remote(url=self.remote.url, token=self._town.mona.token)
        specs = [f"{tip}:refs/heads/{name}" for name, tip in refs]
        assert self.git.run("push", "-q", remote.url, *specs, remote=remote).returncode == 0

    def commit(self, files: Mapping[str, str]) -> str:
        return _commit(self.git, files)

    def push(self, sha: str, *, read_only: bool = False) -> PushOutcome:
        request = PushRequest(branch=BRANCH, issue=1, old_sha=self.head, new_sha=sha)
        outcome = push_branch(self.git, self._remote(read_only=read_only), request)
        self.head = sha
        return outcome

    def _remote(self, *, read_only: bool) -> Remote:
        github, shop = self._town.github, self._town.shop
        token = github.read_only_token(shop) if read_only else github.push_token(shop)
        return Remote(url=github.clone_url(shop), token=token.value)


def _commit(git: Git, files: Mapping[str, str]) -> str:
    for name, content in files.items():
        path = git.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    git.read("add", "-A")
    git.read("commit", "-q", "-m", "Round prices", settings=PERSON)
    return git.read("rev-parse", "HEAD").text


def settings(sandbox: SandboxGitHub, apps: dict[str, Any]) -> GitHubSettings:
    return GitHubSettings(
        api_url=sandbox.url,
        credentials={
            role: AppCredentials(
                app_id=str(apps[role.value]["app_id"]),
                private_key=Path(apps[role.value]["private_key_path"]).read_text(),
            )
            for role in Role
        },
        pace=UNHURRIED,
        time_scale=0.01,
    )
