"""Turn what GitHub says of a pull request into the one command that names everything seen."""

from rigtasks.conductor.gate_facts import GateReading
from rigtasks.gate.facts import GateFacts
from rigtasks.gate.result import Gate, GateStatus
from rigtasks.gate.rules.ci import CheckVerdict, Colour, check_verdicts
from rigtasks.gate.verdict import Verdict
from rigtasks.github.pull_request_facts import PullRequestFacts
from rigtasks.github.reviews import Review, ReviewState, Thread
from rigtasks.lifecycle.commands import CiStatus, ObservePullRequest, ReviewSeen
from rigtasks.lifecycle.events.base import CheckNote, FindingNote

_TAIL = 4_000


def observation(reading: GateReading, verdict: Verdict) -> ObservePullRequest:
    """Return the command for one reading of a pull request."""
    facts, seen = reading.gate, reading.seen
    pull = seen.pull_request
    merged_by = pull.merged_by
    return ObservePullRequest(
        pr=pull.number,
        open=pull.state == "open",
        merged=pull.is_merged,
        merged_by=merged_by.login if merged_by else "a deleted account",
        merge_sha=pull.merge_commit_sha if pull.is_merged else None,
        closed_by="somebody on GitHub",
        head_sha=seen.head_sha,
        base_sha=pull.base.sha,
        conflict=pull.mergeable is False and pull.mergeable_state == "dirty",
        behind=pull.mergeable_state == "behind",
        ci=ci_status(facts, verdict),
        checks=tuple(_note(one, seen) for one in check_verdicts(facts)),
        reviews=tuple(
            _review(one, facts, seen.threads)
            for one in seen.reviews
            if one.state is not ReviewState.PENDING
        ),
    )


def ci_status(facts: GateFacts, verdict: Verdict) -> CiStatus:
    """Return what the checks amount to: red only where the work itself is wrong."""
    result = verdict.result(Gate.CI)
    if result.status is GateStatus.UNKNOWN:
        return CiStatus.UNKNOWN
    if any(one.colour is Colour.RED for one in check_verdicts(facts)):
        return CiStatus.RED
    return CiStatus.GREEN if result.status is GateStatus.PASS else CiStatus.PENDING


def _note(verdict: CheckVerdict, seen: PullRequestFacts) -> CheckNote:
    return CheckNote(name=verdict.name, conclusion=verdict.summary, summary=_output(verdict, seen))


def _output(verdict: CheckVerdict, seen: PullRequestFacts) -> str:
    """Return the end of what a red check printed, for the agent that has to mend it."""
    check = verdict.check
    if check is None or verdict.colour is not Colour.RED:
        return ""
    run = next((one for one in seen.check_runs if one.id == check.id), None)
    if run is None or run.output is None:
        return ""
    return "\n".join(part for part in (run.output.summary, run.output.text) if part)[-_TAIL:]


def _review(review: Review, facts: GateFacts, threads: tuple[Thread, ...]) -> ReviewSeen:
    user = review.user
    account = user.id if user else 0
    own = tuple(
        FindingNote(severity="", message=one.body, path=one.path, line=one.line)
        for one in threads
        if one.opened_by_id == account and not one.is_resolved
    )
    disputed = review.state is ReviewState.CHANGES_REQUESTED
    return ReviewSeen(
        id=review.id,
        reviewer_id=account,
        reviewer=user.login if user else "ghost",
        state=review.state,
        commit_id=review.commit_id or "",
        allowed=account in facts.accounts.approver_ids and account not in facts.involved_ids,
        human=account in facts.accounts.people_ids,
        summary=review.body,
        findings=own if disputed else (),
    )
