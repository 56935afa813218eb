"""The agents' Celery task: hear the bell, claim, work. It carries neither authority nor order."""

from celery import current_app, shared_task

from rigtasks.bootstrap import worker_kit
from rigtasks.runs.work import answer_bell
from rigtasks.shell import WORK_TASK
from rigtasks.tasks.dropped import note_dropped
from rigtasks.tasks.presence import announce


@shared_task(name=WORK_TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def work(queue: object = None, *_rang: object) -> str:
    """Work on the best claimable issue of a queue, if there is one.

    What rings decides nothing: a worker takes only the work of its own queues. Every bell also
    shows that messages of the queue reach a process that can work.

    Args:
        queue: whose work is wanted.
        _rang: who rang, for Flower and people only.
    """
    served: tuple[str, ...] = current_app.conf.get("rig_queues") or ()
    if not isinstance(queue, str) or queue not in served:
        note_dropped(",".join(served), f"a bell for {queue!r}, which is not served here")
        return "dropped: this worker does not serve that queue"
    holder = current_app.conf.get("rig_holder") or "unnamed"
    return answer_bell(
        worker_kit(holder),
        queue=queue,
        holder=holder,
        present=lambda run_id: announce(
            holder=holder, queue=queue, runs_agents=True, run_id=run_id
        ),
    )
