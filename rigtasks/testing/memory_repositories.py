"""What was ever seen of repositories, in memory."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from rigtasks.eventstore.repositories import Repositories
from rigtasks.lifecycle.state import IssueState
from rigtasks.routing.internal import (
    InternalRepositories,
    Learned,
    RepositoryRef,
    normalise_full_name,
)
from rigtasks.testing.memory_store import MemoryDatabase, NoSql


class MemoryRepositories(Repositories):
    """Names and ancestors of repositories over a `MemoryDatabase`, in the order they were seen."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(NoSql())
        self._memory = database

    def see(self, seen: Iterable[RepositoryRef]) -> None:
        """Remember the names of repositories; one that cannot be read teaches nothing."""
        for one in seen:
            key = normalise_full_name(one.full_name)
            if key is not None:
                self._memory.repository_names.setdefault((one.id, key))

    def see_fork(self, repo_id: int, ancestors: Iterable[RepositoryRef]) -> None:
        """Remember what a repository was forked from, with the names of those."""
        for one in ancestors:
            self.see((one,))
            self._memory.repository_ancestors.setdefault((repo_id, one.id))

    def internal(self, listed: InternalRepositories) -> InternalRepositories:
        """Return the deny-list together with what is known of the repositories on it."""
        return replace(listed, learned=learned_in(self._memory, listed))

    def named(self, full_name: str) -> tuple[int, ...]:
        """Return the ids of the repositories that were ever seen under a name."""
        return tuple(sorted(ids_named(self._memory, full_name)))


def ids_named(memory: MemoryDatabase, full_name: str) -> frozenset[int]:
    """Return the ids of the repositories that were ever seen under a name."""
    key = normalise_full_name(full_name)
    return frozenset(repo_id for repo_id, name in memory.repository_names if name == key)


def is_named_by(memory: MemoryDatabase, ref: str, state: IssueState) -> bool:
    """Say whether `owner/repo#n` means an issue, under any name its repository had."""
    if ref == state.ref:
        return True
    name, _, number = ref.rpartition("#")
    return number == str(state.number) and state.repo_id in ids_named(memory, name)


def learned_in(memory: MemoryDatabase, listed: InternalRepositories) -> tuple[Learned, ...]:
    """Return what is known of the repositories on the deny-list, one for each repository."""
    best: dict[int, tuple[bool, int, str]] = {}
    for one in _kin(memory, listed):
        rank = (one.through != one.id, one.through, one.name or "~")
        best[one.id] = min(best.get(one.id, rank), rank)
    return tuple(
        Learned(id=repo_id, through=through, name=None if name == "~" else name)
        for repo_id, (_, through, name) in sorted(best.items())
    )


def _kin(memory: MemoryDatabase, listed: InternalRepositories) -> Iterator[Learned]:
    on_list: list[tuple[int, str | None]] = [(repo_id, None) for repo_id in listed.ids]
    for repo_id, key in memory.repository_names:
        if key in listed.names:
            on_list.append((repo_id, key))
            yield Learned(id=repo_id, through=repo_id, name=key)
    kin = {(repo_id, repo_id, name) for repo_id, name in on_list}
    new = kin
    while new:
        forks = {
            (fork, through, name)
            for fork, ancestor in memory.repository_ancestors
            for repo_id, through, name in new
            if repo_id == ancestor
        }
        new = forks - kin
        kin |= new
        for fork, through, name in new:
            yield Learned(id=fork, through=through, name=name)
