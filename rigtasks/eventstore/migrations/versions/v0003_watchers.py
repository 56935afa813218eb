"""Keep how long a stop holds and who set it, what a run last showed of itself, and the canaries."""

from importlib.resources import files

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the step."""
    folder = files("rigtasks.eventstore.migrations.versions")
    op.get_bind().exec_driver_sql(folder.joinpath("v0003_watchers.sql").read_text())
