"""Find issues by what people call them."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Text, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from rigtasks.eventstore.tables import issues, runs


class FoundIssue(msgspec.Struct, frozen=True, kw_only=True):
    """The newest generation of an issue that a name fits."""

    stream: str
    ref: str
    repo_id: int
    number: int
    pr: int | None


def issues_of_number(connection: Connection, number: int) -> tuple[FoundIssue, ...]:
    """Return the issues of this number in every repository; else those of such a pull request."""
    by_number = _newest(connection, issues.c.number == number)
    return by_number or _newest(connection, issues.c.pr == number)


def issue_of(connection: Connection, repo: str, number: int) -> tuple[FoundIssue, ...]:
    """Return the issue of this number in a repository, whatever the case of its name."""
    return _newest(connection, _in(repo), issues.c.number == number)


def issues_of_pull_request(connection: Connection, repo: str, pr: int) -> tuple[FoundIssue, ...]:
    """Return the issue a pull request of a repository belongs to."""
    return _newest(connection, _in(repo), issues.c.pr == pr)


def issues_of_run(connection: Connection, run_id: str) -> tuple[FoundIssue, ...]:
    """Return the issue of a run, by its id or the beginning of it."""
    worked = select(runs.c.stream).where(cast(runs.c.run_id, Text).startswith(run_id))
    return _newest(connection, issues.c.stream.in_(worked))


def issues_on_branch(connection: Connection, branch: str) -> tuple[FoundIssue, ...]:
    """Return the issues whose work is on a branch of this name."""
    return _newest(connection, issues.c.branch == branch)


def repository_ids(connection: Connection, repo: str) -> tuple[int, ...]:
    """Return the ids of the repositories known by a name; several after a name was given anew."""
    query = select(issues.c.repo_id).where(_in(repo)).group_by(issues.c.repo_id)
    latest = query.order_by(func.max(issues.c.updated_at).desc())
    return tuple(connection.execute(latest).scalars())


def _in(repo: str) -> ColumnElement[bool]:
    return func.lower(issues.c.repo) == repo.lower()


def _newest(connection: Connection, *conditions: ColumnElement[Any]) -> tuple[FoundIssue, ...]:
    """Return one row for each issue, the newest generation that the conditions fit."""
    columns = (issues.c.stream, issues.c.ref, issues.c.repo_id, issues.c.number, issues.c.pr)
    query = (
        select(*columns)
        .ext(distinct_on(issues.c.repo_id, issues.c.number))
        .where(*conditions)
        .order_by(issues.c.repo_id, issues.c.number, issues.c.generation.desc())
        .limit(20)
    )
    rows = connection.execute(query).all()
    return tuple(FoundIssue(**dict(row._mapping)) for row in rows)  # noqa: SLF001 - its public API
