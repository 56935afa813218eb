"""Nothing holds the issue back: it is open, its settings stand, no switch or cap stops it."""

from typing import assert_never

from rigtasks.gate.facts import (
    BudgetState,
    GateFacts,
    MergeMode,
    Pause,
    PauseScope,
    Source,
    StopSource,
)
from rigtasks.gate.result import Finding, Gate, Rule, Unblock, failed, passed


def judge_issue(facts: GateFacts) -> Finding:
    """Judge whether the issue is open and labelled; else a person has withdrawn it."""
    issue = facts.issue
    if issue.state != "open":
        how = "reopens the issue and sets the label again"
        return failed(f"{issue.ref} is {issue.state}", Unblock(who="a maintainer", how=how))
    if issue.ready_label not in issue.labels:
        label = Unblock(who="a person with write access", how="sets the label again")
        return failed(f"{issue.ref} has no label {issue.ready_label}", label)
    return passed(
        f"{issue.ref} is open and labelled {issue.ready_label}", f"approved text {issue.digest}"
    )


def judge_config(facts: GateFacts) -> Finding:
    """Judge whether `.rig-agent.yaml` on the base is the one the work was claimed under."""
    config = facts.config
    if config.on_base == config.at_claim:
        return passed("unchanged since the claim", f"blob {config.on_base or 'absent'}")
    if config.reapproved is not None and config.on_base == config.reapproved:
        return passed("changed since the claim and approved again", f"blob {config.on_base}")
    return failed(
        ".rig-agent.yaml changed on the base since the claim",
        Unblock(who="a person with write access", how="sets the label again to approve it"),
        evidence=(f"claim {config.at_claim or 'absent'}", f"base {config.on_base or 'absent'}"),
    )


def judge_mode(facts: GateFacts) -> Finding:
    """Judge whether this repository lets the rig merge."""
    mode = facts.merge_mode
    by_hand = Unblock(who="a maintainer", how="merges by hand", url=facts.pull_request.url)
    match mode:
        case MergeMode.RIG:
            return passed("the rig merges in this repository")
        case MergeMode.NEVER:
            return failed("people merge in this repository (merge.mode: never)", by_hand)
        case MergeMode.GITHUB_AUTO | MergeMode.MERGE_QUEUE:
            return failed(f"this repository merges by {mode.value}, not by the rig", by_hand)
        case _:
            assert_never(mode)


def judge_paused(facts: GateFacts) -> Finding:
    """Judge the stop switches; only people lift them."""
    if not facts.pauses:
        return passed("neither the rig, the repository, the issue nor its provider is paused")
    return failed(
        "; ".join(paused_by(one) for one in facts.pauses),
        lifting(facts.pauses[0], repository=facts.repository, issue=str(facts.issue.ref)),
        evidence=tuple(f"{one.target} since {one.at.isoformat()}" for one in facts.pauses),
    )


def paused_by(pause: Pause) -> str:
    """Say who paused what, and why."""
    return f"{pause.by} paused the {pause.scope.value}: {pause.reason}"


def lifting(pause: Pause, *, repository: str, issue: str) -> Unblock:
    """Return who lifts a pause, and with which command, where it is one."""
    if pause.source is StopSource.LABEL:
        return Unblock(who="a person with write access", how=f"takes {pause.reason} off")
    match pause.scope:
        case PauseScope.RIG:
            command = "rig resume"
        case PauseScope.REPO:
            command = f"rig repo resume {repository}"
        case PauseScope.ISSUE:
            command = f"rig issue resume {issue}"
        case PauseScope.PROVIDER:
            command = f"rig provider resume {pause.target.removeprefix('provider:')}"
        case _:
            assert_never(pause.scope)
    return Unblock(who="an operator", how="lifts the pause", command=command)


def judge_budget(facts: GateFacts) -> Finding:
    """Judge the caps on what the issue may cost."""
    match facts.budget:
        case BudgetState.WITHIN | BudgetState.WRAP_UP:
            return passed("within its budget", facts.budget.value)
        case BudgetState.EXCEEDED:
            return failed(
                "the budget is used up",
                Unblock(
                    who="an operator",
                    how="raises the budget or closes the issue",
                    command=f'rig issue raise-budget {facts.issue.ref} --usd … --reason "…"',
                ),
            )
        case _:
            assert_never(facts.budget)


ISSUE = Rule(gate=Gate.ISSUE, title="Issue", reads=frozenset({Source.ISSUE}), judge=judge_issue)
CONFIG = Rule(
    gate=Gate.CONFIG, title="Config", reads=frozenset({Source.CONFIG}), judge=judge_config
)
MODE = Rule(gate=Gate.MODE, title="Mode", reads=frozenset({Source.CONFIG}), judge=judge_mode)
PAUSED = Rule(
    gate=Gate.PAUSED, title="Paused", reads=frozenset({Source.SWITCHES}), judge=judge_paused
)
BUDGET = Rule(
    gate=Gate.BUDGET, title="Budget", reads=frozenset({Source.BUDGET}), judge=judge_budget
)
