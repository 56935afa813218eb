"""Watchers that ask GitHub, with the success that each notes when it came to its end."""

from rigtasks.conductor.base_branches import watch_base_branches
from rigtasks.conductor.canary import look_after_canary
from rigtasks.conductor.context import Conductor
from rigtasks.schedule import BASE_BRANCHES, CANARY


def watch_bases(rig: Conductor) -> str:
    """Look what the rig's merges made of their base branches."""
    outcome = watch_base_branches(rig, seconds=rig.base_watch)
    rig.stores.reports.watcher_succeeded(BASE_BRANCHES, outcome)
    return outcome


def watch_canary(rig: Conductor) -> str:
    """File and follow the canary; a late one is no success, so that its absence is an alarm."""
    fate = look_after_canary(rig)
    if not fate.late:
        rig.stores.reports.watcher_succeeded(CANARY, fate.words)
    return fate.words
