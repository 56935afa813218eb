"""The tables of the store, as one metadata object that the migrations are checked against.

Three kinds: the ledger (events, outbox, deliveries), the projections (a function of the events,
written in the append's own transaction, rebuilt by `rebuild.py`), and what is true only now
(leases, heartbeats, switches, wake-ups and the like). Names that order or compare across
machines use the "C" collation, so that Python and Postgres agree on every order.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB

from rigtasks.eventstore.github_tables import lost_deliveries, rate_budgets, rate_windows
from rigtasks.eventstore.report_tables import bot_acts, canaries, service_status, ticks, watchers
from rigtasks.eventstore.repository_tables import repository_ancestors, repository_names
from rigtasks.eventstore.table_parts import AT as _AT
from rigtasks.eventstore.table_parts import NAME as _NAME
from rigtasks.eventstore.table_parts import NOW as _NOW
from rigtasks.eventstore.table_parts import created as _created
from rigtasks.eventstore.table_parts import metadata
from rigtasks.eventstore.table_parts import required as _required
from rigtasks.eventstore.view_tables import agents, claims, views

__all__ = [
    "agents",
    "artifacts",
    "bot_acts",
    "canaries",
    "claim_counts",
    "claims",
    "deliveries",
    "event_position",
    "events",
    "heartbeats",
    "issue_dependencies",
    "issues",
    "leases",
    "lost_deliveries",
    "metadata",
    "outbox",
    "rate_budgets",
    "rate_windows",
    "repository_ancestors",
    "repository_names",
    "run_tokens",
    "runs",
    "schema_functions",
    "service_status",
    "steps",
    "switches",
    "ticks",
    "usage",
    "views",
    "wakeups",
    "watchers",
]

# --- the ledger -------------------------------------------------------------------------------

event_position = Sequence("event_position", data_type=BigInteger, metadata=metadata)

events = Table(
    "events",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    _required("stream", _NAME),
    _required("version", Integer()),
    _required("type", Text()),
    _required("schema_version", SmallInteger()),
    _required("event_id", Uuid()),
    _required("data", JSON()),
    _required("actor_kind", Text()),
    _required("actor_id", Text()),
    _required("correlation_id", Uuid()),
    Column("causation_id", Uuid()),
    _required("recorded_at", _AT),
    UniqueConstraint("stream", "version", name="events_stream_version"),
    UniqueConstraint("event_id", name="events_event_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=False), primary_key=True),
    _required("kind", Text()),
    _required("task", Text()),
    _required("queue", Text()),
    _required("args", JSONB()),
    Column("stream", _NAME),
    Column("dedup_key", Text),
    _created(),
    Column("available_at", _AT, nullable=False, server_default=_NOW),
    _required("attempts", Integer(), "0"),
    Column("last_error", Text),
    Column("published_at", _AT),
    Column("done_at", _AT),
    Column("dead_at", _AT),
    Index(
        "outbox_dedup_key",
        "dedup_key",
        unique=True,
        postgresql_where=text("dedup_key IS NOT NULL"),
    ),
    Index(
        "outbox_due",
        "available_at",
        postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
    ),
    Index(
        "outbox_stream",
        "stream",
        postgresql_where=text("stream IS NOT NULL AND done_at IS NULL"),
    ),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    _required("event", Text()),
    Column("action", Text),
    Column("repo_id", BigInteger),
    Column("repo", Text),
    Column("number", Integer),
    Column("semantic_key", Text),
    Column("duplicate_of", Text),
    _required("headers", JSONB()),
    Column("payload", LargeBinary),
    _created("received_at"),
    _required("status", Text(), "'pending'"),
    Column("outcome", Text),
    Column("outcome_at", _AT),  # NULL where the outcome was clear on arrival
    _required("attempts", Integer(), "0"),
    Column("last_error", Text),
    Index("deliveries_received", "received_at"),
    Index("deliveries_pending", "received_at", postgresql_where=text("status = 'pending'")),
    Index(
        "deliveries_semantic_key",
        "semantic_key",
        unique=True,
        postgresql_where=text("duplicate_of IS NULL"),
    ),
)

# --- projections ------------------------------------------------------------------------------

issues = Table(
    "issues",
    metadata,
    Column("stream", _NAME, primary_key=True),
    _required("version", Integer()),
    _required("ref", Text()),
    _required("repo_id", BigInteger()),
    _required("repo", Text()),
    Column("repo_key", Text),
    _required("number", Integer()),
    _required("generation", Integer()),
    _required("title", Text()),
    _required("lane", Text()),
    Column("overlay", Text),
    Column("claim_stage", Text),
    Column("claim_queue", Text),
    Column("claim_after", _AT),
    _required("has_dependencies", Boolean()),
    _required("priority", SmallInteger()),
    Column("approved_at", _AT),
    _required("approved_by", Text()),
    _required("task_digest", Text()),
    _required("stack", Text()),
    _required("queue", Text()),
    _required("base_branch", Text()),
    Column("hold", Text),
    _required("hold_sentence", Text()),
    _required("reason", Text()),
    Column("refusal_code", Text),
    Column("who_must_act", Text),
    Column("branch", Text),
    Column("head_sha", Text),
    Column("merge_sha", Text),
    Column("pr", Integer),
    Column("pr_url", Text),
    _required("epoch", Integer()),
    Column("run_id", Uuid()),
    _required("runs", Integer()),
    _required("attempts", Integer()),
    _required("lost_runs", Integer()),
    _required("review_loops", Integer()),
    _required("abstentions", Integer()),
    _required("cost_micro_usd", BigInteger()),
    _required("cost_unknown_runs", Integer()),
    _required("tokens", BigInteger()),
    _required("entered_at", _AT),
    _required("updated_at", _AT),
    Column("claim_provider", Text),
    UniqueConstraint("repo_id", "number", "generation", name="issues_repo_number_generation"),
    Index(
        "issues_claimable",
        func.hashtext(text("claim_queue")),
        "repo_id",
        "priority",
        "approved_at",
        "stream",
        postgresql_where=text("claim_queue IS NOT NULL AND approved_at IS NOT NULL"),
    ),
    Index("issues_ref", "ref"),
    Index("issues_entered", "entered_at"),
    postgresql_with={"fillfactor": 70},
)

issue_dependencies = Table(
    "issue_dependencies",
    metadata,
    _required("stream", _NAME),
    _required("ref", Text()),
    PrimaryKeyConstraint("stream", "ref", name="issue_dependencies_pkey"),
)

claim_counts = Table(
    "claim_counts",
    metadata,
    _required("queue", Text()),
    _required("repo_id", BigInteger()),
    _required("live", Integer()),
    PrimaryKeyConstraint("queue", "repo_id", name="claim_counts_pkey"),
    postgresql_with={"fillfactor": 50},
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", Uuid(), primary_key=True),
    _required("stream", _NAME),
    _required("epoch", Integer()),
    _required("stage", Text()),
    _required("queue", Text()),
    _required("repo_id", BigInteger()),
    _required("agent", Text()),
    _required("holder", Text()),
    _required("started_at", _AT),
    Column("ended_at", _AT),
    Column("outcome", Text),
    Column("failure", Text),
    _required("reason", Text()),
    Column("isolation", Text),
    Column("provider", Text),
    Column("model", Text),
    Column("base_sha", Text),
    Column("head_sha", Text),
    Column("artifact_id", Uuid()),
    Column("ending", Text),
    Column("seconds", Double),
    _required("turns", Integer()),
    _required("input_uncached", BigInteger()),
    _required("cache_read", BigInteger()),
    _required("cache_write", BigInteger()),
    _required("output", BigInteger()),
    _required("cost_micro_usd", BigInteger()),
    _required("cost_unknown", Boolean()),
    UniqueConstraint("stream", "epoch", name="runs_stream_epoch"),
    Index("runs_live", "stream", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("runs_started", "started_at"),
)

steps = Table(
    "steps",
    metadata,
    _required("run_id", Uuid()),
    _required("ordinal", Integer()),
    _required("name", Text()),
    _required("status", Text()),
    _required("seconds", Double()),
    _required("detail", Text()),
    PrimaryKeyConstraint("run_id", "ordinal", name="steps_pkey"),
)

usage = Table(
    "usage",
    metadata,
    Column("event_id", Uuid(), primary_key=True),
    _required("stream", _NAME),
    _required("run_id", Uuid()),
    _required("agent", Text()),
    _required("model", Text()),
    _required("turns", Integer()),
    _required("input_uncached", BigInteger()),
    _required("cache_read", BigInteger()),
    _required("cache_write", BigInteger()),
    _required("output", BigInteger()),
    Column("cost_micro_usd", BigInteger),
    _required("cost_basis", Text()),
    _required("recorded_at", _AT),
    Index("usage_recorded", "recorded_at"),
)

# --- what is true only now --------------------------------------------------------------------

leases = Table(
    "leases",
    metadata,
    Column("stream", _NAME, primary_key=True),
    _required("epoch", Integer()),
    _required("run_id", Uuid()),
    _required("holder", Text()),
    _required("queue", Text()),
    _required("expires_at", _AT),
    _required("heartbeat_at", _AT),
    Column("progress_at", _AT, nullable=False, server_default=_NOW),
)

wakeups = Table(
    "wakeups",
    metadata,
    Column("stream", _NAME, primary_key=True),
    _required("due_at", _AT),
    Index("wakeups_due", "due_at"),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("holder", Text, primary_key=True),
    _required("agent", Text()),
    _required("queue", Text()),
    _required("version", Text()),
    _required("config_hash", Text()),
    _required("isolation", Text()),
    Column("run_id", Uuid()),
    Column("seen_at", _AT, nullable=False, server_default=_NOW),
    Column("agreed", JSONB(), nullable=False, server_default=text("'{}'")),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("id", Uuid(), primary_key=True),
    _required("run_id", Uuid()),
    _required("kind", Text()),
    _required("data", LargeBinary()),
    _required("size", Integer()),
    _created(),
    Index("artifacts_run", "run_id"),
    Index("artifacts_created", "created_at"),
)

run_tokens = Table(
    "run_tokens",
    metadata,
    _required("run_id", Uuid()),
    _required("epoch", Integer()),
    _required("public_key", LargeBinary()),
    Column("sealed", LargeBinary),
    Column("expires_at", _AT),
    _created(),
    PrimaryKeyConstraint("run_id", "epoch", name="run_tokens_pkey"),
)

switches = Table(
    "switches",
    metadata,
    Column("id", BigInteger, Identity(always=False), primary_key=True),
    _required("scope", Text()),
    _required("reason", Text()),
    _required("actor", Text()),
    _created("since"),
    Column("lifted_at", _AT),
    Column("lifted_by", Text),
    _required("source", Text(), "'person'"),
    Column("until", _AT),
    Index(
        "switches_active",
        "scope",
        "source",
        unique=True,
        postgresql_where=text("lifted_at IS NULL"),
    ),
)

schema_functions = Table(
    "schema_functions",
    metadata,
    Column("digest", Text, primary_key=True),
    _created("applied_at"),
)
