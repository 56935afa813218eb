"""The reconciler's Celery tasks: list the repositories, compare each, repair what was found."""

from uuid import UUID, uuid5

from celery import shared_task

from rigtasks.bootstrap import conductor
from rigtasks.conductor.attention import Matter
from rigtasks.conductor.comparison import Finding, finding
from rigtasks.conductor.context import Conductor
from rigtasks.conductor.reconcile import (
    ask_for_lost_deliveries,
    find_repairs,
    watched_repositories,
)
from rigtasks.conductor.repairs import repair
from rigtasks.eventstore.stream import OutboxEntry
from rigtasks.github.identities import RepositoryRef
from rigtasks.schedule import RECONCILED
from rigtasks.shell import (
    COMPARE_TASK,
    RECONCILE_TASK,
    REPAIR_TASK,
    compare_entry,
    repair_entry,
)
from rigtasks.tasks.carrying import carry

_ENTRIES = UUID("64c3f6a4-9c1e-4f55-8f0c-2d9d0c1f7b3e")


def reconcile_all(rig: Conductor) -> str:
    """Ask for lost deliveries, and let every repository be compared."""
    repositories = watched_repositories(rig)
    rig.stores.outbox.add_missing(
        tuple(compare_entry(one.id, one.full_name) for one in repositories)
    )
    rig.stores.tell_relays()
    lost = ask_for_lost_deliveries(rig)
    outcome = f"{len(repositories)} repositories, {lost.asked} lost deliveries asked for"
    if lost.refused:
        outcome = f"{outcome}, {lost.refused} not to be had"
    rig.stores.reports.watcher_succeeded(RECONCILED, outcome)
    return outcome


def compare_repository(rig: Conductor, repository: RepositoryRef) -> str:
    """Compare one repository, and let what was found be looked at."""
    findings = find_repairs(rig, repository)
    rig.stores.outbox.add_missing(tuple(_entry(one) for one in findings))
    if findings:
        rig.stores.tell_relays()
    return f"{repository.full_name}: {len(findings)} to look at"


def _entry(found: Finding) -> OutboxEntry:
    one = found.attention
    return repair_entry(one.matter, one.repo_id, one.repo, one.number, found.found)


@shared_task(name=RECONCILE_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def reconcile(entry_id: int) -> str:
    """Go through everything on GitHub once."""
    rig = conductor()
    return carry(rig.stores, entry_id, lambda: reconcile_all(rig))


@shared_task(name=COMPARE_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def compare(entry_id: int, repo_id: int, repo: str) -> str:
    """Compare one repository with what the rig holds of it."""
    rig = conductor()
    repository = RepositoryRef(id=repo_id, full_name=repo)
    return carry(rig.stores, entry_id, lambda: compare_repository(rig, repository))


@shared_task(name=REPAIR_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def repair_one(  # the arguments of a message
    entry_id: int, matter: str, repo_id: int, repo: str, number: int, found: str
) -> str:
    """Look at one thing that was found."""
    rig = conductor()
    repository = RepositoryRef(id=repo_id, full_name=repo)
    one = finding(repository, Matter(matter), number, found)
    cause = uuid5(_ENTRIES, str(entry_id))
    return carry(rig.stores, entry_id, lambda: repair(rig, one, cause=cause))
