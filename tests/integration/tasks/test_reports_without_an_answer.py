"""A command whose answer was lost is repeated, and says its piece once."""

from uuid import uuid4

from task_lives import approve, claim, shell_on

from rigtasks.eventstore.database import Stores
from rigtasks.lifecycle.commands import ReportProgress
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.shell import Doubt

WORKER = Actor(kind=ActorKind.WORKER, id="by hand")


def test_a_repeated_report_is_stored_once_and_a_new_one_is_stored_again(stores: Stores) -> None:
    stream = approve(stores, 1)
    claimed = claim(stores, lease_seconds=60.0)
    command = ReportProgress(
        run_id=claimed.run_id, epoch=claimed.epoch, kind="tests", message="red"
    )

    def tell(doubt: Doubt | None) -> int:
        told = shell_on(stores).tell(
            stream, command, actor=WORKER, cause=uuid4(), epoch=claimed.epoch, doubt=doubt
        )
        return len(told.events)

    doubt = Doubt()
    first, again = tell(doubt), tell(doubt)
    another = tell(Doubt())

    assert (first, again, another) == (1, 0, 1)
    types = [one.event.type for one in stores.events.events(stream)]
    assert types.count("CLI_PROGRESS") == 2
