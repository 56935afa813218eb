"""What the conductor does for each entry of the outbox, by the name of its task."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid5

from rigtasks.conductor.attention import Matter
from rigtasks.conductor.comparison import finding
from rigtasks.conductor.context import Conductor
from rigtasks.conductor.deliveries import note_failure, work_on_delivery
from rigtasks.conductor.effects import call_a_person, carry_out, wake
from rigtasks.conductor.repairs import repair
from rigtasks.conductor.tokens import answer_run
from rigtasks.conductor.withdrawal import confirm_absence
from rigtasks.github.identities import RepositoryRef
from rigtasks.lifecycle.react import LEVEL_TRIGGERED, Effect, EffectKind
from rigtasks.shell import (
    ABSENCE_TASK,
    BASE_BRANCHES_TASK,
    CANARY_TASK,
    COMPARE_TASK,
    CREDENTIALS_TASK,
    DELIVERY_TASK,
    EFFECT_TASK,
    RECONCILE_TASK,
    REPAIR_TASK,
    WAKE_TASK,
    effect_entry,
)
from rigtasks.tasks.carrying import OnFailure, carry
from rigtasks.tasks.reconciling import compare_repository, reconcile_all
from rigtasks.tasks.watching import watch_bases, watch_canary

_ENTRIES = UUID("c1b7d9f0-2a0e-4f7b-8a53-0f6f3c6f6f10")


def _cause(entry_id: int) -> UUID:
    return uuid5(_ENTRIES, str(entry_id))


def _calling_a_person(rig: Conductor, stream: str, entry_id: int) -> OnFailure:
    def on_failure(error: str, final: bool) -> None:  # noqa: FBT001  # the signature of OnFailure
        if final:
            call_a_person(rig, stream, error, cause=_cause(entry_id))

    return on_failure


def look_at_delivery(rig: Conductor, entry_id: int, delivery_id: str) -> str:
    """Look at what a webhook delivery hints at."""
    return carry(
        rig.stores,
        entry_id,
        lambda: work_on_delivery(rig, delivery_id),
        on_failure=lambda error, final: note_failure(rig, delivery_id, error, final=final),
    )


def carry_out_effect(rig: Conductor, entry_id: int, stream: str, kind: str) -> str:
    """Carry out one effect of an issue, unless a later entry does what this one is for."""

    def work() -> str:
        effect = Effect(kind=EffectKind(kind))
        if effect.kind in LEVEL_TRIGGERED and rig.stores.outbox.is_asked_again(
            effect_entry(stream, effect), stream=stream, after=entry_id
        ):
            return "left to a later entry, which sees what this one would"
        return carry_out(rig, stream, effect.kind, cause=_cause(entry_id))

    return carry(rig.stores, entry_id, work, on_failure=_calling_a_person(rig, stream, entry_id))


def wake_issue(rig: Conductor, entry_id: int, stream: str) -> str:
    """Repeat what an issue still waits for."""
    return carry(
        rig.stores,
        entry_id,
        lambda: wake(rig, stream, cause=_cause(entry_id)),
        on_failure=_calling_a_person(rig, stream, entry_id),
    )


def look_for_absent(rig: Conductor, entry_id: int, stream: str) -> str:
    """Look once more for an issue that GitHub did not show."""
    return carry(rig.stores, entry_id, lambda: confirm_absence(rig, stream, cause=_cause(entry_id)))


def seal_credentials(rig: Conductor, entry_id: int, stream: str, run_id: str, epoch: int) -> str:
    """Seal a read-only token for a run."""
    return carry(rig.stores, entry_id, lambda: answer_run(rig, stream, UUID(run_id), epoch))


def go_through_github(rig: Conductor, entry_id: int) -> str:
    """Let every repository be compared with what the rig holds of it."""
    return carry(rig.stores, entry_id, lambda: reconcile_all(rig))


def compare_with_github(rig: Conductor, entry_id: int, repo_id: int, repo: str) -> str:
    """Compare one repository with what the rig holds of it."""
    repository = RepositoryRef(id=repo_id, full_name=repo)
    return carry(rig.stores, entry_id, lambda: compare_repository(rig, repository))


def repair_finding(  # the arguments of a message
    rig: Conductor, entry_id: int, matter: str, repo_id: int, repo: str, number: int, found: str
) -> str:
    """Look at one thing that the comparison found."""
    repository = RepositoryRef(id=repo_id, full_name=repo)
    one = finding(repository, Matter(matter), number, found)
    return carry(rig.stores, entry_id, lambda: repair(rig, one, cause=_cause(entry_id)))


def look_at_bases(rig: Conductor, entry_id: int) -> str:
    """Look what the rig's merges made of their base branches."""
    return carry(rig.stores, entry_id, lambda: watch_bases(rig))


def follow_canary(rig: Conductor, entry_id: int) -> str:
    """File and follow the canary."""
    return carry(rig.stores, entry_id, lambda: watch_canary(rig))


#: Every task whose first argument is the outbox entry it carries out.
TASKS: dict[str, Callable[..., Any]] = {
    DELIVERY_TASK: look_at_delivery,
    EFFECT_TASK: carry_out_effect,
    WAKE_TASK: wake_issue,
    ABSENCE_TASK: look_for_absent,
    CREDENTIALS_TASK: seal_credentials,
    RECONCILE_TASK: go_through_github,
    COMPARE_TASK: compare_with_github,
    REPAIR_TASK: repair_finding,
    BASE_BRANCHES_TASK: look_at_bases,
    CANARY_TASK: follow_canary,
}
