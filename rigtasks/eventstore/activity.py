"""What goes on around issues: runs that were begun, and what bots did, as far as GitHub told."""

import msgspec

from rigtasks.eventstore.connection import Rows
from rigtasks.lifecycle.breaker import Activity

_NOTE = """
INSERT INTO bot_acts (delivery_id, repo_id, number, kind, actor) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (delivery_id) DO NOTHING
"""
_FORGET = """
DELETE FROM bot_acts WHERE at < clock_timestamp() - make_interval(secs => %s) RETURNING delivery_id
"""
_ACTIVITY = """
WITH since AS (
    SELECT clock_timestamp() - make_interval(secs => %s) AS at
), seen AS (
    SELECT i.repo_id, i.number, 'round' AS kind, r.started_at AS at
      FROM runs AS r JOIN issues AS i USING (stream), since
     WHERE r.started_at > since.at
    UNION ALL
    SELECT i.repo_id, i.number, b.kind, b.at
      FROM bot_acts AS b, since,
           LATERAL (SELECT DISTINCT i.repo_id, i.number FROM issues AS i
                     WHERE i.repo_id = b.repo_id AND b.number IN (i.number, i.pr)) AS i
     WHERE b.at > since.at
), counted AS (
    SELECT s.repo_id, s.number,
           count(*) FILTER (WHERE s.kind = 'round') AS rounds,
           count(*) FILTER (WHERE s.kind = 'comment') AS comments,
           count(*) FILTER (WHERE s.kind = 'label') AS labels
      FROM seen AS s
      LEFT JOIN LATERAL (
           SELECT max(lifted_at) AS at FROM switches
            WHERE source = 'breaker' AND scope = 'issue:' || s.repo_id || ':' || s.number
              AND lifted_at IS NOT NULL) AS closed ON true
     WHERE s.at > coalesce(closed.at, '-infinity')
     GROUP BY s.repo_id, s.number
)
SELECT c.repo_id, c.number, newest.stream, c.rounds, c.comments, c.labels
  FROM counted AS c
 CROSS JOIN LATERAL (
       SELECT i.stream, i.lane FROM issues AS i
        WHERE i.repo_id = c.repo_id AND i.number = c.number
        ORDER BY i.generation DESC LIMIT 1) AS newest
 WHERE newest.lane NOT IN ('done', 'cancelled')
   AND NOT EXISTS (
       SELECT FROM switches AS s
        WHERE s.source = 'breaker' AND s.lifted_at IS NULL
          AND s.scope = 'issue:' || c.repo_id || ':' || c.number)
 ORDER BY c.repo_id, c.number
"""


class BotAct(msgspec.Struct, frozen=True, kw_only=True):
    """A comment or a label by a bot, as its webhook told of it."""

    delivery_id: str
    repo_id: int
    number: int
    kind: str
    actor: str


class Activities:
    """Notes what bots do, and counts what goes on around each issue."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    def note(self, act: BotAct) -> None:
        """Note what a bot did; a delivery that is told again counts once."""
        row = (act.delivery_id, act.repo_id, act.number, act.kind, act.actor)
        self._database.rows(_NOTE, row)

    def around_issues(self, *, seconds: float) -> tuple[Activity, ...]:
        """Count what happened within so many seconds around each issue that has not ended.

        All generations of an issue count together, from when a person last closed its breaker;
        one whose breaker is open is left out.
        """
        names = ("repo_id", "number", "stream", "rounds", "comments", "labels")
        return tuple(
            Activity(**dict(zip(names, row, strict=True)))
            for row in self._database.rows(_ACTIVITY, (seconds,))
        )

    def forget(self, *, older_than_seconds: float) -> int:
        """Delete what bots did long ago; return how many acts that were."""
        return len(self._database.rows(_FORGET, (older_than_seconds,)))
