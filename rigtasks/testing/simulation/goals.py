"""What has to be reached sometimes: a simulation that never gets there proves nothing about it."""

from collections import Counter
from enum import StrEnum

from rigtasks.gate.result import Gate
from rigtasks.lifecycle.events import acceptance, intake, liveness, work
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.runs.lease import StopReason

#: The check that no repository requires.
LINT = "lint"


class Goal(StrEnum):
    """Rare situations that a run over many seeds must have been in."""

    DONE = "an issue was merged and done"
    CANCELLED_MID_RUN = "an issue was withdrawn while a run held it"
    STALE_EPOCH = "a report was refused, its claim being lost"
    LEASE_EXPIRED = "a lease ran out"
    REVIEW_ROUNDS = "the cap on rounds of review called a person"
    BUDGET = "the budget stopped an issue"
    ATTEMPTS = "the attempts of an issue were used up"
    LOST_RUNS = "too many lost runs called a person"
    HUMAN_GATE = "the human gate was raised"
    GATE_CLEARED = "the human gate was cleared"
    POLICY = "the policy on the diff refused commits"
    CONFLICT = "a conflict sent an issue back"
    CONFLICTS = "finished work that kept coming back called a person"
    CI_RED = "red CI sent an issue back"
    ADOPTED = "a pull request was adopted"
    SUPERSEDED = "a second generation was begun"
    HELD = "an issue was held at intake"
    REFUSED = "an issue was refused"
    INTERNAL = "a label in a rig-internal repository came to nothing"
    OUTSIDE = "somebody else merged"
    PR_CLOSED = "a pull request was closed unmerged"
    HEAD_MOVED = "GitHub answered 409 to a merge"
    BASE_MOVED = "GitHub answered 405 to a merge"
    UNKNOWN_MERGE = "a merge happened without an answer"
    UNKNOWN_PULL = "a pull request was opened without an answer"
    UNKNOWN_REVIEW = "a review was posted without an answer"
    UNKNOWN_COMMENT = "a comment was written without an answer"
    UNKNOWN_PUSH = "a push happened without an answer"
    APPROVAL_GONE = "an approval did not hold any more when the gate was asked"
    WITHDRAWN_LATE = "an issue was withdrawn after its pull request had been opened"
    UNREQUIRED_RED = "a red check that nobody requires sent an issue back"
    LATE_SUITE = "an app that nobody requires reported after CI was green"
    LEASE_LOST = "a push gave way to somebody else's"
    WEBHOOK_TWICE = "a webhook came twice"
    WEBHOOK_TWINS = "a webhook came under two ids"
    REDELIVERED = "a lost webhook came again because the rig asked for it"
    WEBHOOK_LATE = "webhooks came hours late"
    RECEIVER_DOWN = "the receiver was away while GitHub told something"
    WEBHOOK_DISORDER = "webhooks came in another order"
    NO_WEBHOOKS = "an issue was done although no webhook told of its pull request"
    TWO_BEATS = "two relays swept in the same period"
    BROKER_EMPTY = "Redis lost messages that somebody waited for"
    MESSAGE_TWICE = "a message was in its queue again"
    STORE_AWAY = "somebody asked Postgres while it was away"
    RELEASED = "a run was given back by a worker that leaves"
    UNFINISHED = "unfinished work came to its branch"
    UNFINISHED_DROPPED = "unfinished work was not kept"
    LEASE_PASSED = "a worker let go of a claim it could not renew"
    RENAMED = "an issue went on in a renamed repository"
    REFUSED_CALL = "GitHub refused a call for good"
    LIMITED = "a limit of GitHub was reached"
    CONDUCTOR_DIED = "a conductor died within an effect"
    INTERLEAVED = "two processes acted on an issue at the same time"
    PAUSED = "a pause held an effect back"
    CONFIG_CHANGED = "a changed configuration held a merge back"
    GIVEN_UP = "a task was given up and a person called"
    CLOCK_BACK = "the clock was set back"
    CONFLICTED_APPEND = "an append was decided again"


class Goals:
    """Counts how often each was reached."""

    def __init__(self) -> None:
        self.reached: Counter[Goal] = Counter()

    def note(self, goal: Goal) -> None:
        """Count one more time."""
        self.reached[goal] += 1

    def missing(self) -> tuple[Goal, ...]:
        """Return those never reached."""
        return tuple(goal for goal in Goal if goal not in self.reached)


def reached_by(event: Event, internal_id: int) -> tuple[Goal, ...]:
    """Return what a stored event proves to have been reached."""
    reached: tuple[Goal, ...]
    match event:
        case intake.IssueRefused(repo_id=repo_id):
            reached = (Goal.INTERNAL,) if repo_id == internal_id else (Goal.REFUSED,)
        case acceptance.CiFailed() | acceptance.MergeGateWaiting():
            reached = _reached_at_the_head(event)
        case work.PrCreated(adopted=True):
            reached = (Goal.ADOPTED,)
        case work.RunFailed(failure=FailureClass.POLICY):
            reached = (Goal.POLICY,)
        case work.IssueFailed(failure=FailureClass.WORK):
            reached = (Goal.ATTEMPTS,)
        case work.RunReleased(reason=StopReason.SHUTDOWN):
            reached = (Goal.RELEASED,)
        case intake.IssueUnassigned(unfinished_sha=sha, reason=reason):
            reached = (Goal.UNFINISHED,) if sha else ()
            if "unfinished work is not kept" in reason:
                reached = (Goal.UNFINISHED_DROPPED,)
        case liveness.Escalated(reason=reason):
            reached = tuple(goal for words, goal in _CALLS.items() if words in reason)
        case _:
            goal = _GOALS.get(type(event))
            reached = () if goal is None else (goal,)
    return reached


def _reached_at_the_head(
    event: acceptance.CiFailed | acceptance.MergeGateWaiting,
) -> tuple[Goal, ...]:
    if isinstance(event, acceptance.MergeGateWaiting):
        unapproved = any(one.gate == Gate.REVIEW for one in event.blockers)
        return (Goal.APPROVAL_GONE,) if unapproved else ()
    by_lint = any(one.name == LINT and "failure" in one.conclusion for one in event.checks)
    return (Goal.CI_RED, Goal.UNREQUIRED_RED) if by_lint else (Goal.CI_RED,)


#: Words of an escalation, with what it was reached by.
_CALLS = {"were lost": Goal.LOST_RUNS, "finished work came back": Goal.CONFLICTS}

_GOALS: dict[type[Event], Goal] = {
    intake.IssueDone: Goal.DONE,
    intake.IssueHeld: Goal.HELD,
    acceptance.ReviewLoopExceeded: Goal.REVIEW_ROUNDS,
    acceptance.HumanGateTriggered: Goal.HUMAN_GATE,
    acceptance.HumanGateCleared: Goal.GATE_CLEARED,
    acceptance.MergeConflict: Goal.CONFLICT,
    acceptance.MergeOutsideRig: Goal.OUTSIDE,
    liveness.BudgetExceeded: Goal.BUDGET,
    work.PrClosed: Goal.PR_CLOSED,
    liveness.LeaseExpired: Goal.LEASE_EXPIRED,
}
