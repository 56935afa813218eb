"""Bring old events to today's shape on reading. Stored events are never rewritten.

An upcaster is a pure function from the data of one schema version to the data of the next. The
golden corpus in the tests holds every shape that was ever released.
"""

from collections.abc import Callable
from typing import Any

from rigtasks.errors import Permanent

Data = dict[str, Any]
Upcaster = Callable[[Data], Data]


class UnknownEvent(Permanent):
    """The store holds an event that this version cannot read; nothing after it is read either."""


class Upcasters:
    """The registered steps, by event type and the version they start from."""

    def __init__(self) -> None:
        self._steps: dict[tuple[str, int], Upcaster] = {}

    def register(self, event_type: str, from_version: int, step: Upcaster) -> None:
        """Add the step from one schema version of a type to the next.

        Raises:
            Permanent: there is already a step for it.
        """
        key = (event_type, from_version)
        if key in self._steps:
            raise Permanent(f"{event_type} already has an upcaster from version {from_version}")
        self._steps[key] = step

    def upcast(self, event_type: str, version: int, data: Data, *, to_version: int) -> Data:
        """Return the data in the shape of `to_version`.

        Raises:
            UnknownEvent: the event is newer than the code, or a step is missing.
        """
        if version > to_version:
            raise UnknownEvent(
                f"{event_type} is stored in version {version}, this rig reads up to {to_version}: "
                "run the newer version that wrote it"
            )
        for step in range(version, to_version):
            upcaster = self._steps.get((event_type, step))
            if upcaster is None:
                raise UnknownEvent(f"{event_type} has no upcaster from version {step}")
            data = upcaster(data)
        return data


def _as_it_was(data: Data) -> Data:
    """Return data of a version that lacks only fields with a default."""
    return data


#: The upcasters of the catalogue; an event type without one is still in its first version.
UPCASTERS = Upcasters()
UPCASTERS.register("RUN_RELEASED", 1, _as_it_was)
UPCASTERS.register("ISSUE_UNASSIGNED", 1, _as_it_was)
