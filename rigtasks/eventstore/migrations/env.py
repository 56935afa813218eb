"""Run the steps on the connection that the caller opened; see `migrate.py`."""

from alembic import context

from rigtasks.eventstore.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="schema_version",
)
context.run_migrations()
