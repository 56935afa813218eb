from dataclasses import dataclass
from uuid import UUID, uuid4

from rigtasks.eventstore.claims import Claimed, Claims, Limits, NotClaimed
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.outbox import Outbox
from rigtasks.eventstore.store import EventStore, OutboxEntry, Writes
from rigtasks.eventstore.switches import Switches
from rigtasks.lifecycle.commands import Admit, Command
from rigtasks.lifecycle.envelope import Actor, ActorKind, NewEvent
from rigtasks.lifecycle.events import Event
from rigtasks.lifecycle.state import IssueState
from rigtasks.lifecycle.timers import Timers
from rigtasks.shell import IssueShell
from rigtasks.testing.life import approval
from rigtasks.testing.memory_claims import MemoryClaims
from rigtasks.testing.memory_outbox import MemoryOutbox

CONDUCTOR = Actor(kind=ActorKind.CONDUCTOR, id="conductor")


@dataclass(frozen=True)
class House:
    """One kind of store with what belongs to it, and short ways to use it."""

    events: EventStore
    claims: Claims | MemoryClaims
    outbox: Outbox | MemoryOutbox
    switches: Switches

    def tell(
        self,
        stream: str,
        *events: Event,
        epoch: int | None = None,
        run_id: UUID | None = None,
        outbox: tuple[OutboxEntry, ...] = (),
    ) -> IssueState:
        new = tuple(
            NewEvent(event_id=uuid4(), event=event, actor=CONDUCTOR, correlation_id=uuid4())
            for event in events
        )
        writes = Writes(events=new, outbox=outbox, epoch=epoch, run_id=run_id)
        state = self.events.append(self.events.load(stream), writes).state
        assert state is not None
        return state

    def approve(self, number: int = 7, **changes: object) -> str:
        repo_id = changes.get("repo_id", 1)
        generation = changes.get("generation", 1)
        stream = f"issue:{repo_id}:{number}:{generation}"
        self.tell(stream, approval(number, **changes))
        return stream

    def claim(self, queue: str = "dev-e-python", **changes: object) -> Claimed | NotClaimed:
        arguments: dict[str, object] = {
            "agent": "dev-e",
            "holder": "dev-e-1",
            "run_id": uuid4(),
            "lease_seconds": 60.0,
            "limits": Limits(),
        }
        return self.claims.claim(queue=queue, **{**arguments, **changes})  # type: ignore[arg-type]

    def claimed(self, queue: str = "dev-e-python", **changes: object) -> Claimed:
        answer = self.claim(queue, **changes)
        assert isinstance(answer, Claimed)
        return answer


def tell(stores: Stores, stream: str, command: Command) -> None:
    """Give an issue a command that leads to something."""
    shell = IssueShell(stores, Timers())
    assert shell.tell(stream, command, actor=CONDUCTOR, cause=uuid4()).events


def approve(stores: Stores, number: int = 7, **changes: object) -> str:
    approved = approval(number, **changes)
    stream = f"issue:{approved.repo_id}:{number}:{approved.generation}"
    tell(stores, stream, Admit(approved=approved))
    return stream
