"""What distinguishes one type of worker from another, as data."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class WorkerType:
    """One type of worker.

    Attributes:
        name: the module's name, shown in logs and heartbeats.
        queues: the queues such a worker may consume, alone or together.
        concurrency: runs at once in one process tree.
        max_tasks_per_child: None keeps the child; 1 gives every run a fresh process.
        remote_control: whether Celery may inspect and control the worker; never where agents run.
        runs_agents: whether its tasks claim issues and start agents.
        tasks: the modules of its tasks; a message for any other task is dropped.
    """

    name: str
    queues: frozenset[str]
    concurrency: int
    max_tasks_per_child: int | None
    remote_control: bool
    runs_agents: bool
    tasks: tuple[str, ...]
