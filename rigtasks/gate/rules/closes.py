"""Closes: the text closes this issue, and no other.

A pin pull request closes the bare chore issue of the image repository instead.
"""

from rigtasks.gate.closes import closed_issues
from rigtasks.gate.facts import GateFacts, Source
from rigtasks.gate.result import Finding, Gate, Rule, Unblock, failed, passed


def judge(facts: GateFacts) -> Finding:
    """Judge the closing keywords of the pull request's text."""
    expected = facts.pin_issue or facts.issue.ref
    named = closed_issues(facts.pull_request.body, repository=facts.repository)
    if not any(ref.same_as(expected) for ref in named):
        return failed(
            f"the text does not close {expected}",
            Unblock(
                who="the author agent",
                how=f"adds “Closes {expected}” to the text, outside code and comments",
                url=facts.pull_request.url,
            ),
            evidence=tuple(str(ref) for ref in named),
        )
    others = {str(ref) for ref in (*named, *facts.closing_references) if not ref.same_as(expected)}
    if others:
        return failed(
            f"the merge would also close {', '.join(sorted(others))}",
            Unblock(
                who="the author agent",
                how=f"closes only {expected}",
                url=facts.pull_request.url,
            ),
            evidence=tuple(sorted(others)),
        )
    return passed(f"closes {expected}", "keyword found in the text")


RULE = Rule(
    gate=Gate.CLOSES,
    title="Closes",
    reads=frozenset({Source.PULL_REQUEST, Source.ISSUE}),
    judge=judge,
)
