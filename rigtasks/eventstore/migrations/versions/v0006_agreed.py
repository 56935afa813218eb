"""Keep with each process the settings that have to be the same for all."""

from importlib.resources import files

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the step."""
    folder = files("rigtasks.eventstore.migrations.versions")
    op.get_bind().exec_driver_sql(folder.joinpath("v0006_agreed.sql").read_text())
