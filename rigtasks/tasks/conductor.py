"""The conductor's Celery tasks. The first argument is always the outbox entry they carry out."""

from celery import shared_task

from rigtasks.bootstrap import conductor
from rigtasks.shell import CREDENTIALS_TASK, DELIVERY_TASK, EFFECT_TASK, WAKE_TASK
from rigtasks.tasks.entries import (
    carry_out_effect,
    look_at_delivery,
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


@shared_task(name=CREDENTIALS_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def credentials(entry_id: int, stream: str, run_id: str, epoch: int) -> str:
    """Seal a read-only token for a run."""
    return seal_credentials(conductor(), entry_id, stream, run_id, epoch)
