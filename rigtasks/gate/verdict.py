"""From facts to a verdict that lists every blocker, not only the first."""

from datetime import datetime

import msgspec

from rigtasks.gate.facts import GateFacts, UnknownSource
from rigtasks.gate.result import Finding, Gate, GateResult, GateStatus, Rule, Unblock, unknown
from rigtasks.gate.rules import RULES


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of every gate for one head; it says nothing about any other commit."""

    repository_id: int
    pr: int
    head_sha: str
    results: tuple[GateResult, ...]
    read_at: datetime
    evaluated_at: datetime
    unknown_sources: tuple[UnknownSource, ...] = ()

    @property
    def passes(self) -> bool:
        """Say whether every gate of the table is here once and holds."""
        asked = [result.id for result in self.results]
        return sorted(asked) == sorted(Gate) and not self.blockers

    @property
    def blockers(self) -> tuple[GateResult, ...]:
        """Return every gate that does not hold; an unknown one never does."""
        return tuple(one for one in self.results if one.status is not GateStatus.PASS)

    def result(self, gate: Gate) -> GateResult:
        """Return the answer of one gate.

        Raises:
            KeyError: the gate was not asked.
        """
        for one in self.results:
            if one.id is gate:
                return one
        raise KeyError(gate)


def evaluate(facts: GateFacts, now: datetime) -> Verdict:
    """Ask every gate about `facts`.

    Args:
        facts: what was read for the pull request at its present head.
        now: the time of the verdict; each result is dated by when the facts were read.
    """
    return Verdict(
        repository_id=facts.repository_id,
        pr=facts.pull_request.number,
        head_sha=facts.head_sha,
        results=tuple(_ask(rule, facts) for rule in RULES),
        read_at=facts.read_at,
        evaluated_at=now,
        unknown_sources=facts.unknown_sources,
    )


def _ask(rule: Rule, facts: GateFacts) -> GateResult:
    finding = _unread(rule, facts) or rule.judge(facts)
    return GateResult(
        id=rule.gate,
        status=finding.status,
        summary=finding.summary,
        sha=facts.head_sha,
        checked_at=facts.read_at,
        evidence=finding.evidence,
        evidence_url=finding.evidence_url,
        can_unblock=finding.can_unblock,
    )


def _unread(rule: Rule, facts: GateFacts) -> Finding | None:
    """Return the finding that a source of this rule could not be read, if so."""
    missing = [one for one in facts.unknown_sources if one.source in rule.reads]
    if not missing:
        return None
    return unknown(
        "; ".join(f"{one.source.value} could not be read: {one.why}" for one in missing),
        Unblock(who="the operator of the rig", how="nothing to do if it passes; it is read again"),
        evidence=tuple(one.source.value for one in missing),
    )
