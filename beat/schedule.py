"""The schedule as one table. Every job is idempotent by its period: any number of Beats is safe."""

from dataclasses import dataclass
from typing import Any

from rigtasks.celery import app
from rigtasks.config import load_settings
from rigtasks.schedule import periods

TICK_TASK = "rig.beat.tick"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job of the schedule.

    Attributes:
        name: its key in `beat.tick` and in the table of ticks.
        seconds: how often it runs, already scaled.
    """

    name: str
    seconds: float


def jobs() -> tuple[Job, ...]:
    """Return every job with its period."""
    return tuple(Job(name=name, seconds=each) for name, each in periods(load_settings()).items())


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Return the table in Celery Beat's own form."""
    return {
        job.name: {
            "task": TICK_TASK,
            "schedule": job.seconds,
            "args": (job.name, job.seconds),
            "options": {"queue": "conductor", "expires": max(job.seconds, 1.0)},
        }
        for job in jobs()
    }


app.conf.beat_schedule = beat_schedule()
