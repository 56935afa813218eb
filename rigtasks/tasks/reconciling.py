"""Go through GitHub in steps: list the repositories, compare each, have findings looked at."""

from rigtasks.conductor.comparison import Finding
from rigtasks.conductor.context import Conductor
from rigtasks.conductor.reconcile import (
    ask_for_lost_deliveries,
    find_repairs,
    watched_repositories,
)
from rigtasks.eventstore.stream import OutboxEntry
from rigtasks.github.identities import RepositoryRef
from rigtasks.schedule import RECONCILED
from rigtasks.shell import compare_entry, repair_entry


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
