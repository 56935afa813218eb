"""Review-E reviews pull requests and writes no code: `celery -A rigtasks worker -Q review-e`."""

from workers.worker_type import WorkerType

REVIEW = WorkerType(
    name="review",
    queues=frozenset({"review-e"}),
    concurrency=1,
    max_tasks_per_child=1,
    remote_control=False,
    runs_agents=True,
    tasks=("rigtasks.tasks.agents",),
)
