"""Hear the bell, claim, work, report: one task of an agent worker."""

import time
from collections.abc import Callable
from uuid import UUID, uuid4

import structlog

from rigtasks.errors import RigError, StaleEpoch
from rigtasks.eventstore.claims import REVIEW_QUEUE, Claimed, Claims, NotClaimed, Renewal
from rigtasks.eventstore.connection import Connection
from rigtasks.lifecycle.commands import Failed, FinishRun, ReleaseRun
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.state import Stage
from rigtasks.routing.admission import Providers
from rigtasks.runs.chosen import ChosenProvider
from rigtasks.runs.implement import carry_out_implementation
from rigtasks.runs.kit import WorkerKit
from rigtasks.runs.lease import Held, LeaseKeeper, StopReason
from rigtasks.runs.progress import Progress
from rigtasks.runs.provider_pause import closed_seconds, note_refusal
from rigtasks.runs.report import RunReport
from rigtasks.runs.review import carry_out_review
from rigtasks.runs.scene import Scene
from rigtasks.workspace.owned_folders import owned_folder

_log = structlog.get_logger("rig.agent")

_HELD = {
    Renewal.HELD: Held.YES,
    Renewal.PAUSED: Held.PAUSED,
    Renewal.CANCELLED: Held.CANCELLED,
    Renewal.LOST: Held.LOST,
}


#: Shows that this process is there, and which run it works on, if any.
Presence = Callable[[UUID | None], None]


def answer_bell(kit: WorkerKit, *, queue: str, holder: str, present: Presence) -> str:
    """Take the best claimable issue of the queue, if any, and work on it to the end.

    Args:
        kit: the worker's collaborators.
        queue: whose work is wanted.
        holder: this process of the agent.
        present: called once the claim is decided, since nobody's claim waits for it, then with
            every renewal of the lease, and at the end of the run.

    Returns:
        What came of it, in words. A bell without claimable work is dropped, and so is every bell
        while the provider wants no calls.
    """
    if kit.shutting_down():
        return "dropped: the worker is shutting down"
    stage = Stage.REVIEW if queue == REVIEW_QUEUE else Stage.IMPLEMENT
    offered = kit.offers.providers if stage is Stage.IMPLEMENT else (kit.offers.provider,)
    closed = {name: closed_seconds(kit.stores.rate_limits, name) for name in offered}
    open_now = frozenset(name for name in offered if closed[name] <= 0)
    if not open_now:
        _show(present, None)
        first = min(offered, key=lambda name: closed[name])
        return f"dropped: {first} asked for a pause of {closed[first]:.0f} s more"
    asked_at = time.monotonic()
    claimed = kit.stores.claims.claim(
        queue=queue,
        agent=queue,
        holder=holder,
        run_id=uuid4(),
        lease_seconds=kit.lease_seconds,
        limits=kit.limits,
        internal=kit.internal,
        providers=Providers(own=kit.offers.provider, offered=open_now),
    )
    if isinstance(claimed, NotClaimed):
        _show(present, None)
        return f"dropped: {claimed}"
    _show(present, claimed.run_id)
    outcome = _Run(kit, claimed, holder, present, asked_at).carry_out()
    _show(present, None)
    return outcome


def _show(present: Presence, run_id: UUID | None) -> None:
    """Show what the process does; a run does not end because that cannot be shown."""
    try:
        present(run_id)
    except RigError as error:
        _log.warning("presence not shown", error=str(error))


class _Run:
    """One claim, kept alive until its run has reported."""

    def __init__(
        self,
        kit: WorkerKit,
        claimed: Claimed,
        holder: str,
        present: Presence,
        asked_at: float,
    ) -> None:
        self._kit = kit
        self._present = present
        self._claimed = claimed
        reviewing = claimed.stage is Stage.REVIEW
        kind = ActorKind.REVIEWER if reviewing else ActorKind.WORKER
        self._actor = Actor(kind=kind, id=holder)
        self._asked_at = asked_at
        self._progress = Progress()
        self._chosen = ChosenProvider(kit.offers.provider if reviewing else None)

    def carry_out(self) -> str:
        kit = self._kit
        own = Connection(kit.database_url, application_name="rig lease")
        with LeaseKeeper(
            lambda: self._renew(own),
            interval=kit.heartbeat_seconds,
            lease=kit.lease_seconds,
            grace=kit.grace_seconds,
            asked_at=self._asked_at,
            shutting_down=kit.shutting_down,
            renewed=lambda: _show(self._present, self._claimed.run_id),
        ) as keeper:
            try:
                return self._work(keeper)
            except StaleEpoch:
                return "stopped: the claim was lost"
            finally:
                own.close()

    def _renew(self, own: Connection) -> Held:
        claimed = self._claimed
        renewal = Claims(own).heartbeat(
            stream=claimed.stream,
            epoch=claimed.epoch,
            run_id=claimed.run_id,
            lease_seconds=self._kit.lease_seconds,
            provider=self._chosen.name,
            silent_seconds=self._progress.silent_seconds,
        )
        return _HELD[renewal]

    def _work(self, keeper: LeaseKeeper) -> str:
        with owned_folder(self._kit.work_dir, str(self._claimed.run_id)) as folder:
            scene = Scene(
                kit=self._kit,
                claimed=self._claimed,
                actor=self._actor,
                keeper=keeper,
                progress=self._progress,
                chosen=self._chosen,
                folder=folder,
            )
            return self._tell(scene, self._try(scene), keeper)

    def _try(self, scene: Scene) -> RunReport:
        if self._claimed.stage is Stage.REVIEW:
            return carry_out_review(scene)
        return carry_out_implementation(scene)

    def _tell(self, scene: Scene, report: RunReport, keeper: LeaseKeeper) -> str:
        if not keeper.holds:
            return "stopped: the claim was lost"
        stopped = keeper.reason is not None
        if stopped and isinstance(report.result, Failed):
            scene.tell(
                ReleaseRun(
                    run_id=self._claimed.run_id,
                    epoch=self._claimed.epoch,
                    reason=keeper.reason or StopReason.SHUTDOWN,
                    usage=report.usage,
                    unfinished=report.unfinished,
                    not_kept=report.not_kept,
                )
            )
            return f"released: {keeper.reason}"
        scene.tell(
            FinishRun(
                run_id=self._claimed.run_id,
                epoch=self._claimed.epoch,
                ending=report.ending,
                seconds=time.monotonic() - self._asked_at,
                usage=report.usage,
                steps=report.steps,
                result=report.result,
            )
        )
        if isinstance(report.result, Failed):
            provider = self._chosen.name or self._kit.offers.provider
            note_refusal(self._kit.stores.rate_limits, provider, report.result)
        return report.words
