"""Stop switches: read before every claim and every write to GitHub, lifted by people only."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from rigtasks.eventstore.connection import Rows
from rigtasks.gate.facts import StopSource

RIG = "rig"

_END = """
UPDATE switches SET lifted_at = until, lifted_by = actor
 WHERE scope = %s AND source = %s AND lifted_at IS NULL AND until <= clock_timestamp()
"""
_SET = """
INSERT INTO switches (scope, reason, actor, source, until)
VALUES (%s, %s, %s, %s, clock_timestamp() + make_interval(secs => %s))
ON CONFLICT (scope, source) WHERE lifted_at IS NULL DO NOTHING RETURNING id
"""
#: What waited for it is looked at now, by the words of `holds.paused_by`.
_LIFT = """
WITH lifted AS (
    UPDATE switches SET lifted_at = clock_timestamp(), lifted_by = %s
     WHERE scope = %s AND source = %s AND lifted_at IS NULL
       AND (until IS NULL OR until > clock_timestamp())
    RETURNING id, actor
), due AS (
    UPDATE outbox SET available_at = clock_timestamp()
      FROM lifted
     WHERE done_at IS NULL AND dead_at IS NULL AND published_at IS NULL
       AND starts_with(last_error, lifted.actor || ' paused the ')
)
SELECT id FROM lifted
"""
_ACTIVE = """
SELECT scope, reason, actor, since, source, until FROM switches
 WHERE lifted_at IS NULL AND (until IS NULL OR until > clock_timestamp())
 ORDER BY scope, source
"""
_LIFTED = """
SELECT max(lifted_at) FROM switches WHERE scope = %s AND source = %s AND lifted_at IS NOT NULL
"""


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """A stop that holds now: who set it and why, and until when; None until somebody lifts it."""

    scope: str
    reason: str
    actor: str
    since: datetime
    source: StopSource = StopSource.PERSON
    until: datetime | None = None

    @property
    def why(self) -> str:
        """Return the reason, with the time it holds until where there is one."""
        if self.until is None:
            return self.reason
        return f"{self.reason} (until {self.until:%Y-%m-%d %H:%M} UTC)"


def repository_scope(repo_id: int) -> str:
    """Return the scope of a repository, by its immutable id."""
    return f"repo:{repo_id}"


def issue_scope(stream: str) -> str:
    """Return the scope of an issue: its stream, which begins with `issue:` already."""
    return stream


def breaker_scope(repo_id: int, number: int) -> str:
    """Return the scope the breaker stops: an issue in all its generations."""
    return f"issue:{repo_id}:{number}"


def provider_scope(name: str) -> str:
    """Return the scope of a provider, by the name its agents report."""
    return f"provider:{name}"


class Switches:
    """Set, lift and read the switches.

    A scope is stopped as long as any of its sources holds: a person, a label, the breaker.
    """

    def __init__(self, database: Rows) -> None:
        self._database = database

    def set(
        self,
        scope: str,
        *,
        reason: str,
        actor: str,
        source: StopSource = StopSource.PERSON,
        seconds: float | None = None,
    ) -> bool:
        """Stop a scope; return whether this source let it run until now.

        Args:
            scope: what is stopped.
            reason: why.
            actor: who stops it.
            source: who may let it go on, and how.
            seconds: how long it holds by the database's clock; None until somebody lifts it.
        """
        self._database.rows(_END, (scope, source))
        return bool(self._database.rows(_SET, (scope, reason, actor, source, seconds)))

    def lift(self, scope: str, *, actor: str, source: StopSource = StopSource.PERSON) -> bool:
        """Let a scope go on as far as a source is concerned; return whether that stopped it."""
        return bool(self._database.rows(_LIFT, (actor, scope, source)))

    def active(self) -> tuple[Switch, ...]:
        """Return every stop that holds now, by scope."""
        return tuple(
            Switch(
                scope=scope,
                reason=reason,
                actor=actor,
                since=since,
                source=StopSource(source),
                until=until,
            )
            for scope, reason, actor, since, source, until in self._database.rows(_ACTIVE)
        )

    def first_of(self, scopes: Iterable[str]) -> Switch | None:
        """Return a stop that holds for one of the scopes, None when work may go on."""
        wanted = frozenset(scopes)
        return next((each for each in self.active() if each.scope in wanted), None)

    def holding(self, scope: str, source: StopSource) -> Switch | None:
        """Return the stop of a scope by one source, None where that source lets it run."""
        found = (one for one in self.active() if (one.scope, one.source) == (scope, source))
        return next(found, None)

    def lifted_at(self, scope: str, source: StopSource) -> datetime | None:
        """Return when a source last let a scope go on, None where it never stopped it."""
        found: datetime | None = self._database.rows(_LIFTED, (scope, source))[0][0]
        return found
