"""Whether the rig can work: the database, its schema, the relay and Redis, the stop switches."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, column, func, select, table

from rigtasks.eventstore.tables import metadata, outbox, service_status, switches
from webhook_receiver.reading.database import ReadDatabase, StoreUnavailable
from webhook_receiver.reading.paging import database_time
from webhook_receiver.reading.views import DeadTaskView, SwitchView

STATUS_AGE = timedelta(seconds=60)
"""A status row that is older says nothing any more."""
RELAYED = ("relay", "redis")


class Condition(StrEnum):
    """How well a part works; the words are those of the header."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One part, in words that name no address and no secret."""

    name: str
    condition: Condition
    critical: bool
    detail: str
    as_of: datetime | None = None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """All parts; only a critical one that is down makes the whole down."""

    status: Condition
    checks: tuple[Check, ...]

    @property
    def serving(self) -> bool:
        """Say whether webhooks can be accepted."""
        return self.status is not Condition.DOWN


class Examiner:
    """Looks at every part the receiver depends on or reports about."""

    def __init__(self, database: ReadDatabase) -> None:
        self._database = database
        self._migrated = False  # a schema that was complete once stays complete

    def examine(self) -> Health:
        """Return how everything is now; a database that is down is an answer, not an error."""
        try:
            with self._database.connect() as connection:
                checks = self._look(connection)
        except StoreUnavailable:
            checks = (_critical("database", "does not answer"),)
        return Health(status=_overall(checks), checks=checks)

    def _look(self, connection: Connection) -> tuple[Check, ...]:
        now = database_time(connection)
        database = Check(
            name="database", condition=Condition.OK, critical=True, detail="answers", as_of=now
        )
        if not self._migrated:
            missing = _missing_columns(connection)
            if missing:
                words = f"lacks {len(missing)} columns, {missing[0]} among them; migrate it"
                return (database, _critical("schema", words))
            self._migrated = True
        schema = Check(
            name="schema", condition=Condition.OK, critical=True, detail="current", as_of=now
        )
        return (database, schema, *_reported(connection, now))


def active_switches(connection: Connection) -> tuple[SwitchView, ...]:
    """Return the stops that hold now, the rig's own first."""
    over = switches.c.until <= func.clock_timestamp()
    holds = switches.c.lifted_at.is_(None) & over.isnot(True)
    query = select(switches).where(holds).order_by(switches.c.since)
    rows = connection.execute(query).all()
    views = [
        SwitchView(
            scope=row.scope,
            reason=row.reason,
            actor=row.actor,
            since=row.since,
            source=row.source,
            until=row.until,
        )
        for row in rows
    ]
    return tuple(sorted(views, key=lambda view: view.scope != "rig"))


def dead_tasks(connection: Connection, *, most: int) -> tuple[DeadTaskView, ...]:
    """Return the tasks that were given up, the latest first."""
    query = (
        select(outbox)
        .where(outbox.c.dead_at.is_not(None), outbox.c.done_at.is_(None))
        .order_by(outbox.c.dead_at.desc())
        .limit(most)
    )
    return tuple(
        DeadTaskView(
            id=row.id,
            task=row.task,
            stream=row.stream,
            attempts=row.attempts,
            last_error=row.last_error,
            dead_at=row.dead_at,
        )
        for row in connection.execute(query)
    )


def _missing_columns(connection: Connection) -> list[str]:
    catalogue = table(
        "columns", column("table_name"), column("column_name"), schema="information_schema"
    )
    query = select(catalogue.c.table_name, catalogue.c.column_name)
    there = {(name, field) for name, field in connection.execute(query)}
    return [
        f"{each.name}.{field.name}"
        for each in metadata.sorted_tables
        for field in each.columns
        if (each.name, field.name) not in there
    ]


def _reported(connection: Connection, now: datetime) -> tuple[Check, ...]:
    rows = {row.name: row for row in connection.execute(select(service_status))}
    unknown = [name for name in RELAYED if name not in rows]
    missing = [
        Check(
            name=name,
            condition=Condition.DEGRADED,
            critical=False,
            detail="unknown: the relay has not reported",
        )
        for name in unknown
    ]
    reported = [
        _from_row(name, ok=row.ok, detail=row.detail, as_of=row.as_of, now=now)
        for name, row in sorted(rows.items())
    ]
    return (*reported, *missing)


def _from_row(name: str, *, ok: bool, detail: str, as_of: datetime, now: datetime) -> Check:
    age = now - as_of
    if age > STATUS_AGE:
        words = f"unknown: last reported {int(age.total_seconds())} s ago"
        return Check(
            name=name, condition=Condition.DEGRADED, critical=False, detail=words, as_of=as_of
        )
    condition = Condition.OK if ok else Condition.DEGRADED
    return Check(name=name, condition=condition, critical=False, detail=detail, as_of=as_of)


def _critical(name: str, detail: str) -> Check:
    return Check(name=name, condition=Condition.DOWN, critical=True, detail=detail)


def _overall(checks: tuple[Check, ...]) -> Condition:
    conditions = {check.condition for check in checks}
    if Condition.DOWN in conditions:
        return Condition.DOWN
    return Condition.DEGRADED if Condition.DEGRADED in conditions else Condition.OK
