"""What the rig keeps about GitHub itself: its limits, and the webhooks it was asked to repeat."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from rigtasks.eventstore.table_parts import AT, created, metadata, required

#: A window in which an identity must not call, for one of GitHub's resources or for all (`*`).
rate_windows = Table(
    "rate_windows",
    metadata,
    required("identity", Text()),
    required("scope", Text()),
    required("closed_until", AT),
    PrimaryKeyConstraint("identity", "scope", name="rate_windows_pkey"),
)

#: What an identity spent of its budget per minute, and when it may write next.
rate_budgets = Table(
    "rate_budgets",
    metadata,
    Column("identity", Text, primary_key=True),
    required("points", Double(), "0"),
    Column("counted_at", AT),
    Column("written_at", AT),
    required("pauses", Integer(), "0"),
    postgresql_with={"fillfactor": 50},
)

#: Deliveries that never arrived and that GitHub was asked to send once more.
lost_deliveries = Table(
    "lost_deliveries",
    metadata,
    Column("guid", Text, primary_key=True),
    required("attempt_id", BigInteger()),
    required("event", Text()),
    created("asked_at"),
    Index("lost_deliveries_asked", "asked_at"),
)
