"""Tamper: no test weakened and no protected file touched, except where a person agreed."""

from rigtasks.gate.facts import GateFacts, Source
from rigtasks.gate.result import Finding, Gate, Rule, Unblock, failed, passed, unknown
from rigtasks.gate.rules.human_gate import clearance_at_head, unblock


def judge(facts: GateFacts) -> Finding:
    """Judge what the diff policy found in the change at the head."""
    report = facts.tamper
    if report is None or report.head_sha != facts.head_sha:
        return unknown("the change at this head has not been inspected")
    if not report.findings:
        return passed("no weakened test and no protected file", f"inspected {report.head_sha}")
    evidence = tuple(f"{one.kind}: {one.path}" for one in report.findings)
    fixed = [one for one in report.findings if not one.clearable]
    if fixed:
        return failed(
            "; ".join(one.summary for one in fixed),
            Unblock(who="the author agent", how="takes these changes out of the pull request"),
            evidence=evidence,
        )
    clearance = clearance_at_head(facts)
    if clearance is not None:
        return passed(f"{clearance.by} cleared this head", *evidence)
    summary = "; ".join(one.summary for one in report.findings)
    return failed(summary, unblock(facts), evidence=evidence)


RULE = Rule(
    gate=Gate.TAMPER,
    title="Tamper",
    reads=frozenset({Source.PULL_REQUEST, Source.TAMPER, Source.COMMITS, Source.HUMAN_GATES}),
    judge=judge,
)
