"""Keep GitHub's limits, and which lost webhooks it was asked to repeat."""

from importlib.resources import files

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the step."""
    folder = files("rigtasks.eventstore.migrations.versions")
    op.get_bind().exec_driver_sql(folder.joinpath("v0002_github.sql").read_text())
