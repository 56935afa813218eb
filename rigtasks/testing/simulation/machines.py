"""What happens to the machines in a simulation: Redis, Postgres, beat, the receiver, clocks."""

from collections.abc import Callable

from rigtasks.github.identities import Role
from rigtasks.shell import EFFECT_TASK, WORK_TASK
from rigtasks.testing.simulation.courier import Courier
from rigtasks.testing.simulation.goals import Goal
from rigtasks.testing.simulation.plan import Fault
from rigtasks.testing.simulation.world import World

_NO_BEAT_SECONDS = 300.0
_AWAY_SECONDS = (5.0, 50.0, 90.0)
_BACK_SECONDS = 5.0


class Machines:
    """Strikes the machines of a world until everything is healed.

    Args:
        world: whose machines.
        courier: brings webhooks to the receiver.
    """

    def __init__(self, world: World, courier: Courier) -> None:
        self._world = world
        self.no_beat_until = 0.0
        self._merge_methods = world.shop.merge_methods
        self._strikes: dict[Fault, tuple[float, Callable[[], None]]] = {
            Fault.REDIS_FLUSHED: (0.3, self._flush),
            Fault.REDIS_FORGETS: (0.3, world.broker.forget),
            Fault.REDIS_DOWN: (0.3, self._take_redis_away),
            Fault.STORE_AWAY: (0.2, self._take_store_away),
            Fault.WEBHOOK_LATE: (0.1, courier.fall_behind),
            Fault.RECEIVER_DOWN: (0.1, courier.go_down),
            Fault.BEAT_STOPS: (0.2, self._stop_beat),
            Fault.POISON_HINT: (0.2, self._poison),
            Fault.MERGE_FORBIDDEN: (0.2, self._forbid_merges),
            Fault.APP_REMOVED: (0.2, self._remove_app),
            Fault.CLOCK_BACK: (0.2, self._set_clock_back),
        }

    def strike(self) -> None:
        """Let something happen, of what the seed knows; what was down before is up again then."""
        self._mend()
        for fault, (probability, act) in self._strikes.items():
            if self._world.happens(fault, probability):
                act()

    def heal(self) -> None:
        """Bring everything up again."""
        world = self._world
        self._mend()
        world.faults.limited_until = 0.0
        world.store_away_until = 0.0
        self.no_beat_until = 0.0

    def _mend(self) -> None:
        world = self._world
        world.broker.down = False
        world.hub.not_installed.clear()
        world.shop.merge_methods = self._merge_methods

    def _flush(self) -> None:
        broker = self._world.broker
        if any(broker.queues.values()):
            self._world.goals.note(Goal.BROKER_EMPTY)
        broker.flush()

    def _take_redis_away(self) -> None:
        self._world.broker.down = True

    def _take_store_away(self) -> None:
        away = self._world.chance.choice(_AWAY_SECONDS)
        self._world.store_away_until = self._world.clock.monotonic() + away
        self._world.note(f"Postgres is away for {away} s")

    def _stop_beat(self) -> None:
        self.no_beat_until = self._world.clock.monotonic() + _NO_BEAT_SECONDS

    def _poison(self) -> None:
        queues = self._world.broker.queues
        queues["conductor"].append((EFFECT_TASK, (10**9, "issue:0:0:0", "?")))
        queues["dev-e-python"].append((WORK_TASK, ("no such queue", "?")))

    def _forbid_merges(self) -> None:
        self._world.shop.merge_methods = frozenset()

    def _remove_app(self) -> None:
        world = self._world
        world.hub.not_installed.add((world.chance.choice(list(Role)), world.shop.id))

    def _set_clock_back(self) -> None:
        self._world.clock.set_back(_BACK_SECONDS)
        self._world.goals.note(Goal.CLOCK_BACK)
