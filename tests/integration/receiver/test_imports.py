"""The process that faces the internet holds no broker client, no GitHub client and no agent."""

import subprocess
import sys

ABSENT = (
    "celery", "kombu", "redis", "github", "alembic", "requests", "rigtasks.tasks", "rigtasks.runs",
    "rigtasks.agent", "rigtasks.bootstrap", "rigtasks.celery", "rigtasks.lifecycle.decide",
)  # fmt: skip
PROGRAM = """
import sys
from webhook_receiver import wsgi
from webhook_receiver.dashboard import model
assert callable(wsgi.app)
print(*sorted(sys.modules))
"""


def test_what_the_receiver_does_not_import() -> None:
    loaded = subprocess.run(
        (sys.executable, "-c", PROGRAM),
        env={"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "RIG_WEBHOOK_SECRET": "s"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()
    assert "webhook_receiver.intake.ledger" in loaded
    assert [name for name in ABSENT if name in loaded] == []
