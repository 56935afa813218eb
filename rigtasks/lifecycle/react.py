"""What has to happen outside once events are stored, as data."""

from enum import StrEnum
from typing import Any

import msgspec

from rigtasks.lifecycle.events import acceptance, intake, liveness, work
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.state import IssueState


class EffectKind(StrEnum):
    """The effects the conductor carries out; each is guarded at the resource and repeatable.

    `attend` looks at the pull request, records what is new and merges when every gate holds;
    `report_resumed` brings the comment up to date that told of a pause, once that is lifted;
    `release` lets the issues that waited for this one look again;
    `remind` tells a person once more, where they are told by GitHub itself.
    """

    PUBLISH = "publish"
    POST_REVIEW = "post_review"
    ATTEND = "attend"
    REPORT = "report"
    REPORT_RESUMED = "report_resumed"
    RELEASE = "release"
    REMIND = "remind"


#: Effects that do whatever the issue needs by now, so that the newest of several does for all.
LEVEL_TRIGGERED = frozenset({EffectKind.ATTEND, EffectKind.REPORT})


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do outside, for one issue."""

    kind: EffectKind


class Bell(msgspec.Struct, frozen=True, kw_only=True):
    """A hint that a queue has claimable work; it carries neither authority nor order."""

    queue: str


#: Events that change what people should read on the issue.
_REPORTED: frozenset[type[Event]] = frozenset(
    {
        intake.IssueApproved,
        intake.IssueRefused,
        intake.IssueHeld,
        intake.IssueUnassigned,
        intake.IssueCancelled,
        intake.IssueDone,
        intake.IssueNeedsHuman,
        work.WorkStarted,
        work.RunReleased,
        work.RunFailed,
        work.RunLost,
        work.IssueFailed,
        work.PrCreated,
        work.PrUpdated,
        work.PrClosed,
        acceptance.CiFailed,
        acceptance.ReviewPassed,
        acceptance.ReviewDisputed,
        acceptance.ReviewAbstained,
        acceptance.HumanGateTriggered,
        acceptance.HumanGateCleared,
        acceptance.MergeGateWaiting,
        acceptance.MergeConflict,
        acceptance.Merged,
        acceptance.MergeOutsideRig,
        liveness.Escalated,
        liveness.EscalationAcknowledged,
        liveness.AgentStuck,
        liveness.EnvelopeTimedOut,
        liveness.OperatorRetried,
        liveness.OperatorBudgetRaised,
    }
)

#: Events after which a pull request that was blocked may be mergeable.
_LIFT_BLOCKERS = (intake.IssueApproved, liveness.OperatorBudgetRaised)

_EFFECTS: dict[type[Event], EffectKind] = {
    work.TestsPassed: EffectKind.PUBLISH,
    work.PrCreated: EffectKind.ATTEND,
    work.PrUpdated: EffectKind.ATTEND,
    acceptance.ReviewPassed: EffectKind.ATTEND,
    acceptance.HumanGateCleared: EffectKind.ATTEND,
    intake.IssueDone: EffectKind.RELEASE,
    intake.IssueCancelled: EffectKind.RELEASE,
}


def react(
    events: tuple[Event, ...], before: IssueState | None, after: IssueState
) -> tuple[Effect | Bell, ...]:
    """Return what the stored events ask for, without repetitions, in order."""
    found: dict[Any, None] = {}
    for event in events:
        if isinstance(event, _LIFT_BLOCKERS) and after.pr is not None:
            found[Effect(kind=EffectKind.ATTEND)] = None
        if isinstance(event, work.CliCompleted) and event.artifact_id is not None:
            found[Effect(kind=EffectKind.POST_REVIEW)] = None
        kind = _EFFECTS.get(type(event))
        if kind is not None:
            found[Effect(kind=kind)] = None
        if isinstance(event, work.RunReleased) and event.unfinished is not None:
            found[Effect(kind=EffectKind.PUBLISH)] = None
        if _reminds(event, after):
            found[Effect(kind=EffectKind.REMIND)] = None
        if isinstance(event, liveness.EnvelopeTimedOut):
            found |= _pushed_on(after)
    if any(type(event) in _REPORTED for event in events):
        found[Effect(kind=EffectKind.REPORT)] = None
    queue = after.wanted_queue
    if queue is not None and (before is None or before.wanted_queue != queue):
        found[Bell(queue=queue)] = None
    return tuple(found)


def _reminds(event: Event, after: IssueState) -> bool:
    """Say whether a person has to be told outside of the comment that is edited in place."""
    if isinstance(event, acceptance.HumanGateReminder):
        return True
    if isinstance(event, acceptance.CiFailed):
        return event.head_sha == after.merge_sha
    return isinstance(event, liveness.Escalated) and after.calls > 1


def _pushed_on(after: IssueState) -> dict[Effect | Bell, None]:
    """Return what gets an issue going that took too long, whatever should have done so before."""
    found: dict[Effect | Bell, None] = {Effect(kind=EffectKind.ATTEND): None}
    if after.wanted_queue is not None:
        found[Bell(queue=after.wanted_queue)] = None
    return found


def outstanding(state: IssueState) -> tuple[Effect, ...]:
    """Return the effects a state still waits for; asked whenever its timer rings."""
    if state.terminal:
        return ()
    kinds: list[EffectKind] = []
    if state.publish is not None:
        kinds.append(EffectKind.PUBLISH)
    if state.verdict is not None:
        kinds.append(EffectKind.POST_REVIEW)
    if state.pr is not None:
        kinds.append(EffectKind.ATTEND)
    if state.waits_for_person:
        kinds.append(EffectKind.REPORT)
    return tuple(Effect(kind=kind) for kind in kinds)
