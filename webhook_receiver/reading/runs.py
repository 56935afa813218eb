"""Runs and the agents that make them."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, case, cast, desc, func, select, tuple_, union
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import aggregate_order_by

from rigtasks.eventstore.tables import heartbeats, issues, runs
from webhook_receiver.reading.money import money
from webhook_receiver.reading.paging import Page, after_time, database_time, key_of, read_page
from webhook_receiver.reading.views import AgentView, InstanceView, RunView

AGENT_WINDOW = timedelta(days=30)


def list_runs(
    connection: Connection,
    *,
    limit: int,
    cursor: str | None = None,
    stream: str | None = None,
    live_first: bool = False,
) -> Page[RunView]:
    """Return runs, the latest first.

    Args:
        connection: where to read.
        limit: rows per page.
        cursor: where the last page ended.
        stream: only the runs of this issue.
        live_first: put running ones on top; only for a list without pages.
    """
    run_id = cast(runs.c.run_id, SqlText)
    query = select(runs, issues.c.ref).outerjoin(issues, issues.c.stream == runs.c.stream)
    if live_first:
        query = query.order_by(case((runs.c.ended_at.is_(None), 0), else_=1))
    query = query.order_by(runs.c.started_at.desc(), run_id.desc())
    if stream is not None:
        query = query.where(runs.c.stream == stream)
    if cursor is not None:
        query = query.where(tuple_(runs.c.started_at, run_id) < tuple_(*after_time(cursor)))
    now = database_time(connection)
    return read_page(
        connection,
        query,
        limit=limit,
        key=lambda row: (row.started_at, str(row.run_id)),
        view=lambda row: _run(row, now),
    )


def list_agents(
    connection: Connection, *, limit: int, cursor: str | None = None
) -> Page[AgentView]:
    """Return every agent that ran in the last 30 days or whose process was seen, by name."""
    latest = desc(runs.c.started_at)
    worked = (
        select(
            runs.c.agent,
            func.count().label("runs"),
            func.max(runs.c.started_at).label("last_claimed_at"),
            func.array_agg(aggregate_order_by(runs.c.queue, latest))[1].label("queue"),
            func.array_agg(aggregate_order_by(runs.c.stream, latest))[1].label("stream"),
        )
        .where(runs.c.started_at > func.now() - AGENT_WINDOW)
        .group_by(runs.c.agent)
        .subquery("worked")
    )
    names = union(select(worked.c.agent), select(heartbeats.c.agent)).subquery("names")
    query = (
        select(names.c.agent, worked, issues.c.ref)
        .select_from(names)
        .outerjoin(worked, worked.c.agent == names.c.agent)
        .outerjoin(issues, issues.c.stream == worked.c.stream)
        .order_by(names.c.agent)
    )
    if cursor is not None:
        query = query.where(names.c.agent > key_of(cursor, str))
    now = database_time(connection)
    instances: dict[str, list[InstanceView]] = defaultdict(list)
    for row in connection.execute(select(heartbeats).order_by(heartbeats.c.holder)):
        instances[row.agent].append(_instance(row, now))
    return read_page(
        connection,
        query,
        limit=limit,
        key=lambda row: str(row[0]),
        view=lambda row: AgentView(
            agent=row[0],
            queue=row.queue or next((each.queue for each in instances[row[0]]), None),
            runs=row.runs or 0,
            last_ref=row.ref,
            last_claimed_at=row.last_claimed_at,
            instances=tuple(instances[row[0]]),
        ),
    )


def _run(row: Row[Any], now: datetime) -> RunView:
    until = row.ended_at or now
    elapsed = max(0.0, (until - row.started_at).total_seconds())
    return RunView(
        run_id=row.run_id,
        ref=row.ref,
        stream=row.stream,
        epoch=row.epoch,
        stage=row.stage,
        queue=row.queue,
        agent=row.agent,
        holder=row.holder,
        status="running" if row.ended_at is None else (row.outcome or "ended"),
        reason=row.reason,
        failure=row.failure,
        isolation=row.isolation,
        provider=row.provider,
        model=row.model,
        head_sha=row.head_sha,
        turns=row.turns,
        tokens=row.input_uncached + row.cache_read + row.cache_write + row.output,
        cost=money(row.cost_micro_usd, unpriced=row.cost_unknown),
        started_at=row.started_at,
        ended_at=row.ended_at,
        duration_seconds=elapsed,
    )


def _instance(row: Row[Any], now: datetime) -> InstanceView:
    return InstanceView(
        holder=row.holder,
        queue=row.queue,
        version=row.version,
        isolation=row.isolation,
        run_id=row.run_id,
        seen_at=row.seen_at,
        silent_seconds=max(0.0, (now - row.seen_at).total_seconds()),
    )
