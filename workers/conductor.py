"""The conductor decides and is the only one that writes to GitHub: `... worker -Q conductor`."""

from workers.worker_type import WorkerType

CONDUCTOR = WorkerType(
    name="conductor",
    queues=frozenset({"conductor"}),
    concurrency=2,
    max_tasks_per_child=None,
    remote_control=True,
    runs_agents=False,
    tasks=("rigtasks.tasks.conductor", "beat.tick"),
)
