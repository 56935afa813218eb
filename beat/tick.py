"""What the schedule runs: each job once per period, whoever rings first."""

from celery import current_app, shared_task

from beat.schedule import TICK_TASK
from rigtasks.bootstrap import settings, stores
from rigtasks.eventstore.artifacts import ArtifactKind
from rigtasks.shell import CONDUCTOR_QUEUE
from rigtasks.tasks.presence import announce
from rigtasks.tasks.sweeps import run_once, sweeps_on

_DAY = 86_400.0
_RAW_DAYS = 30
_LEDGER_DAYS = 90


def _retention() -> str:
    """Drop what is older than its retention; events stay for good."""
    raw = _RAW_DAYS * _DAY
    dropped = stores().deliveries.drop_payloads(older_than_seconds=raw)
    dropped += stores().deliveries.forget(older_than_seconds=_LEDGER_DAYS * _DAY)
    for kind in ArtifactKind:
        dropped += stores().artifacts.forget(kind, older_than_seconds=raw)
    dropped += stores().outbox.forget(done_seconds=_DAY, dead_seconds=raw)
    dropped += stores().ticks.forget(older_than_seconds=_DAY)
    dropped += stores().run_tokens.forget(older_than_seconds=_DAY)
    dropped += stores().rate_limits.forget(older_than_seconds=_DAY)
    dropped += stores().lost_deliveries.forget(older_than_seconds=raw)
    dropped += stores().activities.forget(older_than_seconds=_DAY)
    dropped += stores().heartbeats.forget(silent_seconds=_DAY)
    return f"{dropped} rows dropped"


@shared_task(name=TICK_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def tick(job: str, seconds: float) -> str:
    """Run a job unless its period was begun by somebody else."""
    holder = current_app.conf.get("rig_holder") or "unnamed"
    announce(holder=holder, queue=CONDUCTOR_QUEUE, runs_agents=False)
    stores().reports.service("beat", ok=True, detail="rings")
    jobs = {**sweeps_on(stores(), settings()).jobs, "retention": _retention}
    return run_once(stores(), job, seconds, jobs[job])
