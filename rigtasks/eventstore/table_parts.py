"""What the tables of the store are written with: one metadata object and a few kinds of columns."""

from typing import Any

from sqlalchemy import Column, DateTime, MetaData, Text, text
from sqlalchemy.types import TypeEngine

metadata = MetaData()

AT = DateTime(timezone=True)
#: Names that order or compare across machines.
NAME = Text(collation="C")
NOW = text("clock_timestamp()")


def required(name: str, kind: TypeEngine[Any], default: str | None = None) -> Column[Any]:
    """Return a column that always has a value."""
    return Column(
        name, kind, nullable=False, server_default=None if default is None else text(default)
    )


def created(name: str = "created_at") -> Column[Any]:
    """Return the column with the time a row was made, by the database's clock."""
    return Column(name, AT, nullable=False, server_default=NOW)
