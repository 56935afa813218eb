"""A town around the sandbox GitHub: its people, its shop, and work on a branch of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rigtasks.github.api import Api
from rigtasks.github.client import UNHURRIED, GitHub, GitHubSettings
from rigtasks.github.contents import read_branch_head
from rigtasks.github.identities import AppCredentials, RepositoryRef, Role
from rigtasks.local.github.seeding import Person, Seeder
from rigtasks.local.github.server import SandboxGitHub
from rigtasks.workspace.checkout import Start, checkout_for_agent
from rigtasks.workspace.git import Git, Remote
from rigtasks.workspace.push import PushOutcome, PushRequest, push_branch

BRANCH = "feature/issue-1-round-prices"
PERSON = {"user.name": "dev-e", "user.email": "dev-e@example.invalid"}
FIXED = "def price(x):\n    return round(x)\n"


@dataclass(frozen=True)
class Town:
    """Everything a test needs to act on both sides."""

    sandbox: SandboxGitHub
    seeder: Seeder
    github: GitHub
    shop: RepositoryRef
    mona: Person
    stranger: Person

    def api(self, role: Role) -> Api:
        return self.github.api(role, self.shop)


class Work:
    """A checkout of the shop on the rig's branch, pushed with the author's token."""

    def __init__(self, town: Town, directory: Path) -> None:
        self.town = town
        self.base = read_branch_head(town.api(Role.CONDUCTOR), "main") or ""
        self.remote = Remote(
            url=town.github.clone_url(town.shop),
            token=town.github.read_only_token(town.shop).value,
        )
        checkout_for_agent(directory, self.remote, Start(base_sha=self.base), branch=BRANCH)
        self.git = Git(directory)
        self.head: str | None = None

    def commit(self, files: dict[str, str]) -> str:
        for name, content in files.items():
            path = self.git.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self.git.read("add", "-A")
        self.git.read("commit", "-q", "-m", "Round prices", settings=PERSON)
        return self.git.read("rev-parse", "HEAD").text

    def push(self, sha: str) -> PushOutcome:
        remote = Remote(
            url=self.remote.url, token=self.town.github.push_token(self.town.shop).value
        )
        outcome = push_branch(
            self.git,
            remote,
            PushRequest(branch=BRANCH, issue=1, old_sha=self.head, new_sha=sha),
        )
        self.head = sha
        return outcome


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
