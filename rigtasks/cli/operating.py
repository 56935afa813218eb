"""`rig issue retry`, `acknowledge`, `cancel`, `approve-gate`, `raise-budget`: a person acts."""

from uuid import uuid4

import msgspec

from rigtasks.cli.failures import PreconditionFailed
from rigtasks.cli.lookup import find_issue, issue_state
from rigtasks.cli.operated import OperatedRig, operator
from rigtasks.cli.output import Output, note, write_json, write_line
from rigtasks.conductor.alone import alone_with
from rigtasks.eventstore.switches import breaker_scope
from rigtasks.gate.facts import StopSource
from rigtasks.lifecycle.commands import (
    Acknowledge,
    ApproveGate,
    Cancel,
    Command,
    RaiseBudget,
    Retry,
)
from rigtasks.lifecycle.state import IssueState
from webhook_receiver.reading.references import FoundIssue

_SHORTEST_SHA = 7
_PATIENCE_SECONDS = 20.0
_MICRO = 1_000_000


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator's command led to."""

    ref: str
    done: str
    events: tuple[str, ...]
    state: str


def retry(rig: OperatedRig, text: str, *, reason: str, output: Output) -> None:
    """Send a stopped issue back on its way; a breaker that stopped it is closed.

    Raises:
        PreconditionFailed: it was not stopped, or needs a new approval.
    """
    found = find_issue(rig, text)
    state, by = issue_state(rig, found), operator().id
    breaker = breaker_scope(state.repo_id, state.number)
    rig.stores.switches.lift(breaker, actor=by, source=StopSource.BREAKER)
    done = _tell(rig, found, Retry(reason=reason, by=by), done="sent back to work")
    if done is None:
        raise PreconditionFailed(_why_no_retry(issue_state(rig, found)))
    _report(done, output)


def acknowledge(rig: OperatedRig, text: str, *, output: Output) -> None:
    """Take an escalation.

    Raises:
        PreconditionFailed: nobody is called, or somebody has taken it.
    """
    found = find_issue(rig, text)
    by = operator().id
    done = _tell(rig, found, Acknowledge(by=by), done=f"acknowledged by {by}")
    if done is None:
        state = issue_state(rig, found)
        taken = f"{state.who_must_act} has it" if state.acknowledged else "nobody is called for it"
        raise PreconditionFailed(f"{found.ref} is {state.shown}; {taken}")
    _report(done, output)


def cancel(rig: OperatedRig, text: str, *, reason: str, output: Output) -> None:
    """Withdraw an issue; not while an effect of it, such as its merge, is under way.

    Raises:
        PreconditionFailed: it has ended.
        EffectUnderWay: an effect takes too long to wait for.
    """
    found = find_issue(rig, text)
    with alone_with(rig.database_url, found.stream, patience=_PATIENCE_SECONDS):
        done = _tell(rig, found, Cancel(reason=reason, by=operator().id), done="cancelled")
    state = issue_state(rig, found)
    if done is None:
        raise PreconditionFailed(f"{found.ref} is {state.shown} already")
    _report(done, output)
    note("its label stays; take it off, or the next event of the issue starts it anew")
    if state.pr is not None:
        note(f"its pull request stays open: {state.pr.url}")


def approve_gate(rig: OperatedRig, text: str, *, sha: str, reason: str, output: Output) -> None:
    """Clear the human gate for the head that the operator looked at.

    Args:
        rig: where the issue is.
        text: the reference of the issue.
        sha: the head, whole or its first seven characters at least.
        reason: why it may merge.
        output: the form of the answer.

    Raises:
        PreconditionFailed: the head is another one, or cleared already.
    """
    found = find_issue(rig, text)
    state = issue_state(rig, found)
    if state.terminal or state.pr is None or state.head_sha is None:
        raise PreconditionFailed(f"{found.ref} is {state.shown} and has no head to clear")
    if len(sha) < _SHORTEST_SHA or not state.head_sha.startswith(sha.lower()):
        raise PreconditionFailed(
            f"the head of {found.ref} is {state.head_sha}, not {sha}: look at {state.pr.url} again"
        )
    command = ApproveGate(head_sha=state.head_sha, reason=reason, by=operator().id)
    done = _tell(rig, found, command, done=f"cleared at {state.head_sha}")
    if done is None:
        raise PreconditionFailed(_why_not_cleared(issue_state(rig, found), state.head_sha))
    _report(done, output)


def raise_budget(rig: OperatedRig, text: str, *, usd: float, reason: str, output: Output) -> None:
    """Let an issue cost more than it was approved for.

    Args:
        rig: where the issue is.
        text: the reference of the issue.
        usd: what it may cost altogether, in dollars.
        reason: why it is worth that.
        output: the form of the answer.

    Raises:
        PreconditionFailed: the issue has ended, may cost as much already, or has cost it.
    """
    found = find_issue(rig, text)
    cap = round(usd * _MICRO)
    command = RaiseBudget(cap_micro_usd=cap, reason=reason, by=operator().id)
    done = _tell(rig, found, command, done=f"may cost {_dollars(cap)}")
    if done is None:
        raise PreconditionFailed(_why_no_raise(issue_state(rig, found), cap))
    _report(done, output)


def _tell(rig: OperatedRig, found: FoundIssue, command: Command, *, done: str) -> Done | None:
    """Give a command as the operator; None where it led to nothing."""
    told = rig.shell.tell(found.stream, command, actor=operator(), cause=uuid4())
    if not told.events or told.state is None:
        return None
    return Done(
        ref=found.ref,
        done=done,
        events=tuple(one.type for one in told.events),
        state=told.state.shown,
    )


def _report(done: Done, output: Output) -> None:
    if output is Output.JSON:
        write_json(done)
    else:
        write_line(f"{done.ref}  {done.done}; it is {done.state} now")


def _why_no_retry(state: IssueState) -> str:
    if state.terminal:
        return f"{state.ref} is {state.shown}; a new label starts it again"
    if state.refusal_code is not None:
        return (
            f"{state.ref} was refused ({state.refusal_code}): {state.reason}; once that is "
            "mended, take the label off and apply it again"
        )
    return f"{state.ref} is {state.shown}; only what failed, is stuck or escalated is retried"


def _why_no_raise(state: IssueState, cap: int) -> str:
    if state.terminal:
        return f"{state.ref} is {state.shown}; nothing more is spent on it"
    if cap <= state.limits.max_cost_micro_usd:
        known = _dollars(state.limits.max_cost_micro_usd)
        return f"{state.ref} may cost {known} already; a budget is only raised"
    spent = _dollars(state.cost_micro_usd)
    return f"{state.ref} has cost {spent}: {_dollars(cap)} leave nothing to go on with"


def _dollars(micro_usd: int) -> str:
    return f"${micro_usd / _MICRO:.2f}"


def _why_not_cleared(state: IssueState, sha: str) -> str:
    known = state.operator_clearance
    if known is not None and known.head_sha == sha:
        return f"{known.by} cleared {sha} of {state.ref} already"
    return f"{state.ref} moved on to {state.head_sha} meanwhile: look at it again"
