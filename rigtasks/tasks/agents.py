"""The agents' Celery task: hear the bell, claim, work. It carries neither authority nor order."""

from celery import current_app, shared_task

from rigtasks.bootstrap import worker_kit
from rigtasks.runs.work import answer_bell
from rigtasks.shell import WORK_TASK
from rigtasks.tasks.presence import announce


@shared_task(name=WORK_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def work(queue: str, ref: str) -> str:
    """Work on the best claimable issue of a queue, if there is one.

    Every bell also shows that messages of the queue reach a process that can work.

    Args:
        queue: whose work is wanted.
        ref: who rang, for Flower and people only.
    """
    del ref
    holder = current_app.conf.get("rig_holder") or "unnamed"
    return answer_bell(
        worker_kit(holder),
        queue=queue,
        holder=holder,
        present=lambda run_id: announce(
            holder=holder, queue=queue, runs_agents=True, run_id=run_id
        ),
    )
