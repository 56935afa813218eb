"""The sandbox's centre: state, repositories, addresses, and what to tell when something happens."""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from rigtasks.agent.sandbox import Probe
from rigtasks.local.github.app_keys import new_key
from rigtasks.local.github.git import BareRepository, ChangedFile
from rigtasks.local.github.limits import Limits
from rigtasks.local.github.model import (
    Account,
    AccountType,
    Installation,
    Issue,
    PullRequest,
    Repository,
)
from rigtasks.local.github.state import State

_REMEMBERED_DIFFS = 2_000


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a sandbox is run.

    Attributes:
        data_dir: everything it remembers.
        webhook_url: where the App's webhooks go; empty sends none.
        webhook_secret: what signs them.
        webhook_content_type: `json` or `form`.
        token_lifetime: how long installation tokens live.
        limits: how much each installation or user may ask.
        webhook_timeout: seconds until a delivery counts as failed.
        ci_path: the PATH of CI steps; empty takes this process's own.
        ci_timeout: seconds until a CI job is stopped.
        allow_unsandboxed_ci: run CI without isolation where no sandbox works; its output says so.
        run_ci: whether workflows are run at all.
        isolation: which sandbox CI has; None finds out by trying.
        new_key: makes the private key of an App.
    """

    data_dir: Path
    webhook_url: str = ""
    webhook_secret: str = ""
    webhook_content_type: Literal["json", "form"] = "json"
    token_lifetime: timedelta = timedelta(hours=1)
    limits: Limits = Limits()
    webhook_timeout: float = 10.0
    ci_path: str = ""
    ci_timeout: float = 300.0
    allow_unsandboxed_ci: bool = False
    run_ci: bool = True
    isolation: Probe | None = None
    new_key: Callable[[], RSAPrivateKey] = new_key


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses an answer shows: `api` and `web` are bases without a final slash."""

    api: str
    web: str

    def repo_api(self, full_name: str) -> str:
        """Return the API address of a repository."""
        return f"{self.api}/repos/{full_name}"


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was announced, in as few words as the sandbox's own listeners need."""

    event: str
    action: str | None
    repository_id: int
    number: int | None = None
    sha: str | None = None
    ref: str | None = None
    created: bool = False


Listener = Callable[[Happening], None]
Announcer = Callable[[str, str | None, Repository, Account, dict[str, Any]], None]


class Hub:
    """What every part of the sandbox shares."""

    def __init__(self, options: Options, state: State) -> None:
        self.options = options
        self.state = state
        self.web = ""
        self.listeners: list[Listener] = []
        self.announcers: list[Announcer] = []
        self._diffs: dict[tuple[int, str, str], list[ChangedFile]] = {}
        self._merge_bases: dict[tuple[int, str, str], str | None] = {}
        self._counts: dict[tuple[int, str, str], int] = {}

    @property
    def view(self) -> View:
        """Return the addresses used where no request gives them."""
        return View(api=self.web, web=self.web)

    @property
    def hooks_dir(self) -> Path:
        """Return the only folder git hooks are run from."""
        return self.options.data_dir / "hooks"

    def git(self, repository: Repository) -> BareRepository:
        """Return the bare git repository behind a repository."""
        return BareRepository(self.options.data_dir / "repositories" / f"{repository.id}.git")

    def announce(
        self,
        event: str,
        action: str | None,
        repository: Repository,
        sender: Account,
        fields: dict[str, Any],
        happening: Happening,
    ) -> None:
        """Tell webhooks and listeners that something happened."""
        for announcer in self.announcers:
            announcer(event, action, repository, sender, fields)
        for listener in self.listeners:
            listener(happening)

    def changed_files(self, repository: Repository, base: str, head: str) -> list[ChangedFile]:
        """Return the files between two commits, remembered because commits never change."""
        key = (repository.id, base, head)
        if len(self._diffs) > _REMEMBERED_DIFFS:
            self._diffs.clear()
        if key not in self._diffs:
            self._diffs[key] = self.git(repository).changed_files(base, head)
        return self._diffs[key]

    def diff_base(self, repository: Repository, pull: PullRequest) -> str:
        """Return the commit a pull request's diff starts from."""
        git = self.git(repository)
        tip = pull.base_sha if pull.merged_at else git.branch(pull.base_ref) or pull.base_sha
        key = (repository.id, tip, pull.head_sha)
        if key not in self._merge_bases:
            self._merge_bases[key] = git.merge_base(tip, pull.head_sha)
        return self._merge_bases[key] or pull.base_sha

    def commit_count(self, repository: Repository, base: str, head: str) -> int:
        """Return how many commits `head` has that `base` has not."""
        key = (repository.id, base, head)
        if key not in self._counts:
            self._counts[key] = self.git(repository).count(f"{base}..{head}")
        return self._counts[key]

    def full_name(self, repository: Repository) -> str:
        """Return `owner/name`."""
        return f"{self.state.accounts.get(repository.owner_id).login}/{repository.name}"

    def account(self, login: str) -> Account | None:
        """Return the account of a login, in any case, or None."""
        return self.state.accounts.first(login.lower())

    def organization(self, login: str) -> Account | None:
        """Return the organisation of a login, in any case, or None."""
        found = self.account(login)
        return found if found is not None and found.type is AccountType.ORGANIZATION else None

    def repository(self, owner: str, name: str) -> Repository | None:
        """Return a repository by its present name, in any case, or None."""
        account = self.account(owner)
        if account is None:
            return None
        for repository in self.state.repositories.of(account.id):
            if repository.name.lower() == name.lower():
                return repository
        return None

    def renamed_repository(self, owner: str, name: str) -> Repository | None:
        """Return the repository that once had this name, or None."""
        wanted = f"{owner}/{name}".lower()
        for repository in self.state.repositories.all():
            if wanted in repository.former_names:
                return repository
        return None

    def issue(self, repository: Repository, number: int) -> Issue | None:
        """Return an issue or the issue half of a pull request, or None."""
        for issue in self.state.issues.of(repository.id):
            if issue.number == number:
                return issue
        return None

    def pull(self, repository: Repository, number: int) -> PullRequest | None:
        """Return a pull request, or None."""
        for pull in self.state.pulls.of(repository.id):
            if pull.number == number:
                return pull
        return None

    def installation(self, app_id: int, owner_id: int) -> Installation | None:
        """Return the installation of an App on an account, or None."""
        for installation in self.state.installations.of(owner_id):
            if installation.app_id == app_id:
                return installation
        return None


def node_id(prefix: str, row_id: int) -> str:
    """Return an opaque GraphQL id for a row."""
    return f"{prefix}_{base64.urlsafe_b64encode(row_id.to_bytes(9, 'big')).decode()}"


def row_of_node(node: object, prefix: str) -> int | None:
    """Return the row id inside a GraphQL id of that kind, or None."""
    if not isinstance(node, str) or not node.startswith(f"{prefix}_"):
        return None
    try:
        return int.from_bytes(base64.urlsafe_b64decode(node[len(prefix) + 1 :]), "big")
    except ValueError:
        return None


def stamp(moment: datetime | None) -> str | None:
    """Render a time as GitHub does, or null."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
