"""What a repository is stays known under every later name, in Postgres and in memory alike."""

from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_house import approve, tell

from rigtasks.eventstore.claims import Claimed, Limits, NotClaimed
from rigtasks.eventstore.database import Stores, stores_on
from rigtasks.eventstore.engine import open_database
from rigtasks.lifecycle.commands import Cancel
from rigtasks.routing.internal import InternalRepositories, Learned, RepositoryRef
from rigtasks.testing.memory_store import MemoryDatabase
from rigtasks.testing.memory_stores import stores_in

BY_NAME = InternalRepositories(names=frozenset({"acme/rig"}))
BY_ID = InternalRepositories(ids=frozenset({7}))


def ref(repo_id: int, full_name: str) -> RepositoryRef:
    return RepositoryRef(id=repo_id, full_name=full_name)


def claim(stores: Stores, internal: InternalRepositories) -> Claimed | NotClaimed:
    return stores.claims.claim(
        queue="dev-e-python",
        agent="dev-e",
        holder="dev-e-1",
        run_id=uuid4(),
        lease_seconds=60.0,
        limits=Limits(),
        internal=internal,
    )


def test_a_repository_that_was_listed_by_name_is_internal_under_its_next_name(
    stores: Stores,
) -> None:
    stores.repositories.see([ref(7, "Acme/Rig"), ref(8, "acme/web")])
    stores.repositories.see([ref(7, "acme/machine"), ref(7, "acme/machine")])

    internal = stores.repositories.internal(BY_NAME)

    found = internal.match(ref(7, "acme/machine"))
    assert found is not None
    assert found.reason == "acme/rig is on the deny-list, and repository 7 had that name"
    assert internal.match(ref(8, "acme/web")) is None


def test_whatever_takes_the_name_afterwards_is_internal_too(stores: Stores) -> None:
    stores.repositories.see([ref(7, "acme/rig"), ref(7, "acme/machine"), ref(9, "acme/rig")])

    internal = stores.repositories.internal(BY_NAME)

    assert internal.match(ref(9, "acme/rig")) is not None
    assert internal.match(ref(9, "acme/later")) is not None
    assert internal.match(ref(7, "acme/machine")) is not None


@pytest.mark.parametrize("listed", [BY_NAME, BY_ID], ids=["by name", "by id"])
def test_a_fork_of_a_listed_repository_is_internal(
    stores: Stores, listed: InternalRepositories
) -> None:
    stores.repositories.see_fork(20, [ref(7, "acme/rig"), ref(6, "elsewhere/origin")])

    found = stores.repositories.internal(listed).match(ref(20, "acme/copy"))

    assert found is not None
    assert found.reason.startswith("fork of it: ")
    assert stores.repositories.internal(listed).match(ref(6, "elsewhere/origin")) is None

    stores.repositories.see_fork(30, [ref(20, "acme/copy"), ref(6, "elsewhere/origin")])
    assert stores.repositories.internal(listed).match(ref(30, "maria/copy")) is not None


def test_a_name_that_cannot_be_read_teaches_nothing(stores: Stores) -> None:
    stores.repositories.see([ref(7, "no name"), ref(7, "")])

    assert stores.repositories.internal(BY_NAME).learned == ()


def test_a_name_leads_to_every_repository_that_had_it(stores: Stores) -> None:
    stores.repositories.see([ref(9, "acme/rig"), ref(7, "acme/rig"), ref(7, "acme/machine")])

    assert stores.repositories.named("ACME/rig") == (7, 9)
    assert stores.repositories.named("acme/machine") == (7,)
    assert stores.repositories.named("acme/unheard-of") == ()
    assert stores.repositories.named("no name") == ()


@pytest.mark.parametrize("named", ["acme/library#1", "acme/lib#1"], ids=["old name", "new name"])
def test_a_dependency_holds_after_its_repository_was_renamed(stores: Stores, named: str) -> None:
    """The dependency is shown under its old name, whichever the other issue says."""
    first = approve(stores, 1, repo_id=7, repo="acme/library", ref="acme/library#1")
    stores.repositories.see([ref(7, "acme/library"), ref(7, "acme/lib")])
    waiting = approve(stores, 2, repo_id=8, repo="acme/web", depends_on=(named,), priority=0)

    found = stores.issues.waiting_for(repo_id=7, number=1)
    assert [one.stream for one in found] == [waiting]
    claimed = claim(stores, InternalRepositories())
    assert isinstance(claimed, Claimed)
    assert claimed.stream == first
    assert claim(stores, InternalRepositories()) is NotClaimed.NOTHING

    tell(stores, first, Cancel(reason="closed", by="maria"))
    again = approve(
        stores, 1, repo_id=7, repo="acme/lib", ref="acme/lib#1", generation=2, queue="dev-e-node"
    )
    assert claim(stores, InternalRepositories()) is NotClaimed.NOTHING

    tell(stores, again, Cancel(reason="closed", by="maria"))
    claimed = claim(stores, InternalRepositories())
    assert isinstance(claimed, Claimed)
    assert claimed.stream == waiting


def test_a_number_alone_is_no_dependency(stores: Stores) -> None:
    """An issue of another repository with the same number holds nobody."""
    stores.repositories.see([ref(7, "acme/library"), ref(9, "acme/other")])
    approve(stores, 1, repo_id=9, repo="acme/other", ref="acme/other#1", queue="dev-e-node")
    waiting = approve(stores, 2, repo_id=8, repo="acme/web", depends_on=("acme/library#1",))

    claimed = claim(stores, InternalRepositories())

    assert isinstance(claimed, Claimed)
    assert claimed.stream == waiting


@pytest.mark.parametrize("listed", [BY_NAME, BY_ID], ids=["by name", "by id"])
def test_nothing_is_claimed_in_a_renamed_repository_nor_in_a_fork(
    stores: Stores, listed: InternalRepositories
) -> None:
    """I18, in the claim's own transaction: by id and name, after rename and fork."""
    approve(stores, 1, repo_id=7, repo="acme/machine")
    approve(stores, 2, repo_id=20, repo="acme/copy")
    approve(stores, 3, repo_id=8, repo="acme/web")
    stores.repositories.see([ref(7, "acme/rig"), ref(7, "acme/machine")])
    stores.repositories.see_fork(20, [ref(7, "acme/machine")])

    claimed = claim(stores, listed)

    assert isinstance(claimed, Claimed)
    assert claimed.stream == "issue:8:3:1"
    assert claim(stores, listed) is NotClaimed.NOTHING
    assert isinstance(claim(stores, InternalRepositories()), Claimed)


IDS = st.integers(1, 4)
NAMES = st.sampled_from(("acme/a", "Acme/B", "acme/c"))
SEEN = st.lists(st.builds(ref, IDS, NAMES), max_size=5)
FORKS = st.lists(st.tuples(IDS, IDS), max_size=3)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seen=SEEN, forks=FORKS, ids=st.frozensets(IDS, max_size=2), names=st.frozensets(NAMES))
def test_both_kinds_of_store_know_the_same(
    database_url: str,
    seen: list[RepositoryRef],
    forks: list[tuple[int, int]],
    ids: frozenset[int],
    names: frozenset[str],
) -> None:
    database = open_database(database_url, application_name="conformance")
    database.rows("TRUNCATE repository_names, repository_ancestors")
    listed = InternalRepositories(ids=ids, names=frozenset(name.lower() for name in names))
    known: list[tuple[Learned, ...]] = []
    for stores in (stores_on(database), stores_in(MemoryDatabase())):
        stores.repositories.see(seen)
        for fork, ancestor in forks:
            stores.repositories.see_fork(fork, [ref(ancestor, f"acme/r{ancestor}")])
        known.append(stores.repositories.internal(listed).learned)
    database.close()

    assert known[0] == known[1]
