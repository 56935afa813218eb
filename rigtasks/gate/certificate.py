"""The certificate of a merge: what held, for which commits, on what evidence."""

from datetime import datetime

import msgspec

from rigtasks.errors import Rejected
from rigtasks.gate.facts import GateFacts
from rigtasks.gate.result import GateResult
from rigtasks.gate.verdict import Verdict


class GateEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """One gate as it held at the merged head."""

    gate: str
    summary: str
    evidence: tuple[str, ...]
    sha: str
    checked_at: datetime


class MergeCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """Kept with the `MERGED` event for good."""

    repository_id: int
    repository: str
    pr: int
    issue: str
    issue_digest: str
    base_ref: str
    base_sha: str
    head_sha: str
    merge_sha: str
    gates: tuple[GateEvidence, ...]
    evaluated_at: datetime


def certify(facts: GateFacts, verdict: Verdict, merge_sha: str) -> MergeCertificate:
    """Write the certificate of a merge that GitHub has confirmed.

    Raises:
        Rejected: the verdict does not pass or is about another head; no certificate exists then.
    """
    same = (verdict.repository_id, verdict.pr, verdict.head_sha) == (
        facts.repository_id,
        facts.pull_request.number,
        facts.head_sha,
    )
    if not same:
        raise Rejected(
            "The verdict is about another head; evaluate these facts first.",
            code="verdict-of-another-head",
        )
    if not verdict.passes:
        raise Rejected(
            "A merge is certified only where every gate held; record it as outside the rig.",
            code="verdict-does-not-pass",
        )
    return MergeCertificate(
        repository_id=facts.repository_id,
        repository=facts.repository,
        pr=facts.pull_request.number,
        issue=str(facts.issue.ref),
        issue_digest=facts.issue.digest,
        base_ref=facts.pull_request.base_ref,
        base_sha=facts.pull_request.base_sha,
        head_sha=facts.head_sha,
        merge_sha=merge_sha,
        gates=tuple(_evidence(result) for result in verdict.results),
        evaluated_at=verdict.evaluated_at,
    )


def _evidence(result: GateResult) -> GateEvidence:
    return GateEvidence(
        gate=result.id.value,
        summary=result.summary,
        evidence=result.evidence,
        sha=result.sha,
        checked_at=result.checked_at,
    )
