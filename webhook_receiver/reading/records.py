"""The ledgers: webhook deliveries and stored events."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select, tuple_

from rigtasks.eventstore.payloads import unpacked
from rigtasks.eventstore.tables import deliveries, events, issues
from webhook_receiver.reading.paging import Page, after_time, key_of, read_page
from webhook_receiver.reading.views import Actor, DeliveryDetail, DeliveryView, EventView

DELIVERY_STATES = ("pending", "done", "ignored", "quarantined")

_SHOWN = tuple(column for column in deliveries.c if column.name not in {"payload", "headers"})


class NamedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event with the name of its issue, where its stream is one."""

    event: EventView
    ref: str | None


def list_deliveries(
    connection: Connection,
    *,
    limit: int,
    cursor: str | None = None,
    status: str | None = None,
    repo: str | None = None,
    about: tuple[int, tuple[int, ...]] | None = None,
) -> Page[DeliveryView]:
    """Return webhook deliveries without their payloads, the latest first.

    Args:
        connection: where to read.
        limit: rows per page.
        cursor: where the last page ended.
        status: only deliveries that stand there.
        repo: only those of a repository, by its name.
        about: only those of a repository, by its id, that name one of these numbers.
    """
    key = (deliveries.c.received_at, deliveries.c.delivery_id)
    query = select(*_SHOWN).order_by(*(column.desc() for column in key))
    if status is not None:
        query = query.where(deliveries.c.status == status)
    if repo is not None:
        query = query.where(deliveries.c.repo == repo)
    if about is not None:
        repo_id, numbers = about
        query = query.where(deliveries.c.repo_id == repo_id, deliveries.c.number.in_(numbers))
    if cursor is not None:
        query = query.where(tuple_(*key) < tuple_(*after_time(cursor)))
    return read_page(
        connection,
        query,
        limit=limit,
        key=lambda row: (row.received_at, row.delivery_id),
        view=lambda row: DeliveryView(**_delivery(row)),
    )


def find_delivery(connection: Connection, delivery_id: str) -> DeliveryDetail | None:
    """Return one delivery with what was received, None when it is unknown.

    The payload is None once its retention has passed.
    """
    query = select(deliveries).where(deliveries.c.delivery_id == delivery_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    payload = None if row.payload is None else msgspec.Raw(unpacked(row.payload))
    return DeliveryDetail(**_delivery(row), headers=row.headers, payload=payload)


def stream_events(
    connection: Connection, stream: str, *, limit: int, cursor: str | None = None
) -> Page[EventView]:
    """Return the events of one stream, the first one first."""
    query = select(events).where(events.c.stream == stream).order_by(events.c.version)
    if cursor is not None:
        query = query.where(events.c.version > key_of(cursor, int))
    return read_page(connection, query, limit=limit, key=lambda row: int(row.version), view=_event)


def newest_events(connection: Connection, *, most: int) -> tuple[NamedEvent, ...]:
    """Return the events stored last with their issues' names, the newest first."""
    query = (
        select(events, issues.c.ref)
        .outerjoin(issues, issues.c.stream == events.c.stream)
        .order_by(events.c.position.desc())
        .limit(most)
    )
    return tuple(NamedEvent(event=_event(row), ref=row.ref) for row in connection.execute(query))


def _delivery(row: Row[Any]) -> dict[str, Any]:
    return {
        "delivery": row.delivery_id,
        "event": row.event,
        "action": row.action,
        "repo": row.repo,
        "number": row.number,
        "status": row.status,
        "outcome": row.outcome,
        "duplicate_of": row.duplicate_of,
        "attempts": row.attempts,
        "last_error": row.last_error,
        "received_at": row.received_at,
        "outcome_at": row.outcome_at or (row.received_at if row.outcome else None),
    }


def _event(row: Row[Any]) -> EventView:
    return EventView(
        position=row.position,
        stream=row.stream,
        version=row.version,
        type=row.type,
        schema_version=row.schema_version,
        event_id=row.event_id,
        data=row.data,
        actor=Actor(kind=row.actor_kind, id=row.actor_id),
        correlation_id=row.correlation_id,
        causation_id=row.causation_id,
        recorded_at=row.recorded_at,
    )
