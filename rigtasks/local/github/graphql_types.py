"""The words of the GraphQL part: who asks, what resolves a field, and a field that is refused."""

from collections.abc import Callable
from typing import Any

import msgspec

from rigtasks.local.github.access import Caller, require
from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.mergeability import MergeChecks
from rigtasks.local.github.model import Account, Issue, PullRequest, Repository

Json = dict[str, Any]


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and what may be looked at."""

    hub: Hub
    caller: Caller
    merge_checks: MergeChecks

    def actor(self, account_id: int | None) -> Account | None:
        """Return an account, or None where there is none."""
        return None if account_id is None else self.hub.state.accounts.find(account_id)

    def repository_of(self, row: Any) -> Repository:
        """Return the repository a row belongs to."""
        return self.hub.state.repositories.get(row.repository_id)

    def half_of(self, pull: PullRequest) -> Issue:
        """Return the issue half of a pull request.

        Raises:
            RefusedError: there is none any more.
        """
        half = self.hub.issue(self.repository_of(pull), pull.number)
        if half is None:
            raise RefusedError("Could not resolve to a node.", "NOT_FOUND")
        return half

    def require(self, repo: Repository, permission: str, level: str) -> None:
        """Let the caller go on; see `access.require`.

        Raises:
            RefusedError: the caller may not.
        """
        try:
            require(self.caller, repo, permission, level)
        except HttpError as error:
            kind = "FORBIDDEN" if error.status == 403 else "NOT_FOUND"  # noqa: PLR2004  # HTTP forbidden
            raise RefusedError(error.message, kind) from error

    def writer(self, repo: Repository, *permissions: str) -> Account:
        """Return who calls, where they may write to the repository with all permissions.

        Raises:
            RefusedError: they may not, or the repository is archived.
        """
        for permission in permissions:
            self.require(repo, permission, "write")
        if self.caller.account is None:
            raise RefusedError("Requires authentication", "FORBIDDEN")
        if repo.archived:
            raise RefusedError("Repository was archived so is read-only.", "FORBIDDEN")
        return self.caller.account


#: What finds the value of a field: by who asks, the row the field is of, and its arguments.
Resolver = Callable[[Context, Any, Json], Any]


class RefusedError(Exception):
    """A field that could not be answered; `kind` is GitHub's `type` of the error."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind
