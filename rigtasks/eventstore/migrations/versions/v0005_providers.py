"""Keep which provider an issue's repository asks for."""

from importlib.resources import files

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the step."""
    folder = files("rigtasks.eventstore.migrations.versions")
    op.get_bind().exec_driver_sql(folder.joinpath("v0005_providers.sql").read_text())
