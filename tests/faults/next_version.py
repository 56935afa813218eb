"""A version of the rig that does not exist yet: a copy with one schema step and one event more."""

import shutil
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("rigtasks", "workers", "beat", "webhook_receiver")
STEP = '''\
"""Keep a remark with each delivery."""

from alembic import op

revision = "9999"
down_revision = "{newest}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the step."""
    op.get_bind().exec_driver_sql("ALTER TABLE deliveries ADD COLUMN remark text")
'''
UPCASTER = 'UPCASTERS.register("WORK_STARTED", 1, lambda data: {**data, "place": "unknown"})\n'
WORK_STARTED = '    type: ClassVar[str] = "WORK_STARTED"\n'
CHANGED = f"{WORK_STARTED}    schema_version: ClassVar[int] = 2\n\n    place: str = 'here'\n"


def next_version(folder: Path, *, newest: str) -> Mapping[str, str]:
    """Make the next version of the rig and return the environment of its processes.

    Its `WORK_STARTED` has a second schema version, with an upcaster from the first.

    Args:
        folder: where the copy goes.
        newest: the newest schema step of this version.
    """
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    store = folder / "rigtasks" / "eventstore"
    (store / "migrations" / "versions" / "v9999_remark.py").write_text(STEP.format(newest=newest))
    with (store / "upcasters.py").open("a") as upcasters:
        upcasters.write(UPCASTER)
    events = folder / "rigtasks" / "lifecycle" / "events" / "work.py"
    text = events.read_text()
    assert text.count(WORK_STARTED) == 1, "the event that is changed is no longer there"
    events.write_text(text.replace(WORK_STARTED, CHANGED))
    return {"PYTHONPATH": str(folder)}
