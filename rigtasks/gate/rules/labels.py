"""Labels: nothing on the pull request or its issue vetoes the merge."""

import re
from collections.abc import Iterable
from functools import lru_cache

from rigtasks.gate.facts import GateFacts, Source
from rigtasks.gate.result import Finding, Gate, Rule, Unblock, failed, passed

#: Labels that veto a merge in every repository.
VETO_LABELS = ("do-not-merge", "manual-merge")
#: The one of them that also stops the work itself.
STOP_LABEL = "do-not-merge"
_GAPS = re.compile(r"[\s_-]+")


def judge(facts: GateFacts) -> Finding:
    """Judge the labels; case, spaces and underscores do not let a veto slip through."""
    vetoes = {_plain(label) for label in (*VETO_LABELS, *facts.block_labels)}
    present = [("pull request", label) for label in facts.pull_request.labels]
    present += [("issue", label) for label in facts.issue.labels]
    hits = [(where, label) for where, label in present if _plain(label) in vetoes]
    if not hits:
        return passed("no label vetoes the merge", *(label for _, label in present))
    return failed(
        "; ".join(f"label {label} on the {where}" for where, label in hits),
        Unblock(who="a person with write access", how=f"removes the label {hits[0][1]}"),
        evidence=tuple(label for _, label in hits),
    )


def stops_work(labels: Iterable[str]) -> bool:
    """Say whether one of the labels stops the work on an issue, not only its merge."""
    return any(_plain(label) == STOP_LABEL for label in labels)


@lru_cache(maxsize=1024)
def _plain(label: str) -> str:
    return _GAPS.sub("-", label.strip().casefold())


RULE = Rule(
    gate=Gate.LABELS,
    title="Labels",
    reads=frozenset({Source.PULL_REQUEST, Source.ISSUE}),
    judge=judge,
)
