"""The town around a GitHub in memory."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from towns import BRANCH, FILES, ROLES, Waiting

from rigtasks.github.api import Api
from rigtasks.github.identities import Account, RepositoryRef, Role
from rigtasks.local.github.faults.injector import FaultInjector
from rigtasks.testing.memory_github import (
    MemoryCheckout,
    MemoryCleanClones,
    MemoryGitHub,
    MemoryIdentities,
    issues,
    pulls,
    reviews,
)
from rigtasks.testing.memory_github.model import Protection
from rigtasks.testing.memory_github.planned import PlannedFaults
from rigtasks.workspace.checkout import Start
from rigtasks.workspace.git import Remote
from rigtasks.workspace.push import PushOutcome, PushRequest


class Ticking:
    """A clock that moves a second whenever it is read."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class MemoryTown:
    """A town in memory; see `Town`."""

    def __init__(self) -> None:
        self.hub = MemoryGitHub(Ticking(), lazy_mergeability=True)
        self.repo = self.hub.create_repository("octo/shop", files=FILES, roles=ROLES)
        self.github = MemoryIdentities(self.hub)
        self.shop = RepositoryRef(id=self.repo.id, full_name=self.repo.full_name)
        self.mona = self.hub.person("mona")
        self.faults = FaultInjector()

    def api(self, role: Role) -> Api:
        return self.github.api(role, self.shop)

    def patient(self, role: Role, clock: Waiting, *, timeout: float = 30.0) -> Api:
        self.hub.faults = PlannedFaults(self.hub, self.faults, now=clock.now, timeout=timeout)
        return self.api(role)

    def account(self, login: str) -> Account:
        return self.hub.person(login)

    def bots(self) -> dict[Role, int]:
        return {role: app.bot.id for role, app in self.hub.apps.items()}

    def rename(self, name: str) -> None:
        self.hub.rename(self.repo, f"octo/{name}")

    def protect(self, check: str, app_id: int | None = None) -> None:
        self.hub.protect(self.repo, "main", Protection(checks=((check, app_id),)))

    def create_issue(self, title: str, body: str = "") -> int:
        return issues.open_issue(self.hub, self.repo, self.mona, title, body).number

    def edit_issue(self, number: int, **changes: str) -> None:
        state = changes.pop("state", None)
        if changes:
            issues.edit(self.hub, self.repo, self.mona, number, **changes)
        if state is not None:
            issues.set_state(self.hub, self.repo, self.mona, number, state)

    def delete_issue(self, number: int) -> None:
        issues.delete(self.hub, self.repo, self.mona, number)

    def label(self, number: int, *names: str) -> None:
        for name in names:
            issues.label(self.hub, self.repo, self.mona, number, name)

    def unlabel(self, number: int, name: str) -> None:
        issues.unlabel(self.hub, self.repo, self.mona, number, name)

    def comment(self, login: str, number: int, body: str) -> None:
        issues.comment(self.hub, self.repo, self.hub.person(login), number, body)

    def approve(self, number: int) -> None:
        pull = self.repo.pulls[number]
        reviews.review(self.hub, self.repo, self.mona, pull, event="APPROVE")

    def open_pull(self, branch: str, title: str) -> tuple[int, str]:
        made = pulls.open_pull(
            self.hub, self.repo, self.mona, head=branch, base="main", title=title, body=""
        )
        return made.issue.number, made.head_sha

    def pull_heads(self) -> list[str]:
        return [one.head_ref for one in self.repo.pulls.values()]

    def check_runs(self, sha: str) -> int:
        return sum(one.head_sha == sha for one in self.repo.checks)

    def messages(self) -> list[str]:
        found, sha = [], self.repo.branches["main"]
        while sha:
            commit = self.repo.graph[sha]
            found.append(commit.message)
            sha = commit.parents[0] if commit.parents else ""
        return found

    def set_status(self, sha: str, context: str, state: str) -> None:
        reviews.set_status(self.hub, self.repo, self.mona, sha, context, state)

    def push(self, branch: str, files: Mapping[str, str]) -> str:
        return pulls.push(self.hub, self.repo, self.mona, branch, files, "By hand")

    def work(self) -> "MemoryWork":
        return MemoryWork(self)


class MemoryWork:
    """Work on the rig's branch in memory; see `Work`."""

    def __init__(self, town: MemoryTown) -> None:
        self._town = town
        self.base = town.repo.branches["main"]
        self.head: str | None = None
        self._checkout = MemoryCheckout(town.repo, self.base, town.hub.clock)

    def branches(self, names: Sequence[str], *, alike: bool) -> None:
        town, tip = self._town, ""
        for name in names:
            if alike and tip:
                pulls.move_branch(town.hub, town.repo, town.mona, name, tip)
            else:
                tip = town.push(name, {f"{name}.txt": f"{name}\n"})

    def commit(self, files: Mapping[str, str]) -> str:
        author = self._town.hub.bot(Role.AUTHOR)
        return self._checkout.commit(files, "Round prices", author)

    def push(self, sha: str, *, read_only: bool = False) -> PushOutcome:
        github, shop = self._town.github, self._town.shop
        token = github.read_only_token(shop) if read_only else github.push_token(shop)
        remote = Remote(url=github.clone_url(shop), token=token.value)
        with MemoryCleanClones(self._town.hub).open(remote) as clone:
            if self._checkout.commits:
                start = Start(base_sha=self.base)
                clone.receive(self._checkout.bundle(BRANCH), branch=BRANCH, start=start)
            request = PushRequest(branch=BRANCH, issue=1, old_sha=self.head, new_sha=sha)
            outcome = clone.push(request)
        self.head = sha
        return outcome
