"""What a test of the GitHub seam may do: act as the rig, and as the people around it."""

from collections.abc import Mapping
from typing import Protocol

from rigtasks.github.api import Api, Identities
from rigtasks.github.identities import Account, RepositoryRef, Role
from rigtasks.workspace.push import PushOutcome

BRANCH = "feature/issue-1-round-prices"
FIXED = "def price(x):\n    return round(x)\n"
FILES = {
    "price.py": "def price(x):\n    return int(x)\n",
    "docs/CODEOWNERS": "* @mona\n",
}
#: mona may write to the shop, stranger may read it.
ROLES = {"mona": "write", "stranger": "read"}


class Work(Protocol):
    """A checkout of the shop on the rig's branch."""

    base: str
    head: str | None

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

    def api(self, role: Role) -> Api:
        """Return an identity's way to the shop."""
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

    def set_status(self, sha: str, context: str, state: str) -> None:
        """Let mona set a commit status."""
        ...

    def push(self, branch: str, files: Mapping[str, str]) -> str:
        """Let mona commit files onto a branch."""
        ...

    def work(self) -> Work:
        """Begin work on the rig's branch."""
        ...
