"""iBuild-E implements issues that need macOS: `celery -A rigtasks worker -Q ios` on a Mac."""

from workers.worker_type import WorkerType

IOS = WorkerType(
    name="ios",
    queues=frozenset({"ios"}),
    concurrency=1,
    max_tasks_per_child=1,
    remote_control=False,
    runs_agents=True,
    tasks=("rigtasks.tasks.agents",),
)
