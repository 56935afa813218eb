"""Issues on a real store, brought to where a sweep or a failure finds them."""

from uuid import uuid4

from rigtasks.config import Settings
from rigtasks.eventstore.claims import Claimed, Limits
from rigtasks.eventstore.database import Stores
from rigtasks.lifecycle.commands import Admit
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.timers import Timers
from rigtasks.schedule import periods
from rigtasks.shell import IssueShell
from rigtasks.testing.life import approval

_EVERYTHING = Settings.model_validate({"DATABASE_URL": "none", "canary_repository": "acme/canary"})
HOURLY = dict.fromkeys(periods(_EVERYTHING), 3600.0)
CONDUCTOR = Actor(kind=ActorKind.CONDUCTOR, id="by hand")


def shell_on(stores: Stores, timers: Timers | None = None) -> IssueShell:
    return IssueShell(stores, timers or Timers())


def admit(stores: Stores, number: int, timers: Timers | None = None) -> str:
    """Admit an issue; its bell is in the outbox."""
    stream = f"issue:1:{number}:1"
    shell_on(stores, timers).tell(
        stream, Admit(approved=approval(number)), actor=CONDUCTOR, cause=uuid4()
    )
    return stream


def approve(stores: Stores, number: int, timers: Timers | None = None) -> str:
    """Admit an issue and take what that put into the outbox out again."""
    stream = admit(stores, number, timers)
    for entry in stores.outbox.take():
        stores.outbox.done(entry.id)
    return stream


def claim(stores: Stores, *, lease_seconds: float) -> Claimed:
    claimed = stores.claims.claim(
        queue="dev-e-python",
        agent="dev-e-python",
        holder="by hand",
        run_id=uuid4(),
        lease_seconds=lease_seconds,
        limits=Limits(),
    )
    assert isinstance(claimed, Claimed), claimed
    return claimed


def open_tasks(stores: Stores) -> list[tuple[str, tuple[str, ...]]]:
    """Return the tasks that wait, each due at once again."""
    return [(one.task, one.args) for one in stores.outbox.take(repeat_seconds=0.0)]
