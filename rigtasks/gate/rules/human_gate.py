"""Human gate: where a person has to look, one cleared exactly this head."""

from rigtasks.gate.facts import GateFacts, Source
from rigtasks.gate.human_gates import Clearance
from rigtasks.gate.result import Finding, Gate, Rule, Unblock, failed, passed, unknown


def clearance_at_head(facts: GateFacts) -> Clearance | None:
    """Return a clearance of this head by a person who had no hand in the change, if any."""
    for clearance in facts.clearances:
        if (
            clearance.head_sha == facts.head_sha
            and clearance.by_person
            and clearance.by_id not in facts.accounts.agent_ids | facts.involved_ids
        ):
            return clearance
    return None


def judge(facts: GateFacts) -> Finding:
    """Judge the reasons for a person to look, sensitive paths among them."""
    if facts.change.truncated or facts.change.head_sha != facts.head_sha:
        return unknown("the list of touched paths is not complete for this head", unblock(facts))
    if not facts.human_gates:
        return passed("nothing here asks for a person")
    evidence = tuple(f"{one.rule}: {one.path}" for one in facts.human_gates)
    clearance = clearance_at_head(facts)
    if clearance is not None:
        return passed(
            f"{clearance.by} cleared this head",
            *evidence,
            f"cleared by account {clearance.by_id} at {clearance.at.isoformat()}",
        )
    reasons = "; ".join(one.summary for one in facts.human_gates)
    return failed(f"a person has to look: {reasons}", unblock(facts), evidence=evidence)


def unblock(facts: GateFacts) -> Unblock:
    """Say how a person clears this head."""
    return Unblock(
        who="a person with write access",
        how="looks at the change and clears this head",
        command=f'rig issue approve-gate {facts.issue.ref} --sha {facts.head_sha} --reason "…"',
        url=facts.pull_request.url,
    )


RULE = Rule(
    gate=Gate.HUMAN_GATE,
    title="Human gate",
    reads=frozenset({Source.PULL_REQUEST, Source.FILES, Source.COMMITS, Source.HUMAN_GATES}),
    judge=judge,
)
