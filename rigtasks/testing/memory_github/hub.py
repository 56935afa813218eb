"""A GitHub in memory: accounts, Apps, repositories and the webhooks it would send."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import msgspec

from rigtasks.errors import Permanent
from rigtasks.github.identities import PERMISSIONS, Account, RepositoryRef, Role
from rigtasks.github.installations import HookDelivery
from rigtasks.github.tokens import NotInstalled
from rigtasks.testing.memory_github.commits import Files, new_commit
from rigtasks.testing.memory_github.faults import Faults, NoFaults
from rigtasks.testing.memory_github.model import Attempt, Delivery, Protection, Repository

_WRITERS = frozenset({"admin", "maintain", "write"})
_BOT_IDS = {Role.AUTHOR: 200_101, Role.REVIEWER: 200_102, Role.CONDUCTOR: 200_103}
_SLUGS = {Role.AUTHOR: "dev-e", Role.REVIEWER: "review-e", Role.CONDUCTOR: "rig-conductor"}
#: The App behind the checks of GitHub's own CI.
CI_APP = (15_368, "github-actions")


class App(msgspec.Struct, frozen=True, kw_only=True):
    """An App of the rig with its bot."""

    id: int
    slug: str
    bot: Account
    permissions: Mapping[str, str]


class MemoryGitHub:
    """All of one GitHub. One caller at a time; nothing happens by itself.

    Args:
        clock: the time in UTC; nothing here moves it.
        faults: what fails; nothing by default.
        lazy_mergeability: whether `mergeable` is unknown until it was asked for once, as on GitHub.
        sends: whether webhooks are made; without them `deliveries` stays empty.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        faults: Faults | None = None,
        lazy_mergeability: bool = False,
        sends: bool = True,
    ) -> None:
        self.clock = clock
        self.faults: Faults = faults or NoFaults()
        self.lazy_mergeability = lazy_mergeability
        self.sends = sends
        self.repositories: dict[int, Repository] = {}
        self.deliveries: list[Delivery] = []
        self.attempts: dict[int, Attempt] = {}
        self.paused_seconds = 0.0
        self._ids = 1_000
        self._names: dict[str, int] = {}
        self._accounts: dict[str, Account] = {}
        self.apps = {role: self._app(role) for role in Role}
        self.not_installed: set[tuple[Role, int]] = set()

    def next_id(self) -> int:
        """Return an id that nothing else has."""
        self._ids += 1
        return self._ids

    def next_guid(self) -> str:
        """Return the id of a webhook, as no other has it."""
        return str(UUID(int=self.next_id()))

    def person(self, login: str) -> Account:
        """Return a person's account, made at the first mention."""
        return self._accounts.setdefault(login, Account(id=self.next_id(), login=login))

    def account_named(self, login: str) -> Account | None:
        """Return the account with this login now."""
        return self._accounts.get(login)

    def bot(self, role: Role) -> Account:
        """Return the account an identity acts as."""
        return self.apps[role].bot

    def create_repository(
        self, full_name: str, *, files: Files, roles: Mapping[str, str] | None = None
    ) -> Repository:
        """Make a repository with one commit on `main`.

        Args:
            full_name: `owner/name`.
            files: path to text.
            roles: login to admin, write or read; everybody else has none.
        """
        repo = Repository(id=self.next_id(), full_name=full_name, default_branch="main")
        first = new_commit(
            repo.graph,
            parents=(),
            files=dict(files),
            message="Begin",
            author=self.person(full_name.partition("/")[0]),
            date=self.clock(),
        )
        repo.branches["main"] = first.sha
        repo.roles = {self.person(login).id: role for login, role in (roles or {}).items()}
        self.repositories[repo.id] = repo
        self._names[full_name.lower()] = repo.id
        return repo

    def rename(self, repo: Repository, full_name: str) -> None:
        """Give a repository another name; the old one leads to it until somebody takes it."""
        self._names[full_name.lower()] = repo.id
        repo.full_name = full_name
        repo.touch()
        self.send(repo, "repository", "renamed", self.person(full_name.partition("/")[0]), {})

    def protect(self, repo: Repository, branch: str, protection: Protection) -> None:
        """Set the rules of a branch."""
        repo.protections[branch] = protection
        repo.touch()

    def set_role(self, repo: Repository, login: str, role: str) -> None:
        """Change what a person may do."""
        repo.roles[self.person(login).id] = role
        repo.touch()

    def repository(self, role: Role, wanted: RepositoryRef) -> Repository:
        """Return the repository an identity addresses by a name.

        Raises:
            NotInstalled: there is none of this name, or its App is not installed on it.
        """
        found = self._names.get(wanted.full_name.lower())
        if found is None or (role, found) in self.not_installed:
            raise NotInstalled(f"Install the App on {wanted.full_name}.", identity=role.value)
        return self.repositories[found]

    def at_url(self, url: str) -> Repository:
        """Return the repository that is cloned from an address.

        Raises:
            Permanent: there is none.
        """
        name = url.removeprefix("https://memory.test/").removesuffix(".git").lower()
        found = self._names.get(name)
        if found is None:
            raise Permanent(f"nothing is cloned from {url}")
        return self.repositories[found]

    def may_write(self, repo: Repository, account: Account) -> bool:
        """Say whether an account may write contents of a repository."""
        return repo.roles.get(account.id, "none") in _WRITERS

    def send(
        self,
        repo: Repository,
        event: str,
        action: str | None,
        sender: Account,
        parts: dict[str, object],
        number: int | None = None,
    ) -> None:
        """Make one webhook; whoever carries webhooks takes it from `deliveries`."""
        if not self.sends:
            return
        payload: dict[str, object] = {
            "repository": {
                "id": repo.id,
                "full_name": repo.full_name,
                "default_branch": repo.default_branch,
            },
            "sender": sender,
            **parts,
        }
        if action is not None:
            payload["action"] = action
        self.deliveries.append(
            Delivery(
                id=self.next_guid(),
                event=event,
                action=action,
                repository_id=repo.id,
                repository=repo.full_name,
                number=number,
                payload=msgspec.json.encode(payload),
            )
        )

    def note_attempt(self, sent: Delivery, status_code: int) -> None:
        """Write down what became of a webhook that was taken from `deliveries`."""
        number = self.next_id()
        shown = HookDelivery(
            id=number,
            guid=sent.id,
            delivered_at=self.clock(),
            redelivery=sent.redelivery,
            status_code=status_code,
            event=sent.event,
            action=sent.action,
        )
        self.attempts[number] = Attempt(shown=shown, sent=sent)

    def send_again(self, sent: Delivery) -> None:
        """Make a webhook once more, under the same id."""
        self.deliveries.append(replace(sent, redelivery=True))

    def _app(self, role: Role) -> App:
        bot = Account(id=_BOT_IDS[role], login=f"{_SLUGS[role]}[bot]", type="Bot")
        self._accounts[bot.login] = bot
        return App(
            id=_BOT_IDS[role] - 100_000,
            slug=_SLUGS[role],
            bot=bot,
            permissions=PERMISSIONS[role],
        )
