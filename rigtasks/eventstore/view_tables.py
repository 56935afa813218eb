"""The views of the store: questions that Postgres answers from the tables."""

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, Uuid

from rigtasks.eventstore.table_parts import AT, NAME

views = MetaData()

#: The live claims: runs that have not ended.
claims = Table(
    "claims",
    views,
    Column("stream", NAME),
    Column("epoch", Integer),
    Column("run_id", Uuid()),
    Column("stage", Text),
    Column("queue", Text),
    Column("repo_id", BigInteger),
    Column("agent", Text),
    Column("holder", Text),
    Column("claimed_at", AT),
)

#: Every agent that ever claimed, with its newest run.
agents = Table(
    "agents",
    views,
    Column("agent", Text),
    Column("queue", Text),
    Column("runs", BigInteger),
    Column("last_run_id", Uuid()),
    Column("last_stream", NAME),
    Column("last_claimed_at", AT),
)
