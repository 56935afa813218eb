"""The event store: tables, append, outbox, claims, projections, migrations."""
