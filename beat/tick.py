"""What the schedule runs: each job once per period, whoever rings first."""

from collections.abc import Callable
from uuid import UUID, uuid5

from celery import current_app, shared_task

from beat.schedule import TICK_TASK
from rigtasks.bootstrap import settings, shell, stores
from rigtasks.eventstore.artifacts import ArtifactKind
from rigtasks.eventstore.outbox import EntryKind
from rigtasks.eventstore.stream import OutboxEntry
from rigtasks.lifecycle.commands import ExpireLease
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.react import Effect, EffectKind
from rigtasks.lifecycle.state import Lane
from rigtasks.shell import CONDUCTOR_QUEUE, DELIVERY_TASK, WAKE_TASK, effect_entry
from rigtasks.tasks.presence import announce

_CLOCK = Actor(kind=ActorKind.CLOCK, id="beat")
_TICKS = UUID("5b2f0d38-7b9e-4b0c-8d36-2f7a8d3a91cc")
_DAY = 86_400.0
_RAW_DAYS = 30


def _expired_leases() -> str:
    """Take claims back whose lease ran out by the database's clock."""
    expired = stores().claims.expired()
    for lease in expired:
        shell().tell(
            lease.stream,
            ExpireLease(run_id=lease.run_id, epoch=lease.epoch),
            actor=_CLOCK,
            cause=uuid5(_TICKS, f"{lease.run_id} {lease.epoch}"),
        )
    return f"{len(expired)} leases expired"


def _wake_ups() -> str:
    """Let issues look at themselves whose time has come."""
    streams = stores().wake_ups.take_due(again_seconds=settings().scaled(60.0))
    stores().outbox.add(
        tuple(
            OutboxEntry(kind=EntryKind.TASK, task=WAKE_TASK, queue=CONDUCTOR_QUEUE, args=(stream,))
            for stream in streams
        )
    )
    return f"{len(streams)} issues woken"


def _stale_deliveries() -> str:
    """Ask again for deliveries that nobody settled."""
    older = settings().scaled(settings().republish_seconds)
    pending = stores().deliveries.pending(older_than_seconds=older)
    stores().outbox.add(
        tuple(
            OutboxEntry(
                kind=EntryKind.TASK,
                task=DELIVERY_TASK,
                queue=CONDUCTOR_QUEUE,
                args=(delivery_id,),
                dedup_key=f"delivery again {delivery_id}",
            )
            for delivery_id in pending
        )
    )
    return f"{len(pending)} deliveries asked for again"


def _review_scan() -> str:
    """Attend to every open pull request, whatever the webhooks told."""
    judged = {Lane.IN_REVIEW, Lane.READY_TO_MERGE}
    found = [issue for issue in stores().issues.open() if issue.lane in judged]
    stores().outbox.add(
        tuple(
            effect_entry(issue.stream, Effect(kind=EffectKind.ATTEND), issue.version)
            for issue in found
        )
    )
    return f"{len(found)} pull requests attended to"


def _retention() -> str:
    """Drop what is older than its retention; events stay for good."""
    raw = _RAW_DAYS * _DAY
    dropped = stores().deliveries.drop_payloads(older_than_seconds=raw)
    for kind in ArtifactKind:
        dropped += stores().artifacts.forget(kind, older_than_seconds=raw)
    dropped += stores().outbox.forget_done(older_than_seconds=_DAY)
    dropped += stores().ticks.forget(older_than_seconds=_DAY)
    dropped += stores().run_tokens.forget(older_than_seconds=_DAY)
    dropped += stores().heartbeats.forget(silent_seconds=_DAY)
    return f"{dropped} rows dropped"


JOBS: dict[str, Callable[[], str]] = {
    "expired_leases": _expired_leases,
    "wake_ups": _wake_ups,
    "stale_deliveries": _stale_deliveries,
    "review_scan": _review_scan,
    "retention": _retention,
}


@shared_task(name=TICK_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def tick(job: str, seconds: float) -> str:
    """Run a job unless its period was begun by somebody else."""
    if stores().ticks.begin(job, period_seconds=seconds) is None:
        return "ignored: this period was begun already"
    holder = current_app.conf.get("rig_holder") or "unnamed"
    announce(holder=holder, queue=CONDUCTOR_QUEUE, runs_agents=False)
    outcome = JOBS[job]()
    stores().reports.watcher_succeeded(job, outcome)
    return outcome
