"""Questions of the conductor that the projections answer; pages have queries of their own."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from rigtasks.eventstore.connection import Parameters, Rows

_FIELDS = """
       i.stream, i.version, i.ref, i.repo_id, i.repo, i.number, i.generation, i.lane, i.overlay,
       i.pr, i.branch, i.head_sha, i.run_id, i.entered_at, i.updated_at
"""
_NEWEST = f"""
SELECT {_FIELDS} FROM issues AS i
 WHERE i.repo_id = %s AND i.number = %s ORDER BY i.generation DESC LIMIT 1
"""  # noqa: S608 - the fields are a constant
_BY_PR = f"""
SELECT {_FIELDS} FROM issues AS i
 WHERE i.repo_id = %s AND i.pr = %s ORDER BY i.generation DESC, i.number LIMIT 1
"""  # noqa: S608 - as above
_BY_HEAD = f"""
SELECT {_FIELDS} FROM issues AS i
 WHERE i.repo_id = %s AND i.head_sha = %s AND i.lane NOT IN ('done', 'cancelled')
 ORDER BY i.stream
"""  # noqa: S608 - as above
_WAITING_FOR = f"""
SELECT {_FIELDS} FROM issues AS i
 WHERE i.lane NOT IN ('done', 'cancelled') AND i.stream IN (
       SELECT d.stream FROM issue_dependencies AS d
        WHERE d.ref IN (SELECT o.ref FROM issues AS o
                         WHERE o.repo_id = %(repo_id)s AND o.number = %(number)s)
           OR lower(d.ref) IN (SELECT n.repo_key || '#' || %(number)s FROM repository_names AS n
                                WHERE n.repo_id = %(repo_id)s))
 ORDER BY i.stream
"""  # noqa: S608 - as above
_OF_REPOSITORY = f"""
SELECT DISTINCT ON (i.number) {_FIELDS} FROM issues AS i
 WHERE i.repo_id = %(repo_id)s
   AND (i.lane NOT IN ('done', 'cancelled') OR i.number = ANY (%(numbers)s))
 ORDER BY i.number, i.generation DESC
"""  # noqa: S608 - as above
_REPOSITORIES = """
SELECT DISTINCT ON (repo_id) repo_id, repo
  FROM (SELECT repo_id, repo, updated_at AS at FROM issues
         UNION ALL
        SELECT repo_id, repo, received_at FROM deliveries WHERE repo IS NOT NULL) AS seen
 WHERE repo_id IS NOT NULL
 ORDER BY repo_id, at DESC
"""
_IDLE = f"""
SELECT {_FIELDS}, extract(epoch FROM clock_timestamp() - i.updated_at)::float8
  FROM issues AS i
 WHERE i.lane NOT IN ('done', 'cancelled', 'failed') AND i.overlay IS NULL AND i.run_id IS NULL
   AND i.updated_at < clock_timestamp() - make_interval(secs => %s)
   AND NOT EXISTS (SELECT FROM runs AS r
                    WHERE r.queue = i.claim_queue AND r.started_at > i.updated_at)
 ORDER BY i.updated_at LIMIT %s
"""  # noqa: S608 - as above
_OPEN_PULLS = f"""
SELECT {_FIELDS} FROM issues AS i
 WHERE i.pr IS NOT NULL AND i.overlay IS NULL AND i.lane IN ('in_review', 'ready_to_merge')
 ORDER BY i.stream
"""  # noqa: S608 - as above
_CALLED = f"""
SELECT {_FIELDS} FROM issues AS i
 WHERE i.overlay IS NOT NULL AND i.lane NOT IN ('done', 'cancelled') ORDER BY i.stream
"""  # noqa: S608 - as above
_MERGED = f"""
SELECT {_FIELDS} FROM issues AS i
 WHERE i.lane = 'done' AND i.entered_at > clock_timestamp() - make_interval(secs => %s)
 ORDER BY i.entered_at, i.stream
"""  # noqa: S608 - as above


class IssueSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The little that finds an issue's stream and says where it stands."""

    stream: str
    version: int
    ref: str
    repo_id: int
    repo: str
    number: int
    generation: int
    lane: str
    overlay: str | None
    pr: int | None
    branch: str | None
    head_sha: str | None
    run_id: UUID | None
    entered_at: datetime
    updated_at: datetime


class Issues:
    """Find the streams that a fact of GitHub is about."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    def newest(self, *, repo_id: int, number: int) -> IssueSummary | None:
        """Return the newest generation of an issue."""
        return self._one(_NEWEST, (repo_id, number))

    def by_pull_request(self, *, repo_id: int, pr: int) -> IssueSummary | None:
        """Return the issue a pull request belongs to."""
        return self._one(_BY_PR, (repo_id, pr))

    def by_head(self, *, repo_id: int, head_sha: str) -> tuple[IssueSummary, ...]:
        """Return the open issues whose pull request stands at a commit."""
        return self._many(_BY_HEAD, (repo_id, head_sha))

    def waiting_for(self, *, repo_id: int, number: int) -> tuple[IssueSummary, ...]:
        """Return the open issues that depend on an issue, under any name its repository had."""
        return self._many(_WAITING_FOR, {"repo_id": repo_id, "number": number})

    def of_repository(self, *, repo_id: int, numbers: Sequence[int]) -> tuple[IssueSummary, ...]:
        """Return the newest generations of a repository's issues that have not ended.

        Args:
            repo_id: the repository.
            numbers: of issues that are returned although they have ended.
        """
        return self._many(_OF_REPOSITORY, {"repo_id": repo_id, "numbers": list(numbers)})

    def idle(self, *, seconds: float, most: int = 100) -> tuple[tuple[IssueSummary, float], ...]:
        """Return the issues that nothing has moved for so long, and for how many seconds each.

        An issue whose queue moves waits for its turn and is not among them.
        """
        names = IssueSummary.__struct_fields__
        return tuple(
            (IssueSummary(**dict(zip(names, row[:-1], strict=True))), row[-1])
            for row in self._database.rows(_IDLE, (seconds, most))
        )

    def with_open_pull_requests(self) -> tuple[IssueSummary, ...]:
        """Return the issues whose pull request waits for a review or for its merge."""
        return self._many(_OPEN_PULLS, ())

    def calling(self) -> tuple[IssueSummary, ...]:
        """Return the issues that are stuck or escalated, so that a person was called."""
        return self._many(_CALLED, ())

    def done_lately(self, *, seconds: float) -> tuple[IssueSummary, ...]:
        """Return the issues that were done within so many seconds, the earliest first."""
        return self._many(_MERGED, (seconds,))

    def repositories(self) -> dict[int, str]:
        """Return every repository that was ever heard of, by id, under its latest name."""
        return dict(self._database.rows(_REPOSITORIES))

    def _one(self, statement: str, parameters: Parameters) -> IssueSummary | None:
        return next(iter(self._many(statement, parameters)), None)

    def _many(self, statement: str, parameters: Parameters) -> tuple[IssueSummary, ...]:
        names = IssueSummary.__struct_fields__
        return tuple(
            IssueSummary(**dict(zip(names, row, strict=True)))
            for row in self._database.rows(statement, parameters)
        )
