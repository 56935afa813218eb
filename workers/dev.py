"""Dev-E implements issues: `celery -A rigtasks worker -Q dev-e-node` (`-dotnet`, `-python`)."""

from workers.worker_type import WorkerType

DEV = WorkerType(
    name="dev",
    queues=frozenset({"dev-e-node", "dev-e-dotnet", "dev-e-python"}),
    concurrency=1,
    max_tasks_per_child=1,
    remote_control=False,
    runs_agents=True,
    tasks=("rigtasks.tasks.agents",),
)
