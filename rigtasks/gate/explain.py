"""The one answer to “why is this not merged yet?”, the same for every surface."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from rigtasks.gate.result import GateResult, GateStatus, Unblock
from rigtasks.gate.rules import RULES
from rigtasks.gate.verdict import Verdict

_TITLES = {rule.gate: rule.title for rule in RULES}
_FINISHED = frozenset({"done", "cancelled"})


class Activity(StrEnum):
    """What happens to the issue at this moment."""

    IDLE = "idle"
    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    BLOCKED = "blocked"


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why the issue was refused, is held or waits, outside of the merge gate."""

    sentence: str
    who: str
    what: str
    command: str | None = None
    url: str | None = None


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """What is used and what is allowed; None means not known, or no cap."""

    used: float | None = None
    cap: float | None = None


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Turns, cost in micro-dollars, and duration in seconds."""

    turns: Limit = Limit()
    cost: Limit = Limit()
    duration: Limit = Limit()


class IssueSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What the issue's stream says about it now; `state` is the state a person sees.

    `sentence` says in words what happens or happened; it stands where no gate was judged.
    """

    ref: str
    state: str
    activity: Activity
    since: datetime
    head_sha: str | None = None
    reason: Reason | None = None
    sentence: str = ""
    limits: Limits = Limits()


class GateReport(msgspec.Struct, frozen=True, kw_only=True):
    """One gate for people: its result with its title."""

    id: str
    title: str
    status: GateStatus
    summary: str
    evidence: tuple[str, ...]
    evidence_url: str | None
    checked_at: datetime
    sha: str
    can_unblock: tuple[Unblock, ...]


class NextAction(msgspec.Struct, frozen=True, kw_only=True):
    """The one thing that moves the issue on, and whose it is."""

    who: str
    what: str
    command: str | None = None
    url: str | None = None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why an issue is where it is. `blockers` are the ids of the gates that do not hold."""

    ref: str
    state: str
    activity: Activity
    summary: str
    since: datetime
    gates: tuple[GateReport, ...]
    blockers: tuple[str, ...]
    next_action: NextAction | None
    limits: Limits
    degraded_sources: tuple[str, ...]
    as_of: datetime
    schema_version: int = 1


class CheckRunState(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate's own check run shows, in GitHub's words."""

    status: str
    conclusion: str | None
    title: str


def explain(issue: IssueSummary, verdict: Verdict | None, now: datetime) -> Explanation:
    """Explain where an issue stands.

    Args:
        issue: what its stream says.
        verdict: the newest verdict; one about another head than the issue's is left out.
        now: the time the explanation is given.
    """
    current = verdict if verdict is not None and verdict.head_sha == issue.head_sha else None
    results = current.results if current else ()
    blockers = _most_telling_first(current.blockers) if current else []
    return Explanation(
        ref=issue.ref,
        state=issue.state,
        activity=issue.activity,
        summary=_sentence(issue, current, blockers),
        since=issue.since,
        gates=tuple(_report(result) for result in results),
        blockers=tuple(result.id.value for result in blockers),
        next_action=_next_action(issue, current, blockers),
        limits=issue.limits,
        degraded_sources=tuple(
            f"{one.source.value}: {one.why}" for one in (current.unknown_sources if current else ())
        ),
        as_of=now,
    )


def check_run_state(explanation: Explanation) -> CheckRunState:
    """Return the state of the `rig/merge-gate` check run; only a full pass is a success."""
    statuses = {gate.status for gate in explanation.gates}
    title = explanation.summary
    if GateStatus.FAIL in statuses:
        return CheckRunState(status="completed", conclusion="failure", title=title)
    if statuses == {GateStatus.PASS}:
        return CheckRunState(status="completed", conclusion="success", title=title)
    return CheckRunState(status="in_progress", conclusion=None, title=title)


def _most_telling_first(blockers: Sequence[GateResult]) -> list[GateResult]:
    """Put what somebody has to do before what time may settle."""
    order = (GateStatus.FAIL, GateStatus.UNKNOWN, GateStatus.PENDING, GateStatus.PASS)
    return sorted(blockers, key=lambda result: order.index(result.status))


def _sentence(issue: IssueSummary, verdict: Verdict | None, blockers: list[GateResult]) -> str:
    if issue.reason is not None:
        return issue.reason.sentence
    if issue.state in _FINISHED:
        return issue.sentence or f"It is {issue.state}."
    if verdict is None:
        unjudged = f"It is {issue.state}; no pull request has been judged at this head yet."
        return issue.sentence or unjudged
    if not blockers:
        return "Every gate holds; the rig merges it next."
    first = blockers[0]
    more = f" {len(blockers) - 1} more gates do not hold." if blockers[1:] else ""
    if len(blockers) == 2:  # noqa: PLR2004 - one more takes the singular
        more = " 1 more gate does not hold."
    return f"{_TITLES[first.id]}: {first.summary}.{more}"


def _next_action(
    issue: IssueSummary, verdict: Verdict | None, blockers: list[GateResult]
) -> NextAction | None:
    if issue.reason is not None:
        reason = issue.reason
        return NextAction(who=reason.who, what=reason.what, command=reason.command, url=reason.url)
    for result in blockers:
        for one in result.can_unblock:
            return NextAction(who=one.who, what=one.how, command=one.command, url=one.url)
    if issue.state in _FINISHED:
        return None
    if verdict is not None and not blockers:
        return NextAction(who="the rig", what="merges this head")
    return NextAction(who="the rig", what=f"goes on from {issue.state}")


def _report(result: GateResult) -> GateReport:
    return GateReport(
        id=result.id.value,
        title=_TITLES[result.id],
        status=result.status,
        summary=result.summary,
        evidence=result.evidence,
        evidence_url=result.evidence_url,
        checked_at=result.checked_at,
        sha=result.sha,
        can_unblock=result.can_unblock,
    )
