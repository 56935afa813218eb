"""Decisions about whether an issue is worked on at all."""

from rigtasks.lifecycle.caps import budget_used_up
from rigtasks.lifecycle.commands import (
    Admit,
    Cancel,
    Escalate,
    Hold,
    RaiseBudget,
    Refuse,
    Retry,
)
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.events.intake import (
    IssueApproved,
    IssueCancelled,
    IssueHeld,
    IssueNeedsHuman,
    IssueRefused,
)
from rigtasks.lifecycle.events.liveness import Escalated, OperatorBudgetRaised, OperatorRetried
from rigtasks.lifecycle.state import IssueState, Lane
from rigtasks.routing.decisions import RefusalCode
from rigtasks.routing.internal import RepositoryRef

#: The lanes in which a new approval may still replace the text that runs.
_REPLACEABLE = frozenset({Lane.QUEUED, Lane.FAILED})
#: Who answers a question about an issue that nobody works on yet.
LABELLER = "a person with write permission"


def admit(command: Admit, state: IssueState | None) -> tuple[Event, ...]:
    """Approve a new issue, a waiting or failed one whose text changed, or one labelled again."""
    approved = command.approved
    here = RepositoryRef(id=approved.repo_id, full_name=approved.repo)
    if command.internal.match(here) is not None:
        return refuse(Refuse(refused=_internal(approved)), state)
    asked = _asked(command, state)
    if command.hold is not None and (state is None or state.lane in _REPLACEABLE):
        held = _held(command.hold)
        news = _is_news(approved, state)
        return (approved, held, *asked) if news else hold(command.hold, state)
    lifts = state is not None and state.lane is Lane.QUEUED and state.hold_blocks
    return (approved, *asked) if lifts or _is_news(approved, state) else ()


def _asked(command: Admit, state: IssueState | None) -> tuple[Event, ...]:
    """Call a person about a text that nobody was asked about, or who did not answer yet."""
    question = command.question
    if question is None or (state is not None and state.lane not in _REPLACEABLE):
        return ()
    if state is not None and state.task_digest == command.approved.task_digest:
        settled = state.overlay is None and state.config_sha == command.approved.config_sha
        again = question.labelled_by_person and _is_labelled_again(command.approved, state)
        if again or settled:
            return ()
    return (IssueNeedsHuman(reason=question.sentence, who_must_act=LABELLER),)


def _is_news(approved: IssueApproved, state: IssueState | None) -> bool:
    """Say whether an approval says something that the stream does not know yet."""
    if state is None:
        return True
    same_text = state.task_digest == approved.task_digest
    if same_text and not state.terminal and _is_labelled_again(approved, state):
        return True
    if state.lane not in _REPLACEABLE:
        return False
    if state.lane is Lane.FAILED and state.refusal_code is not None:
        return True
    same_route = state.queue == approved.queue and state.config_sha == approved.config_sha
    return not (same_text and same_route)


def _is_labelled_again(approved: IssueApproved, state: IssueState) -> bool:
    """Say whether a person set the label anew: a failed or escalated issue is to go on."""
    if approved.labelled_at is None:
        return False
    return state.labelled_at is None or approved.labelled_at > state.labelled_at


def _held(command: Hold) -> IssueHeld:
    return IssueHeld(
        waits_for=command.waits_for, sentence=command.sentence, blocking=command.blocking
    )


def _internal(approved: IssueApproved) -> IssueRefused:
    """Return the refusal of an approval that should never have come this far."""
    return IssueRefused(
        ref=approved.ref,
        repo_id=approved.repo_id,
        repo=approved.repo,
        number=approved.number,
        generation=approved.generation,
        title=approved.title,
        code=RefusalCode.RIG_INTERNAL,
        sentence="agents never work in the rig's own repositories: a person has to do this",
        who_must_act=LABELLER,
    )


def refuse(command: Refuse, state: IssueState | None) -> tuple[Event, ...]:
    """Refuse an issue that nobody works on yet; the same refusal twice says nothing."""
    refused = command.refused
    if state is None:
        return (refused,)
    if state.lane not in _REPLACEABLE:
        return ()
    if state.refusal_code == refused.code and state.reason == refused.sentence:
        return ()
    return (refused,)


def hold(command: Hold, state: IssueState | None) -> tuple[Event, ...]:
    """Say what a waiting issue waits for, once per reason."""
    if state is None or state.lane is not Lane.QUEUED or state.overlay is not None:
        return ()
    if (state.hold, state.hold_sentence) == (command.waits_for, command.sentence):
        return ()
    return (_held(command),)


def cancel(command: Cancel, state: IssueState | None) -> tuple[Event, ...]:
    """Withdraw an issue that has not ended."""
    if state is None or state.terminal or state.merge_sha is not None:
        return ()
    return (IssueCancelled(reason=command.reason, by=command.by),)


def escalate(command: Escalate, state: IssueState | None) -> tuple[Event, ...]:
    """Call a person, once per reason."""
    if state is None or state.terminal or state.overlay is not None:
        return ()
    return (Escalated(reason=command.reason, who_must_act=command.who_must_act),)


def retry(command: Retry, state: IssueState | None) -> tuple[Event, ...]:
    """Send a failed or interrupted issue back on its way; a refusal needs a new approval."""
    if state is None or state.terminal or state.refusal_code is not None:
        return ()
    if state.lane is not Lane.FAILED and state.overlay is None:
        return ()
    return (OperatorRetried(reason=command.reason, by=command.by),)


def raise_budget(command: RaiseBudget, state: IssueState | None) -> tuple[Event, ...]:
    """Raise the cap of an issue that has not ended, to one that leaves something to spend."""
    if state is None or state.terminal:
        return ()
    if command.cap_micro_usd <= state.limits.max_cost_micro_usd:
        return ()
    if budget_used_up(state.cost_micro_usd, command.cap_micro_usd) is not None:
        return ()
    return (
        OperatorBudgetRaised(
            cap_micro_usd=command.cap_micro_usd, reason=command.reason, by=command.by
        ),
    )
