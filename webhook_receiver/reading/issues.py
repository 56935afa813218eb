"""Issues: every one, and those that need somebody."""

from typing import Any

from sqlalchemy import Connection, Row, case, func, or_, select, tuple_

from rigtasks.eventstore.tables import issues
from rigtasks.lifecycle.state import TERMINAL, Lane, Overlay
from webhook_receiver.reading.money import money
from webhook_receiver.reading.paging import Page, after_time, read_page
from webhook_receiver.reading.views import IssueView

STATES = (*(str(lane) for lane in Lane), *(str(overlay) for overlay in Overlay))
_TERMINAL = tuple(str(lane) for lane in TERMINAL)


def list_issues(
    connection: Connection,
    *,
    limit: int,
    cursor: str | None = None,
    state: str | None = None,
    repo: str | None = None,
    stream: str | None = None,
) -> Page[IssueView]:
    """Return issues, those that changed their state last first; only the one of a stream."""
    query = select(issues).order_by(issues.c.entered_at.desc(), issues.c.stream.desc())
    if state is not None:
        query = query.where(func.coalesce(issues.c.overlay, issues.c.lane) == state)
    if repo is not None:
        query = query.where(issues.c.repo == repo)
    if stream is not None:
        query = query.where(issues.c.stream == stream)
    if cursor is not None:
        after = after_time(cursor)
        query = query.where(tuple_(issues.c.entered_at, issues.c.stream) < tuple_(*after))
    return read_page(
        connection,
        query,
        limit=limit,
        key=lambda row: (row.entered_at, row.stream),
        view=_issue,
    )


def issues_needing_somebody(connection: Connection, *, most: int) -> tuple[IssueView, ...]:
    """Return what a person has to act on: broken first, the longest wait first."""
    broken = or_(issues.c.overlay == str(Overlay.STUCK), issues.c.lane == str(Lane.FAILED))
    named = or_(issues.c.overlay.is_not(None), issues.c.who_must_act.is_not(None))
    query = (
        select(issues)
        .where(issues.c.lane.not_in(_TERMINAL), or_(broken, named))
        .order_by(case((broken, 0), else_=1), issues.c.entered_at, issues.c.stream)
        .limit(most)
    )
    return tuple(_issue(row) for row in connection.execute(query))


def issues_held(connection: Connection, *, most: int) -> tuple[IssueView, ...]:
    """Return the approved issues that wait for something other than a person, longest first."""
    query = (
        select(issues)
        .where(
            issues.c.lane.not_in((*_TERMINAL, str(Lane.FAILED))),
            issues.c.hold.is_not(None),
            issues.c.overlay.is_(None),
            issues.c.who_must_act.is_(None),
        )
        .order_by(issues.c.entered_at, issues.c.stream)
        .limit(most)
    )
    return tuple(_issue(row) for row in connection.execute(query))


def issues_by_progress(connection: Connection, *, most: int) -> tuple[IssueView, ...]:
    """Return the unfinished issues, then the finished ones, the latest change first."""
    finished = case((issues.c.lane.in_(_TERMINAL), 1), else_=0)
    query = (
        select(issues)
        .order_by(finished, issues.c.entered_at.desc(), issues.c.stream.desc())
        .limit(most)
    )
    return tuple(_issue(row) for row in connection.execute(query))


def counts_by_state(connection: Connection) -> dict[str, int]:
    """Count the issues in each shown state."""
    shown = func.coalesce(issues.c.overlay, issues.c.lane)
    rows = connection.execute(select(shown, func.count()).group_by(shown))
    return {str(state): int(count) for state, count in rows}


def latest_stream(connection: Connection, ref: str) -> str | None:
    """Return the stream of an issue's newest generation; None where no issue has that name."""
    query = (
        select(issues.c.stream)
        .where(issues.c.ref == ref)
        .order_by(issues.c.generation.desc(), issues.c.entered_at.desc())
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()


def _issue(row: Row[Any]) -> IssueView:
    return IssueView(
        ref=row.ref,
        stream=row.stream,
        repo=row.repo,
        number=row.number,
        generation=row.generation,
        version=row.version,
        title=row.title,
        state=row.overlay or row.lane,
        lane=row.lane,
        reason=(row.hold_sentence if row.hold else None) or row.reason,
        waits_for=row.hold,
        refusal_code=row.refusal_code,
        who_must_act=row.who_must_act,
        stack=row.stack,
        queue=row.queue,
        priority=row.priority,
        approved_by=row.approved_by,
        branch=row.branch,
        head_sha=row.head_sha,
        merge_sha=row.merge_sha,
        pr=row.pr,
        pr_url=row.pr_url,
        run_id=row.run_id,
        runs=row.runs,
        attempts=row.attempts,
        review_loops=row.review_loops,
        tokens=row.tokens,
        cost=money(row.cost_micro_usd, unpriced=row.cost_unknown_runs > 0),
        entered_at=row.entered_at,
        updated_at=row.updated_at,
    )
