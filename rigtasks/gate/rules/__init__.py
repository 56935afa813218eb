"""The gates as one table; a merge needs every row."""

from rigtasks.gate.result import Rule
from rigtasks.gate.rules import (
    ci,
    closes,
    codeowners,
    holds,
    human_gate,
    labels,
    review,
    size,
    tamper,
    target,
    threads,
)

RULES: tuple[Rule, ...] = (
    ci.RULE,
    review.RULE,
    closes.RULE,
    threads.RULE,
    labels.RULE,
    codeowners.RULE,
    human_gate.RULE,
    size.RULE,
    tamper.RULE,
    target.PULL_REQUEST,
    target.BASE,
    holds.CONFIG,
    holds.ISSUE,
    holds.MODE,
    target.MERGEABLE,
    holds.PAUSED,
    holds.BUDGET,
)
