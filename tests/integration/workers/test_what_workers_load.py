"""What cannot write to GitHub does not hold the code for it, and knows no task of those who can."""

import json
import subprocess
import sys

import pytest

GITHUB = ["github", "jwt", "requests", "rigtasks.conducting", "rigtasks.github.transport"]
PROGRAM = """
import json, sys
from rigtasks.celery import app
app.loader.import_default_modules()
queue = sys.argv[1]
if queue:
    from celery.signals import celeryd_init
    options = {"queues": queue}
    celeryd_init.send(f"{queue}@host", instance=None, conf=app.conf, options=options)
tasks = sorted(name for name in app.tasks if not name.startswith("celery."))
print(json.dumps({"loaded": sorted(sys.modules), "tasks": tasks}))
"""
CONDUCTORS = {
    "rig.beat.tick", "rig.conductor.absence", "rig.conductor.base_branches", "rig.conductor.canary",
    "rig.conductor.compare", "rig.conductor.credentials", "rig.conductor.delivery",
    "rig.conductor.effect", "rig.conductor.reconcile", "rig.conductor.repair",
    "rig.conductor.wake", "rig.rehearsal",
}  # fmt: skip
ENVIRONMENT = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "RIG_PROVIDER": "scripted",
    "RIG_GITHUB_API_URL": "http://127.0.0.1:1",
    "RIG_OWNERS": '["acme"]',
}


@pytest.mark.parametrize(
    ("queue", "tasks", "github"),
    [
        pytest.param("", {"rig.rehearsal"}, [], id="beat-and-flower"),
        pytest.param("dev-e-node", {"rig.agent.work", "rig.rehearsal"}, [], id="dev-e-node"),
        pytest.param("review-e", {"rig.agent.work", "rig.rehearsal"}, [], id="review-e"),
        pytest.param("conductor", CONDUCTORS, GITHUB, id="conductor"),
    ],
)
def test_what_a_celery_process_loads(queue: str, tasks: set[str], github: list[str]) -> None:
    done = subprocess.run(
        (sys.executable, "-c", PROGRAM, queue),
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert set(found["tasks"]) == tasks
    assert [name for name in GITHUB if name in found["loaded"]] == github
