"""Keyset pages: a cursor names the last row seen, so that nothing is skipped or counted."""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec
from sqlalchemy import Connection, Row, func, select
from sqlalchemy.sql import Select

from rigtasks.errors import Rejected

DEFAULT_LIMIT = 50
MOST = 200

Item = TypeVar("Item")
TimeKey: TypeAlias = tuple[datetime, str]
Keyset: TypeAlias = TimeKey | int | str
Key = TypeVar("Key")


class PageInfo(msgspec.Struct, frozen=True, kw_only=True):
    """How to go on; `next_cursor` is None on the last page."""

    limit: int
    next_cursor: str | None


class Page(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """Some rows, where the next ones start, and the database's time when they were read."""

    items: tuple[Item, ...]
    page: PageInfo
    as_of: datetime


def cursor_of(key: Keyset) -> str:
    """Return the cursor that stands for a row's sort key."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def key_of(cursor: str, kind: type[Key]) -> Key:
    """Return the sort key a cursor stands for.

    Raises:
        Rejected: `parameter-invalid`; the cursor is none of ours.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return msgspec.json.decode(base64.b64decode(padded, b"-_", validate=True), type=kind)
    except (UnicodeEncodeError, binascii.Error, msgspec.MsgspecError, RecursionError) as error:
        raise _foreign_cursor() from error


def _foreign_cursor() -> Rejected:
    return Rejected(
        "cursor is not one that this list gave out; start again without it.",
        code="parameter-invalid",
    )


def after_time(cursor: str) -> TimeKey:
    """Return the time and the name a cursor of a list by time stands for.

    Raises:
        Rejected: `parameter-invalid`; the cursor is none of ours.
    """
    at, name = key_of(cursor, tuple[datetime, str])
    if at.tzinfo is None or "\x00" in name:
        raise _foreign_cursor()
    return at, name


def database_time(connection: Connection) -> datetime:
    """Return the time by the database's clock."""
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now


def read_page(
    connection: Connection,
    query: Select[Any],
    *,
    limit: int,
    key: Callable[[Row[Any]], Keyset],
    view: Callable[[Row[Any]], Item],
) -> Page[Item]:
    """Run an ordered query for one page.

    Args:
        connection: where to read.
        query: ordered, and already starting after the cursor.
        limit: rows per page.
        key: the sort key of a row, for the next cursor.
        view: what is shown of a row.
    """
    as_of = database_time(connection)
    rows = connection.execute(query.limit(limit + 1)).all()
    shown = rows[:limit]
    following = cursor_of(key(shown[-1])) if len(rows) > limit else None
    return Page(
        items=tuple(view(row) for row in shown),
        page=PageInfo(limit=limit, next_cursor=following),
        as_of=as_of,
    )
