"""The hard rule: agents never claim work in the rig's own repositories.

A repository is recognised by its immutable id and by its normalised name, and so are the
repositories it was forked from. One that ever had a name on the list stays internal under every
later name, and so does whatever takes the name after it. A name that cannot be read counts as
internal: GitHub never issues one, so it is forged or damaged.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from rigtasks.errors import Rejected

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*/[a-z0-9._-]{1,100}", re.ASCII)
_LONGEST = 200


class RepositoryRef(msgspec.Struct, frozen=True, kw_only=True):
    """A repository by GitHub's immutable id and by its name of the moment."""

    id: int
    full_name: str


class InternalMatch(msgspec.Struct, frozen=True, kw_only=True):
    """Why a repository counts as one of the rig's own."""

    repository: RepositoryRef
    reason: str


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """A repository that is internal by what the rig once saw of it.

    `through` is the one that is on the list: the repository itself, or the one it was forked from.
    `name` is the listed name which that one had, None where its id is listed.
    """

    id: int
    through: int
    name: str | None = None

    @property
    def reason(self) -> str:
        """Say why in words."""
        listed = f"repository id {self.through}" if self.name is None else self.name
        is_fork = self.through != self.id
        if is_fork:
            return f"fork of it: {listed} is on the deny-list"
        return f"{listed} is on the deny-list, and repository {self.id} had that name"


class InternalRepositories(msgspec.Struct, frozen=True, kw_only=True):
    """The deny-list; build it with `internal_repositories`, which checks the names.

    `learned` is what the store knows besides, one for each repository.
    """

    ids: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()
    learned: tuple[Learned, ...] = ()

    def match(
        self, repository: RepositoryRef, ancestors: Iterable[RepositoryRef] = ()
    ) -> InternalMatch | None:
        """Tell why the repository, or one it was forked from, is internal; None when it is not.

        Args:
            repository: the repository that is asked for.
            ancestors: GitHub's `parent` and `source` of a fork.
        """
        reason = self._reason(repository)
        if reason is not None:
            return InternalMatch(repository=repository, reason=reason)
        for ancestor in ancestors:
            reason = self._reason(ancestor)
            if reason is not None:
                return InternalMatch(repository=ancestor, reason=f"fork of it: {reason}")
        return None

    def _reason(self, repository: RepositoryRef) -> str | None:
        if repository.id in self.ids:
            return f"repository id {repository.id} is on the deny-list"
        name = normalise_full_name(repository.full_name)
        if name is None:
            return "the repository's name cannot be read"
        if name in self.names:
            return f"{name} is on the deny-list"
        return next((one.reason for one in self.learned if one.id == repository.id), None)


@lru_cache(maxsize=1024)
def normalise_full_name(full_name: str) -> str | None:
    """Write `owner/name` in the one form that is compared, or None when it is no such name.

    Case, blanks around either part and trailing `/` or `.git` do not matter. Characters outside
    GitHub's own alphabet make the name unreadable, so a look-alike never equals the real one.
    """
    if len(full_name) > _LONGEST:
        return None
    stripped = full_name.strip().rstrip("/")
    owner, slash, name = stripped.partition("/")
    parts = (owner.strip(), name.strip())
    if not slash or not all(part.isascii() for part in parts):
        return None
    owner, name = (part.lower() for part in parts)
    while name.endswith(".git"):
        name = name.removesuffix(".git")
    joined = f"{owner}/{name}"
    if not _NAME.fullmatch(joined) or name in {".", ".."}:
        return None
    return joined


#: No repository is the rig's own.
NONE_INTERNAL = InternalRepositories()


def internal_repositories(ids: Iterable[int], names: Iterable[str]) -> InternalRepositories:
    """Build the deny-list from settings.

    Raises:
        Rejected: a name is not `owner/name`; starting without it would open that repository.
    """
    normalised: set[str] = set()
    for each in names:
        name = normalise_full_name(each)
        if name is None:
            raise Rejected(
                f"{each!r} in the list of rig-internal repositories is not `owner/name`: fix it.",
                code="internal-name-invalid",
            )
        normalised.add(name)
    return InternalRepositories(ids=frozenset(ids), names=frozenset(normalised))
