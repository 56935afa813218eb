"""Whole streams as JSON: each stream one array, each event an array that begins with its tag.

Postgres puts the arrays together and one call reads a stream, so that what an event costs is its
own data alone.
"""

from datetime import datetime
from functools import cache, reduce
from operator import or_
from typing import Any
from uuid import UUID

import msgspec

from rigtasks.eventstore.codec import decode
from rigtasks.lifecycle.envelope import RecordedEvent
from rigtasks.lifecycle.events import EVENT_TYPES, Event

#: SQL that aggregates the events of one stream to what `recorded_events` reads. The session's
#: zone must be UTC and its DateStyle ISO.
RECORDED_EVENTS = """
'[' || string_agg(
    concat('["', type, ':', schema_version, '",', version, ',"', event_id, '","', recorded_at,
           ':00",', data, ']'),
    ',' ORDER BY version) || ']'
"""


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    """An event that no type claims: of another schema version, or unknown."""

    tag: str
    version: int
    event_id: UUID
    recorded_at: datetime
    data: msgspec.Raw

    def recorded(self) -> RecordedEvent:
        """Return the event, brought to today's shape."""
        kind, _, schema_version = self.tag.rpartition(":")
        return RecordedEvent(
            version=self.version,
            event_id=self.event_id,
            recorded_at=self.recorded_at,
            event=decode(kind, int(schema_version), bytes(self.data)),
        )


def recorded_events(text: str | bytes) -> list[RecordedEvent]:
    """Return the events of a stream in their order, each in today's shape.

    Raises:
        UnknownEvent: a type or its version is not in the catalogue.
        BrokenEvent: the data of an event has another shape.
    """
    try:
        return _current().decode(text)
    except msgspec.ValidationError:
        return [each.recorded() for each in msgspec.json.decode(text, type=list[_Tagged])]


@cache
def _current() -> msgspec.json.Decoder[list[RecordedEvent]]:
    """Return the decoder of streams whose events all have today's shape."""
    kinds: Any = reduce(or_, (_recorded(kind) for kind in EVENT_TYPES.values()))
    return msgspec.json.Decoder(list[kinds])


def _recorded(kind: type[Event]) -> Any:
    return msgspec.defstruct(
        f"Recorded{kind.__name__}",
        [("event", kind)],
        bases=(RecordedEvent,),
        tag=f"{kind.type}:{kind.schema_version}",
        array_like=True,
        kw_only=True,
        frozen=True,
    )
