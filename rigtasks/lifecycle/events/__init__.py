"""The catalogue of events: typed, versioned, stored under stable names."""

from rigtasks.lifecycle.events import acceptance, intake, liveness, work
from rigtasks.lifecycle.events.base import Event

_MODULES = (intake, work, acceptance, liveness)

#: Every event type by its stored name, in the order of the catalogue.
EVENT_TYPES: dict[str, type[Event]] = {
    member.type: member
    for module in _MODULES
    for member in vars(module).values()
    if isinstance(member, type) and issubclass(member, Event) and member is not Event
}

__all__ = ["EVENT_TYPES", "Event", "acceptance", "intake", "liveness", "work"]
