"""The fold itself: which function each event type goes to."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from rigtasks.errors import Permanent
from rigtasks.lifecycle.envelope import RecordedEvent
from rigtasks.lifecycle.events import acceptance, intake, liveness, work
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.evolve import acceptance as on_acceptance
from rigtasks.lifecycle.evolve import intake as on_intake
from rigtasks.lifecycle.evolve import people as on_people
from rigtasks.lifecycle.evolve import pull_requests as on_pull_requests
from rigtasks.lifecycle.evolve import runs as on_runs
from rigtasks.lifecycle.state import IssueState

Handler = Callable[[IssueState, Any, RecordedEvent], IssueState]


class BrokenStream(Permanent):
    """A stream does not begin with an approval or a refusal."""


def evolve(state: IssueState | None, stored: RecordedEvent) -> IssueState:
    """Return the state after one more event.

    Raises:
        BrokenStream: the stream's first event is neither an approval nor a refusal.
    """
    after = evolve_undated(state, stored)
    stays = state is None or after.lane is state.lane
    return replace(
        after,
        entered_at=after.entered_at if stays else stored.recorded_at,
        updated_at=stored.recorded_at,
    )


def evolve_undated(state: IssueState | None, stored: RecordedEvent) -> IssueState:
    """Return the state after one more event, with `entered_at` and `updated_at` as they were.

    No event is judged by these two, so that whoever folds many sets them once, at the end.

    Raises:
        BrokenStream: as `evolve`.
    """
    event = stored.event
    if state is None:
        if isinstance(event, intake.IssueApproved | intake.IssueRefused):
            return on_intake.begin(event, stored)
        raise BrokenStream(f"a stream begins with {event.type}, event {stored.event_id}")
    if state.orphaned:
        state = replace(state, orphaned=False)
    handler = _HANDLERS.get(type(event))
    return state if handler is None else handler(state, event, stored)


_HANDLERS: dict[type[Event], Handler] = {
    intake.IssueApproved: on_intake.approved,
    intake.IssueRefused: on_intake.refused,
    intake.IssueHeld: on_intake.held,
    intake.IssueAssigned: on_intake.assigned,
    intake.IssueUnassigned: on_intake.unassigned,
    intake.IssueCancelled: on_intake.cancelled,
    intake.IssueDone: on_intake.done,
    intake.IssueNeedsHuman: on_people.escalated,
    intake.IssueOrphaned: on_people.orphaned,
    work.WorkStarted: on_runs.work_started,
    work.BranchCreated: on_runs.branch,
    work.CliStarted: on_runs.cli_started,
    work.CliProgress: on_runs.cli_progress,
    work.CliCompleted: on_runs.cli_completed,
    work.TestsPassed: on_runs.tests_passed,
    work.PushIntent: on_runs.push_intent,
    work.RunReleased: on_runs.released,
    work.RunFailed: on_runs.run_failed,
    work.RunLost: on_runs.lost,
    work.IssueFailed: on_runs.issue_failed,
    work.PrCreated: on_pull_requests.pr_created,
    work.PrUpdated: on_pull_requests.pr_updated,
    work.PrClosed: on_pull_requests.pr_closed,
    acceptance.CiPassed: on_acceptance.ci_passed,
    acceptance.CiFailed: on_acceptance.ci_failed,
    acceptance.ReviewAssigned: on_intake.assigned,
    acceptance.ReviewPassed: on_acceptance.review_passed,
    acceptance.ReviewDisputed: on_acceptance.review_disputed,
    acceptance.ReviewAbstained: on_acceptance.abstained,
    acceptance.HumanGateTriggered: on_acceptance.gate_triggered,
    acceptance.HumanGateCleared: on_acceptance.gate_cleared,
    acceptance.MergeGateWaiting: on_acceptance.gate_waiting,
    acceptance.MergeConflict: on_acceptance.conflict,
    acceptance.Merged: on_acceptance.merged,
    acceptance.MergeOutsideRig: on_acceptance.merged,
    liveness.Escalated: on_people.escalated,
    liveness.AgentStuck: on_people.stuck,
    liveness.EnvelopeTimedOut: on_people.timed_out,
    acceptance.HumanGateReminder: on_people.reminded_of_gate,
    liveness.EscalationAcknowledged: on_people.acknowledged,
    liveness.OperatorRetried: on_people.retried,
    liveness.OperatorRerouted: on_people.rerouted,
    liveness.OperatorGateApproved: on_people.gate_approved,
    liveness.OperatorBudgetRaised: on_people.budget_raised,
    liveness.TokenUsage: on_runs.usage,
    liveness.BreakGlassMerge: on_acceptance.merged,
}
