"""What a test of the GitHub seam may do: act as the rig, and as the people around it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from rigtasks.errors import Retryable
from rigtasks.github.api import Api, Identities
from rigtasks.github.identities import Account, RepositoryRef, Role
from rigtasks.local.github.faults.injector import FaultInjector
from rigtasks.local.github.faults.plan import FaultPlan
from rigtasks.local.github.strict_data import read_data
from rigtasks.workspace.push import PushOutcome

BRANCH = "feature/issue-1-round-prices"
FIXED = "def price(x):\n    return round(x)\n"
FILES = {
    "price.py": "def price(x):\n    return int(x)\n",
    "docs/CODEOWNERS": "* @mona\n",
}
#: mona may write to the shop, stranger may read it.
ROLES = {"mona": "write", "stranger": "read"}


T = TypeVar("T")
MOST_TRIES = 12


@dataclass
class Waiting:
    """A clock that goes on only when somebody waits."""

    seconds: float = 1_000_000_000.0
    waited: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.seconds += seconds


def until_done(clock: Waiting, effect: Callable[[], T]) -> T:
    """Repeat an effect as the outbox does: after what may be tried again, and nothing else."""
    for _ in range(MOST_TRIES):
        try:
            return effect()
        except Retryable as error:
            clock.sleep(error.retry_after or 1.0)
    raise AssertionError(f"not done after {MOST_TRIES} tries")


def plan(*faults: dict[str, Any], seed: int = 0) -> FaultPlan:
    """Return a fault plan; it means the same on both sides."""
    return read_data({"seed": seed, "faults": list(faults)}, FaultPlan)


class Work(Protocol):
    """A checkout of the shop on the rig's branch."""

    base: str
    head: str | None

    def branches(self, names: Sequence[str], *, alike: bool) -> None:
        """Push branches as mona: all at one commit, or each with a file of its own."""
        ...

    def commit(self, files: Mapping[str, str]) -> str:
        """Commit files and return the commit; nobody else sees it."""
        ...

    def push(self, sha: str, *, read_only: bool = False) -> PushOutcome:
        """Push a commit with the author's token, or with the one that runs are given."""
        ...


class Town(Protocol):
    """One GitHub with a shop, mona, a stranger, and the rig's three identities."""

    github: Identities
    shop: RepositoryRef
    faults: FaultInjector

    def api(self, role: Role) -> Api:
        """Return an identity's way to the shop."""
        ...

    def patient(self, role: Role, clock: Waiting, *, timeout: float = 30.0) -> Api:
        """Return an identity whose limits are kept by a clock, so that waiting takes no time."""
        ...

    def account(self, login: str) -> Account:
        """Return somebody's account."""
        ...

    def bots(self) -> dict[Role, int]:
        """Return the account ids of the rig's Apps as GitHub itself lists them."""
        ...

    def rename(self, name: str) -> None:
        """Give the shop another name."""
        ...

    def protect(self, check: str, app_id: int | None = None) -> None:
        """Require a check on main."""
        ...

    def create_issue(self, title: str, body: str = "") -> int:
        """Let mona open an issue."""
        ...

    def edit_issue(self, number: int, **changes: str) -> None:
        """Let mona change title, body or state."""
        ...

    def delete_issue(self, number: int) -> None:
        """Delete an issue for good."""
        ...

    def label(self, number: int, *names: str) -> None:
        """Let mona put labels on."""
        ...

    def unlabel(self, number: int, name: str) -> None:
        """Let mona take a label off."""
        ...

    def comment(self, login: str, number: int, body: str) -> None:
        """Let somebody comment."""
        ...

    def approve(self, number: int) -> None:
        """Let mona approve a pull request."""
        ...

    def open_pull(self, branch: str, title: str) -> tuple[int, str]:
        """Let mona open a pull request onto main; return its number and its head."""
        ...

    def pull_heads(self) -> list[str]:
        """Return the branches of all pull requests, whatever became of them."""
        ...

    def check_runs(self, sha: str) -> int:
        """Count all check runs at a commit, repeated ones included."""
        ...

    def messages(self) -> list[str]:
        """Return the messages of the commits of main."""
        ...

    def set_status(self, sha: str, context: str, state: str) -> None:
        """Let mona set a commit status."""
        ...

    def push(self, branch: str, files: Mapping[str, str]) -> str:
        """Let mona commit files onto a branch."""
        ...

    def work(self) -> Work:
        """Begin work on the rig's branch."""
        ...
