"""Stop switches: set by people or a breaker, lifted by people only, read before every claim."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from rigtasks.eventstore.connection import Rows

RIG = "rig"

_SET = """
INSERT INTO switches (scope, reason, actor) VALUES (%s, %s, %s)
ON CONFLICT (scope) WHERE lifted_at IS NULL DO NOTHING RETURNING id
"""
_LIFT = """
UPDATE switches SET lifted_at = clock_timestamp(), lifted_by = %s
 WHERE scope = %s AND lifted_at IS NULL RETURNING id
"""
_ACTIVE = "SELECT scope, reason, actor, since FROM switches WHERE lifted_at IS NULL ORDER BY scope"


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """A stop that holds now."""

    scope: str
    reason: str
    actor: str
    since: datetime


def repository_scope(repo_id: int) -> str:
    """Return the scope of a repository, by its immutable id."""
    return f"repo:{repo_id}"


def issue_scope(stream: str) -> str:
    """Return the scope of an issue: its stream, which begins with `issue:` already."""
    return stream


class Switches:
    """Set, lift and read the switches."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    def set(self, scope: str, *, reason: str, actor: str) -> bool:
        """Stop a scope; return whether it was running until now."""
        return bool(self._database.rows(_SET, (scope, reason, actor)))

    def lift(self, scope: str, *, actor: str) -> bool:
        """Let a scope go on; return whether it was stopped until now."""
        return bool(self._database.rows(_LIFT, (actor, scope)))

    def active(self) -> tuple[Switch, ...]:
        """Return every stop that holds now, by scope."""
        return tuple(
            Switch(scope=scope, reason=reason, actor=actor, since=since)
            for scope, reason, actor, since in self._database.rows(_ACTIVE)
        )

    def first_of(self, scopes: Iterable[str]) -> Switch | None:
        """Return a stop that holds for one of the scopes, None when work may go on."""
        wanted = frozenset(scopes)
        return next((each for each in self.active() if each.scope in wanted), None)
