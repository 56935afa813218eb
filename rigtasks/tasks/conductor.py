"""The conductor's Celery tasks. The first argument is always the outbox entry they carry out."""

from celery import shared_task

from rigtasks.conducting import conductor
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
)
from rigtasks.tasks.entries import (
    carry_out_effect,
    compare_with_github,
    follow_canary,
    go_through_github,
    look_at_bases,
    look_at_delivery,
    look_for_absent,
    repair_finding,
    seal_credentials,
    wake_issue,
)


@shared_task(name=DELIVERY_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def delivery(entry_id: int, delivery_id: str) -> str:
    """Look at what a webhook delivery hints at."""
    return look_at_delivery(conductor(), entry_id, delivery_id)


@shared_task(name=EFFECT_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def effect(entry_id: int, stream: str, kind: str) -> str:
    """Carry out one effect of an issue."""
    return carry_out_effect(conductor(), entry_id, stream, kind)


@shared_task(name=WAKE_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def wake_up(entry_id: int, stream: str) -> str:
    """Repeat what an issue still waits for."""
    return wake_issue(conductor(), entry_id, stream)


@shared_task(name=ABSENCE_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def absence(entry_id: int, stream: str) -> str:
    """Look once more for an issue that GitHub did not show."""
    return look_for_absent(conductor(), entry_id, stream)


@shared_task(name=CREDENTIALS_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def credentials(entry_id: int, stream: str, run_id: str, epoch: int) -> str:
    """Seal a read-only token for a run."""
    return seal_credentials(conductor(), entry_id, stream, run_id, epoch)


@shared_task(name=RECONCILE_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def reconcile(entry_id: int) -> str:
    """Go through everything on GitHub once."""
    return go_through_github(conductor(), entry_id)


@shared_task(name=COMPARE_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def compare(entry_id: int, repo_id: int, repo: str) -> str:
    """Compare one repository with what the rig holds of it."""
    return compare_with_github(conductor(), entry_id, repo_id, repo)


@shared_task(name=REPAIR_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def repair(  # the arguments of a message
    entry_id: int, matter: str, repo_id: int, repo: str, number: int, found: str
) -> str:
    """Look at one thing that was found."""
    return repair_finding(conductor(), entry_id, matter, repo_id, repo, number, found)


@shared_task(name=BASE_BRANCHES_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def base_branches(entry_id: int) -> str:
    """Look what the rig's merges made of their base branches."""
    return look_at_bases(conductor(), entry_id)


@shared_task(name=CANARY_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def canary(entry_id: int) -> str:
    """File and follow the canary."""
    return follow_canary(conductor(), entry_id)
