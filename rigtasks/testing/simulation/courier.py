"""Webhooks on their way from GitHub into the ledger: twice, out of order, late, or never."""

from rigtasks.eventstore.deliveries import Delivery, DeliveryStatus
from rigtasks.testing.memory_github.model import Delivery as Sent
from rigtasks.testing.simulation.goals import Goal
from rigtasks.testing.simulation.plan import Fault
from rigtasks.testing.simulation.world import World


class Courier:
    """Takes what GitHub sends. What was lost is sent again once everything is healed.

    Args:
        world: whose GitHub sends.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: list[Sent] = []
        self._lost: list[Sent] = []

    @property
    def busy(self) -> bool:
        """Say whether something is on its way."""
        return bool(self._waiting or self._world.hub.deliveries)

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
        if silent or world.happens(Fault.WEBHOOK_LOST, 0.2):
            self._lost.append(sent)
            return
        self._receive(sent)
        if world.happens(Fault.WEBHOOK_TWICE, 0.3):
            self._waiting.append(sent)

    def heal(self) -> None:
        """Send again what was lost; GitHub keeps it for three days."""
        self._waiting += self._lost
        self._lost = []

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
