"""What was ever seen of repositories: the names they had, and what they were forked from."""

from collections.abc import Iterable

from msgspec.structs import replace

from rigtasks.eventstore.connection import Rows
from rigtasks.routing.internal import (
    InternalRepositories,
    Learned,
    RepositoryRef,
    normalise_full_name,
)

_SEE = """
INSERT INTO repository_names (repo_id, repo_key)
SELECT repo_id, repo_key FROM unnest(%s::bigint[], %s::text[]) AS seen (repo_id, repo_key)
 ORDER BY repo_id, repo_key
ON CONFLICT DO NOTHING
"""
_DESCEND = """
INSERT INTO repository_ancestors (repo_id, ancestor_id)
SELECT %s, ancestor_id FROM unnest(%s::bigint[]) AS ancestor_id ORDER BY ancestor_id
ON CONFLICT DO NOTHING
"""
_INTERNAL = "SELECT repo_id, through, name FROM rig_internal_repositories(%s::bigint[], %s::text[])"
_NAMED = "SELECT repo_id FROM repository_names WHERE repo_key = %s ORDER BY repo_id"


class Repositories:
    """Remember repositories by id, so that no renaming makes the rig forget what one is."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    def see(self, seen: Iterable[RepositoryRef]) -> None:
        """Remember the names of repositories; one that cannot be read teaches nothing."""
        known = _readable(seen)
        if known:
            ids, keys = zip(*known, strict=True)
            self._database.rows(_SEE, (list(ids), list(keys)))

    def see_fork(self, repo_id: int, ancestors: Iterable[RepositoryRef]) -> None:
        """Remember what a repository was forked from, with the names of those."""
        found = tuple(ancestors)
        self.see(found)
        if found:
            self._database.rows(_DESCEND, (repo_id, [one.id for one in found]))

    def internal(self, listed: InternalRepositories) -> InternalRepositories:
        """Return the deny-list together with what is known of the repositories on it."""
        rows = self._database.rows(_INTERNAL, (list(listed.ids), list(listed.names)))
        learned = (Learned(id=row[0], through=row[1], name=row[2]) for row in rows)
        return replace(listed, learned=tuple(learned))

    def named(self, full_name: str) -> tuple[int, ...]:
        """Return the ids of the repositories that were ever seen under a name."""
        rows = self._database.rows(_NAMED, (normalise_full_name(full_name),))
        return tuple(row[0] for row in rows)


def _readable(seen: Iterable[RepositoryRef]) -> list[tuple[int, str]]:
    """Return ids and names in the form that is compared, each pair once."""
    pairs = ((one.id, normalise_full_name(one.full_name)) for one in seen)
    return sorted({(repo_id, key) for repo_id, key in pairs if key is not None})
