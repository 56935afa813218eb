"""Set up a worker for the queues of its `-Q` when Celery starts it.

Beat and Flower load this module too, so what only a worker needs is imported where it is used.
"""

import os
from importlib import import_module
from typing import Any

import structlog
from celery import bootsteps
from celery.signals import celeryd_init, worker_process_init, worker_shutting_down

from rigtasks.celery import app
from rigtasks.config import CLOSE_TO_STRANGERS, OPEN_TO_ALL, ConfigurationError, load_settings
from workers.liveness import ALIVE_SECONDS, alive_file, forget_dead_files, holder_name
from workers.table import worker_type_for

_log = structlog.get_logger("rig.conductor")


@celeryd_init.connect  # type: ignore[untyped-decorator]  # celery ships no types
def set_up(sender: str, conf: Any, options: dict[str, Any], **_: Any) -> None:
    """Apply the options of the worker type that `-Q` asks for, or stop with one sentence."""
    asked = options.get("queues") or ()
    queues = asked.split(",") if isinstance(asked, str) else list(asked)
    try:
        kind = worker_type_for(queues)
        from rigtasks.bootstrap import check_agents, check_offers  # noqa: PLC0415 - of workers only

        check_offers()
        if kind.runs_agents:
            check_agents(queues)
    except ConfigurationError as error:
        raise SystemExit(str(error)) from error
    for module in kind.tasks:
        import_module(module)
    if not kind.runs_agents and load_settings().is_open_to_all:
        _log.warning(OPEN_TO_ALL, remedy=CLOSE_TO_STRANGERS)
    holder = holder_name(sender, queues, os.getpid())
    forget_dead_files(load_settings().data_dir, holder)
    conf.update(
        worker_concurrency=options.get("concurrency") or kind.concurrency,
        worker_max_tasks_per_child=kind.max_tasks_per_child,
        worker_enable_remote_control=kind.remote_control,
        rig_queues=tuple(queues),
        rig_holder=holder,
        rig_runs_agents=kind.runs_agents,
    )


@app.task(name="rig.rehearsal")  # type: ignore[untyped-decorator]  # celery ships no types
def rehearse_task() -> None:
    """Do nothing: the first task of a fresh process takes longer by half a millisecond."""


@worker_process_init.connect  # type: ignore[untyped-decorator]  # celery ships no types
def say_hello(**_: Any) -> None:
    """Tell the store that a process of this worker can take work, and be warm for it.

    What killed processes left on the disk is swept meanwhile.
    """
    from rigtasks.bootstrap import worker_kit  # noqa: PLC0415 - of workers only
    from rigtasks.tasks.presence import announce  # noqa: PLC0415 - of workers only
    from rigtasks.workspace.owned_folders import (  # noqa: PLC0415 - of workers only
        sweep_in_background,
    )

    runs_agents = app.conf.get("rig_runs_agents")
    kit = worker_kit(app.conf.rig_holder) if runs_agents else None
    for queue in app.conf.get("rig_queues", ()):
        announce(holder=app.conf.rig_holder, queue=queue, runs_agents=runs_agents)
    chosen = load_settings()
    sweep_in_background(chosen.runs_folder if runs_agents else chosen.clones_folder)
    if kit is not None:
        kit.stores.claims.rehearse()
        rehearse_task.apply()


class Liveness(bootsteps.StartStopStep):  # type: ignore[misc]  # celery ships no types
    """Touch a file from the consumer's own loop, so that a stuck loop shows."""

    requires = ("celery.worker.consumer.connection:Connection",)

    def start(self, consumer: Any) -> None:
        """Begin touching the file."""
        path = alive_file(load_settings().data_dir, app.conf.rig_holder)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self.entry = consumer.timer.call_repeatedly(ALIVE_SECONDS, path.touch)

    def stop(self, consumer: Any) -> None:  # noqa: ARG002  # Celery's signature
        """Stop touching it."""
        entry = getattr(self, "entry", None)
        if entry is not None:
            entry.cancel()


app.steps["consumer"].add(Liveness)


@worker_shutting_down.connect  # type: ignore[untyped-decorator]  # celery ships no types
def stop_runs(**_: Any) -> None:
    """Tell the runs of this worker to stop and give their claims back."""
    from rigtasks.bootstrap import shutdown_file  # noqa: PLC0415 - of workers only

    path = shutdown_file(load_settings().data_dir, app.conf.get("rig_holder", "unnamed"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
