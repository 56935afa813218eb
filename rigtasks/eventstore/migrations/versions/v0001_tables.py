"""Make the tables."""

from importlib.resources import files

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the step."""
    folder = files("rigtasks.eventstore.migrations.versions")
    op.get_bind().exec_driver_sql(folder.joinpath("v0001_tables.sql").read_text())
