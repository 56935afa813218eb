"""Size: small enough to review, unless a person said that a large one is fine."""

from rigtasks.gate.facts import GateFacts, Source
from rigtasks.gate.human_gates import LabelGrant
from rigtasks.gate.result import Finding, Gate, Rule, Unblock, failed, passed, unknown

#: The label with which a person accepts a large change.
LARGE_PR_OK = "large-pr-ok"


def judge(facts: GateFacts) -> Finding:
    """Judge the number of files and changed lines."""
    change, bounds = facts.change, facts.size
    if change.truncated or change.head_sha != facts.head_sha:
        return unknown(
            "GitHub does not show the whole change at this head",
            Unblock(who="the author agent", how="splits the change into smaller pull requests"),
        )
    measured = f"{change.files} files, {change.lines} lines"
    allowed = f"at most {bounds.max_files} files and {bounds.max_lines} lines"
    if change.files <= bounds.max_files and change.lines <= bounds.max_lines:
        return passed(f"{measured} ({allowed})")
    grant = _accepted(facts)
    if grant is not None:
        return passed(f"{measured}; {grant.by} set {LARGE_PR_OK}", allowed)
    return failed(
        f"{measured}, {allowed}",
        Unblock(who="a person with write access", how=f"sets the label {LARGE_PR_OK}"),
        evidence=(measured,),
    )


def _accepted(facts: GateFacts) -> LabelGrant | None:
    """Return the grant of the label if it is there and a person, not an author, put it."""
    grant = facts.size.large_pr_ok
    if (
        grant is not None
        and grant.label == LARGE_PR_OK
        and grant.by_person
        and grant.by_id not in facts.accounts.agent_ids | facts.involved_ids
        and LARGE_PR_OK in (*facts.pull_request.labels, *facts.issue.labels)
    ):
        return grant
    return None


RULE = Rule(
    gate=Gate.SIZE,
    title="Size",
    reads=frozenset({Source.PULL_REQUEST, Source.FILES, Source.COMMITS, Source.LABEL_EVENTS}),
    judge=judge,
)
