"""Events to JSON and back, by their stored type name and schema version."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from rigtasks.errors import Permanent
from rigtasks.eventstore.upcasters import UPCASTERS, UnknownEvent
from rigtasks.lifecycle.envelope import Actor, ActorKind, NewEvent, StoredEvent
from rigtasks.lifecycle.events import EVENT_TYPES, Event

_encoder = msgspec.json.Encoder()
_decoders = {name: msgspec.json.Decoder(kind) for name, kind in EVENT_TYPES.items()}
_NUL_ESCAPE = b"\\u0000"
_ACTOR_KINDS = {str(kind): kind for kind in ActorKind}
_actors: dict[tuple[str, str], Actor] = {}
_ACTORS_REMEMBERED = 1000


class BrokenEvent(Permanent):
    """An event's data does not have the shape its type and version promise."""


class EventRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A new event as the append function takes it; `version` counts within the append."""

    version: int
    type: str
    schema_version: int
    event_id: UUID
    data: msgspec.Raw
    actor_kind: str
    actor_id: str
    correlation_id: UUID
    causation_id: UUID | None = None


def encode(value: Any) -> str:
    """Return a value as JSON text."""
    return _encoder.encode(value).decode()


def storable(event: Event) -> tuple[Event, bytes]:
    """Return the event as it will be read back, and its JSON.

    Postgres cannot hold the character NUL in text; it becomes U+FFFD.
    """
    encoded = _encoder.encode(event)
    if _NUL_ESCAPE in encoded:
        encoded = _encoder.encode(_without_nul(msgspec.json.decode(encoded)))
        return decode(event.type, event.schema_version, encoded), encoded
    return event, encoded


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return value


def event_row(new: NewEvent, encoded: bytes, ordinal: int) -> EventRow:
    """Return the row of a new event, counted from 1 within its append."""
    return EventRow(
        version=ordinal,
        type=new.event.type,
        schema_version=new.event.schema_version,
        event_id=new.event_id,
        data=msgspec.Raw(encoded),
        actor_kind=str(new.actor.kind),
        actor_id=new.actor.id,
        correlation_id=new.correlation_id,
        causation_id=new.causation_id,
    )


def decode(event_type: str, schema_version: int, data: str | bytes) -> Event:
    """Return the typed event, brought to today's shape.

    Raises:
        UnknownEvent: the type or its version is not in the catalogue.
        BrokenEvent: the data has another shape.
    """
    decoder = _decoders.get(event_type)
    if decoder is None:
        raise UnknownEvent(
            f"the store holds an event of the unknown type {event_type}: "
            "run the version of the rig that wrote it"
        )
    kind = EVENT_TYPES[event_type]
    try:
        if schema_version == kind.schema_version:
            return decoder.decode(data)
        raw = UPCASTERS.upcast(
            event_type, schema_version, msgspec.json.decode(data), to_version=kind.schema_version
        )
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise BrokenEvent(f"a stored {event_type} cannot be read: {error}") from error


def actor(kind: str, identity: str) -> Actor:
    """Return the actor of a row; the few actors of a process are kept."""
    key = (kind, identity)
    known = _actors.get(key)
    if known is None:
        if len(_actors) >= _ACTORS_REMEMBERED:
            _actors.clear()
        known = _actors[key] = Actor(kind=_ACTOR_KINDS[kind], id=identity)
    return known


#: The columns `stored_event` takes, in its order.
EVENT_COLUMNS = (
    "position, version, type, schema_version, event_id, data, actor_kind, actor_id, "
    "correlation_id, causation_id, recorded_at"
)


def stored_event(
    stream: str,
    row: tuple[int, int, str, int, UUID, str, str, str, UUID, UUID | None, datetime],
) -> StoredEvent:
    """Return one row of the events table, in the order of `EVENT_COLUMNS`, as an event."""
    return StoredEvent(
        position=row[0],
        stream=stream,
        version=row[1],
        event_id=row[4],
        event=decode(row[2], row[3], row[5]),
        actor=actor(row[6], row[7]),
        correlation_id=row[8],
        causation_id=row[9],
        recorded_at=row[10],
    )
