"""Webhooks on their way from GitHub into the ledger: twice, out of order, late, or never.

What failed is in GitHub's own log, and sent again under the same id when the rig asks for it; what
GitHub never sent is in no log.
"""

from dataclasses import replace

from rigtasks.eventstore.deliveries import Delivery, DeliveryStatus
from rigtasks.testing.memory_github.model import Delivery as Sent
from rigtasks.testing.memory_github.webhook import UNREACHED
from rigtasks.testing.simulation.goals import Goal
from rigtasks.testing.simulation.plan import Fault
from rigtasks.testing.simulation.world import World

_LATE_SECONDS = 10_800.0
_DOWN_SECONDS = 600.0
_ACCEPTED = 202
#: Of the deliveries that are lost so many fail as GitHub sees it; it never sends the rest.
_NOTED = 0.8


class Courier:
    """Takes what GitHub sends.

    Args:
        world: whose GitHub sends.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: list[Sent] = []
        self._late_until = 0.0
        self._down_until = 0.0

    @property
    def busy(self) -> bool:
        """Say whether something is on its way."""
        if self._late_until and self._world.clock.monotonic() < self._late_until:
            return False
        return bool(self._waiting or self._world.hub.deliveries)

    @property
    def wants(self) -> float | None:
        """Return when GitHub goes on sending by the monotonic clock; None while it does."""
        now = self._world.clock.monotonic()
        return self._late_until if now < self._late_until else None

    def fall_behind(self) -> None:
        """Let GitHub send nothing for three hours, and everything after them."""
        self._world.goals.note(Goal.WEBHOOK_LATE)
        self._late_until = self._world.clock.monotonic() + _LATE_SECONDS

    def go_down(self) -> None:
        """Let the receiver be away for ten minutes; GitHub does not ask again."""
        self._down_until = self._world.clock.monotonic() + _DOWN_SECONDS

    def _is_down(self) -> bool:
        return self._world.clock.monotonic() < self._down_until

    def deliver(self) -> None:
        """Bring one webhook to its end."""
        world = self._world
        self._waiting += world.hub.deliveries
        world.hub.deliveries.clear()
        if not self._waiting:
            return
        position = 0
        if len(self._waiting) > 1 and world.happens(Fault.WEBHOOK_DISORDER, 0.5):
            position = world.chance.randrange(len(self._waiting))
            if position:
                world.goals.note(Goal.WEBHOOK_DISORDER)
        sent = self._waiting.pop(position)
        begins = sent.event == "issues"
        silent = world.knows(Fault.WEBHOOK_NONE) and not world.healed and not begins
        if silent:
            return
        if self._is_down():
            world.goals.note(Goal.RECEIVER_DOWN)
            world.hub.note_attempt(sent, UNREACHED)
            return
        if world.happens(Fault.WEBHOOK_LOST, 0.2):
            if world.chance.random() < _NOTED:
                world.hub.note_attempt(sent, UNREACHED)
            return
        self._receive(sent)
        world.hub.note_attempt(sent, _ACCEPTED)
        if world.happens(Fault.WEBHOOK_TWICE, 0.3):
            self._waiting.append(sent)
        if world.happens(Fault.WEBHOOK_TWINS, 0.2):
            world.goals.note(Goal.WEBHOOK_TWINS)
            self._waiting.append(replace(sent, id=str(world.identity())))

    def heal(self) -> None:
        """Let everything arrive from now on; nobody sends again what was lost but who is asked."""
        self._late_until = self._down_until = 0.0

    def _receive(self, sent: Sent) -> None:
        """Store a delivery, as the receiver does."""
        world = self._world
        new = world.deliveries.receive(
            Delivery(
                delivery_id=sent.id,
                event=sent.event,
                action=sent.action,
                repo_id=sent.repository_id,
                repo=sent.repository,
                number=sent.number,
                headers={},
                payload=sent.payload,
                received_at=world.clock(),
                status=DeliveryStatus.PENDING,
                outcome=None,
                attempts=0,
            )
        )
        if not new:
            world.goals.note(Goal.WEBHOOK_TWICE)
        elif sent.redelivery:
            world.goals.note(Goal.REDELIVERED)
