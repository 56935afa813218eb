"""Every job of the rig with its period: what Beat rings for, and what its absence is judged by."""

from rigtasks.config import Settings

#: The watcher whose last success says that GitHub was gone through to the end.
RECONCILED = "reconcile"
_ORPHAN_SCAN_SECONDS = 600.0


def periods(chosen: Settings) -> dict[str, float]:
    """Return how often each job of the schedule runs, in seconds, already scaled."""
    sweep = chosen.scaled(chosen.sweep_seconds)
    return {
        "expired_leases": sweep,
        "wake_ups": sweep,
        "stale_deliveries": sweep,
        "reconcile_due": chosen.scaled(chosen.reconcile_seconds),
        "orphans": chosen.scaled(_ORPHAN_SCAN_SECONDS),
        "retention": 3600.0,
    }
