"""Threads: none is unresolved, and no author resolved what somebody else had opened."""

from rigtasks.gate.facts import GateFacts, Source, Thread
from rigtasks.gate.result import Finding, Gate, Rule, Unblock, failed, passed


def judge(facts: GateFacts) -> Finding:
    """Judge the review threads; outdated ones count as well."""
    open_ones = [(thread, why) for thread in facts.threads if (why := _why_open(thread, facts))]
    if not open_ones:
        return passed(
            "0 unresolved", *(f"{one.id} resolved by {one.resolved_by_id}" for one in facts.threads)
        )
    first = open_ones[0][0]
    return failed(
        f"{len(open_ones)} unresolved: "
        + "; ".join(f"{thread.path} ({why})" for thread, why in open_ones),
        Unblock(
            who="who opened the thread",
            how="resolves it when the answer is good enough",
            url=first.url or facts.pull_request.url,
        ),
        evidence=tuple(thread.id for thread, _ in open_ones),
        url=first.url,
    )


def _why_open(thread: Thread, facts: GateFacts) -> str:
    if not thread.resolved:
        return "open"
    if thread.resolved_by_id is None:
        return "nobody knows who resolved it"
    authors = facts.accounts.author_ids | {facts.pull_request.author_id}
    if thread.resolved_by_id in authors and thread.opened_by_id != thread.resolved_by_id:
        return "resolved by the author"
    return ""


RULE = Rule(
    gate=Gate.THREADS,
    title="Threads",
    reads=frozenset({Source.PULL_REQUEST, Source.THREADS}),
    judge=judge,
)
