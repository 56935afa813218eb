"""What is written down when the reconciler found the rig behind GitHub."""

from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.events.liveness import StateRepaired


def repaired(found: str, events: tuple[Event, ...]) -> StateRepaired:
    """Return the note beside the events that a repair led to.

    Args:
        found: what was seen on GitHub, in words.
        events: what the rig had not known.
    """
    told = ", ".join(event.type for event in events)
    return StateRepaired(what=f"{found}; it led to {told}")
