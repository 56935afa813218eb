"""Every job of the rig with its period: what Beat rings for, and what its absence is judged by."""

from rigtasks.config import Settings

#: The watchers of the conductor and of the relay, whose last success says that they came to an
#: end; the schedule only asks for the former.
RECONCILED = "reconcile"
BASE_BRANCHES = "base_branches"
CANARY = "canary"
HINTS = "hints"
_ORPHAN_SCAN_SECONDS = 600.0
_WATCH_SECONDS = 60.0
_BASE_BRANCH_SECONDS = 300.0


def periods(chosen: Settings) -> dict[str, float]:
    """Return how often each job of the schedule runs, in seconds, already scaled.

    What is not wanted has no job: a canary that is off is never asked for.
    """
    sweep, watch = chosen.scaled(chosen.sweep_seconds), chosen.scaled(_WATCH_SECONDS)
    return {
        "expired_leases": sweep,
        "wake_ups": sweep,
        "stale_deliveries": sweep,
        "reconcile_due": chosen.scaled(chosen.reconcile_seconds),
        "orphans": chosen.scaled(_ORPHAN_SCAN_SECONDS),
        "silent_agents": watch,
        "late_pull_requests": watch,
        "human_gates": watch,
        "escalations": watch,
        "breakers": sweep,
        "base_branches_due": chosen.scaled(_BASE_BRANCH_SECONDS),
        **({"canary_due": watch} if chosen.canary_repository else {}),
        "retention": 3600.0,
    }


def successes(chosen: Settings) -> dict[str, float]:
    """Return how often each watcher has to succeed, in seconds, already scaled.

    Besides the jobs of the schedule these are what the conductor and the relay do to their end.
    """
    every = periods(chosen)
    return {
        **every,
        RECONCILED: every["reconcile_due"],
        BASE_BRANCHES: every["base_branches_due"],
        **({CANARY: every["canary_due"]} if chosen.canary_repository else {}),
        HINTS: chosen.scaled(chosen.republish_seconds),
    }
