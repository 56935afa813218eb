"""What the rig says of itself: which periods were begun, which watchers succeeded, who is well."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from rigtasks.eventstore.table_parts import AT, created, metadata, required

ticks = Table(
    "ticks",
    metadata,
    required("job", Text()),
    required("period_start", AT),
    created("started_at"),
    PrimaryKeyConstraint("job", "period_start", name="ticks_pkey"),
)

watchers = Table(
    "watchers",
    metadata,
    Column("name", Text, primary_key=True),
    required("last_success_at", AT),
    required("detail", Text()),
)

service_status = Table(
    "service_status",
    metadata,
    Column("name", Text, primary_key=True),
    required("ok", Boolean()),
    required("detail", Text()),
    required("as_of", AT),
)

#: Comments and labels by bots, one for each delivery that told of them.
bot_acts = Table(
    "bot_acts",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    required("repo_id", BigInteger()),
    required("number", Integer()),
    required("kind", Text()),
    required("actor", Text()),
    created("at"),
    Index("bot_acts_at", "at"),
)

#: Issues that the rig filed to see itself work, one for each period in which it did.
canaries = Table(
    "canaries",
    metadata,
    Column("period_start", AT, primary_key=True),
    required("repo_id", BigInteger()),
    required("number", Integer()),
    created("filed_at"),
    Column("ended_at", AT),
    Column("outcome", Text),
)
