"""Check suites: what may still report at a head, and what ended before it could.

GitHub opens a suite for every App that may write checks, with each push. A workflow's suite has its
runs after seconds and ends with the last of them, also where a job waits for another. The suite of
an App that never reports stays queued and empty for good.
"""

from datetime import timedelta

from rigtasks.gate.facts import CheckSuite, GateFacts

#: How long a queued suite without a check run is waited for.
EMPTY_SUITE_PATIENCE = timedelta(minutes=5)

_MERELY_OPENED = frozenset({None, "queued", "requested"})
_FINE = frozenset({"success", "neutral", "skipped"})


def suites_at_head(facts: GateFacts) -> tuple[CheckSuite, ...]:
    """Return the suites at the head, without that of the gate's own check run."""
    own = facts.accounts.conductor_app_id
    return tuple(
        one
        for one in facts.suites
        if one.head_sha == facts.head_sha and (own is None or one.app_id != own)
    )


def may_report(suite: CheckSuite, facts: GateFacts) -> bool:
    """Say whether check runs may still come from a suite."""
    return suite.status != "completed" and not is_idle(suite, facts)


def is_idle(suite: CheckSuite, facts: GateFacts) -> bool:
    """Say whether a suite has been empty for longer than any CI needs to begin."""
    empty = suite.runs == 0 and suite.status in _MERELY_OPENED
    return empty and facts.read_at - suite.created_at >= EMPTY_SUITE_PATIENCE


def ended_unchecked(suite: CheckSuite) -> bool:
    """Say whether a suite ended badly without a run: a workflow that is broken or not approved."""
    return suite.status == "completed" and suite.runs == 0 and suite.conclusion not in _FINE
