"""Everything of one seed: the real core and handlers, and what stands around them simulated."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from rigtasks.conductor.alone import EffectUnderWay
from rigtasks.conductor.context import Conductor
from rigtasks.errors import Conflict
from rigtasks.eventstore.claims import Claimed, Limits, NotClaimed, Renewal
from rigtasks.eventstore.connection import DatabaseUnavailable
from rigtasks.eventstore.stream import Appended, LoadedStream, Writes
from rigtasks.github.identities import Role
from rigtasks.lifecycle.events.intake import IssueLimits
from rigtasks.lifecycle.timers import Timers
from rigtasks.routing.agent_config import CONFIG_PATH
from rigtasks.routing.facts import IntakePolicy
from rigtasks.routing.internal import InternalRepositories
from rigtasks.routing.labels import READY
from rigtasks.routing.stack import Queue
from rigtasks.shell import IssueShell
from rigtasks.tasks.relay import Relay
from rigtasks.tasks.sweeps import Sweeps
from rigtasks.testing.memory_claims import MemoryClaims
from rigtasks.testing.memory_github import MemoryCleanClones, MemoryGitHub, MemoryIdentities
from rigtasks.testing.memory_github.hub import CI_APP
from rigtasks.testing.memory_github.model import Protection, Repository
from rigtasks.testing.memory_store import MemoryDatabase, MemoryEventStore
from rigtasks.testing.memory_stores import stores_in
from rigtasks.testing.memory_tables import MemoryDeliveries, MemoryTicks
from rigtasks.testing.simulation.broker import SimulatedBroker
from rigtasks.testing.simulation.clock import SimulatedClock
from rigtasks.testing.simulation.github_faults import GitHubFaults
from rigtasks.testing.simulation.goals import Goal, Goals
from rigtasks.testing.simulation.plan import Fault, Plan

SHOP = "acme/shop"
CONFIG = "stack: python\ntestCommand: python -m pytest\nmerge:\n  requiredChecks: [test]\n"
FILES = {
    "price.py": "def price(x):\n    return int(x)\n",
    "tests/test_price.py": "def test_price():\n    assert price(1) == 1\n",
    ".github/workflows/ci.yml": "on: push\n",
    CONFIG_PATH: CONFIG,
}
#: maria and omar may write, the stranger may read.
ROLES = {"maria": "write", "omar": "admin", "stranger": "read"}
QUEUES = ("dev-e-python", "review-e")
LIMITS = Limits(total=3, per_repository=2, per_queue=2)
LEASE_SECONDS = 60.0
HEARTBEAT_SECONDS = 15.0
REPUBLISH_SECONDS = 30.0
SWEEP_SECONDS = 15.0
RECONCILE_SECONDS = 300.0
ORPHAN_SECONDS = 86_400.0
PERIODS = {
    "expired_leases": SWEEP_SECONDS,
    "wake_ups": SWEEP_SECONDS,
    "stale_deliveries": SWEEP_SECONDS,
    "reconcile_due": RECONCILE_SECONDS,
    "orphans": RECONCILE_SECONDS,
    "silent_agents": SWEEP_SECONDS,
    "late_pull_requests": SWEEP_SECONDS,
    "human_gates": SWEEP_SECONDS,
    "escalations": SWEEP_SECONDS,
    "breakers": SWEEP_SECONDS,
    "base_branches_due": RECONCILE_SECONDS,
    "canary_due": RECONCILE_SECONDS,
}
#: A seed that knows more kinds of faults than this has each of them less often.
_MANY_FAULTS = 10
MAX_COST = 5_000_000
#: What a single call of an agent costs at the most, in micro-dollars.
MOST_OF_A_CALL = 6_000_000


class Died(BaseException):
    """A process ended here; whatever it had not stored is gone."""


class FaultyEventStore(MemoryEventStore):
    """A store whose appends sometimes come too late, or are stored without an answer."""

    def __init__(self, world: "World") -> None:
        super().__init__(world.database)
        self._world = world

    def load(self, stream: str) -> LoadedStream:
        """Return the stream folded to now.

        Raises:
            DatabaseUnavailable: Postgres is away.
        """
        self._world.require_store()
        return super().load(stream)

    def append(self, loaded: LoadedStream, writes: Writes) -> Appended:
        """Store what was decided, unless somebody else was faster.

        Raises:
            DatabaseUnavailable: it is stored, and nobody was told; or Postgres is away.
        """
        self._world.require_store()
        if self._world.happens(Fault.STORE_CONFLICT, 0.03):
            self._world.goals.note(Goal.CONFLICTED_APPEND)
            raise Conflict(f"{loaded.stream} moved on: load it again and decide again")
        appended = super().append(loaded, writes)
        if self._world.happens(Fault.STORE_CONFLICT, 0.01):
            raise DatabaseUnavailable("the connection broke during the commit")
        return appended


class FaultyClaims(MemoryClaims):
    """Claims that cannot be asked for, or renewed, while Postgres is away."""

    def __init__(self, world: "World") -> None:
        super().__init__(world.database)
        self._world = world

    def claim(self, **asked: Any) -> Claimed | NotClaimed:
        """Claim the best claimable issue of a queue."""
        self._world.require_store()
        claimed = super().claim(**asked)
        if isinstance(claimed, Claimed):
            self._world.on_claim(claimed)
        return claimed

    def heartbeat(self, **asked: Any) -> Renewal:
        """Renew a lease."""
        self._world.require_store()
        return super().heartbeat(**asked)


class World:
    """The parts of one simulation, put together as `bootstrap` does.

    Args:
        plan: the seed.
        goals: where rare situations are counted.
    """

    def __init__(self, plan: Plan, goals: Goals) -> None:
        self.plan = plan
        self.goals = goals
        self.chance = random.Random(plan.seed)  # noqa: S311  # repeatable, and no secret
        self.clock = SimulatedClock()
        self.healed = False
        self._often = min(1.0, _MANY_FAULTS / max(1, len(plan.faults)))
        self.trace: list[str] = []
        self.on_claim: Callable[[Claimed], None] = lambda _: None
        self.faults = GitHubFaults(self)
        self.hub = MemoryGitHub(
            self.clock, faults=self.faults, lazy_mergeability=self.knows(Fault.GITHUB_LAGS)
        )
        self.shop = self._repository(SHOP)
        self.internal = self._repository("rig/conductor")
        self.database = MemoryDatabase(self.clock)
        self.store_away_until = 0.0
        self.stores = replace(
            stores_in(self.database), events=FaultyEventStore(self), claims=FaultyClaims(self)
        )
        self.shell = IssueShell(self.stores, Timers())
        self.broker = SimulatedBroker(self._sent, self._repeats)
        self._held: set[str] = set()
        self.conductor = self._conductor()
        self.relays = [self._relay() for _ in range(2 if self.knows(Fault.TWO_BEATS) else 1)]

    @property
    def deliveries(self) -> MemoryDeliveries:
        """Return the ledger of deliveries."""
        ledger = self.stores.deliveries
        assert isinstance(ledger, MemoryDeliveries)  # noqa: S101  # built so above
        return ledger

    @property
    def ticks(self) -> MemoryTicks:
        """Return the periods that were begun."""
        ticks = self.stores.ticks
        assert isinstance(ticks, MemoryTicks)  # noqa: S101  # built so above
        return ticks

    def require_store(self) -> None:
        """Fail while Postgres is away.

        Raises:
            DatabaseUnavailable: it is.
        """
        if self.clock.monotonic() < self.store_away_until:
            self.goals.note(Goal.STORE_AWAY)
            raise DatabaseUnavailable("Postgres does not answer")

    def knows(self, fault: Fault) -> bool:
        """Say whether this seed has a kind of fault at all."""
        return fault in self.plan.faults

    def happens(self, fault: Fault, probability: float) -> bool:
        """Throw the dice for a fault; nothing fails any more once everything is healed.

        Where a seed knows many kinds, each comes less often, or nothing would get anywhere.
        """
        if self.healed or fault not in self.plan.faults:
            return False
        return self.chance.random() < probability * self._often

    def identity(self) -> UUID:
        """Return an id that depends on the seed alone."""
        return UUID(int=self.chance.getrandbits(128), version=4)

    def note(self, words: str) -> None:
        """Write down a step, for the reader of a failure."""
        self.trace.append(f"{self.clock.monotonic():8.1f} {words}")

    def _sent(self) -> None:
        """Let a relay die between publishing and noting it."""
        if self.happens(Fault.RELAY_DIES, 0.02):
            raise Died

    def _repeats(self) -> bool:
        if not self.happens(Fault.MESSAGE_TWICE, 0.1):
            return False
        self.goals.note(Goal.MESSAGE_TWICE)
        return True

    @contextmanager
    def alone(self, stream: str) -> Iterator[None]:
        """Hold an issue's lock, as a session of Postgres does."""
        if stream in self._held:
            raise EffectUnderWay(f"another effect of {stream} is under way", retry_after=1.0)
        self._held.add(stream)
        try:
            yield
        finally:
            self._held.discard(stream)

    def _repository(self, name: str) -> Repository:
        repo = self.hub.create_repository(name, files=FILES, roles=ROLES)
        # Where GitHub requires the check as well, its own refusal would hide a missing gate.
        if self.chance.random() < 0.5:
            self.hub.protect(repo, "main", Protection(checks=(("test", CI_APP[0]),)))
        return repo

    def _conductor(self) -> Conductor:
        return Conductor(
            stores=self.stores,
            shell=self.shell,
            github=MemoryIdentities(self.hub),
            intake=IntakePolicy(
                internal=InternalRepositories(ids=frozenset({self.internal.id})),
                queues=frozenset(Queue),
            ),
            label=READY,
            limits=IssueLimits(max_cost_micro_usd=MAX_COST),
            app_ids={role: self.hub.apps[role].id for role in Role},
            mail_host="memory.test",
            clones=MemoryCleanClones(self.hub),
            now=self.clock,
            alone=self.alone,
        )

    def _relay(self) -> Relay:
        return Relay(
            self.stores,
            self.broker,
            republish_seconds=REPUBLISH_SECONDS,
            ping_seconds=3_600.0,
            queues=QUEUES,
            sweeps=Sweeps(
                stores=self.stores,
                shell=self.shell,
                answer_seconds=60.0,
                orphan_seconds=ORPHAN_SECONDS,
                periods=PERIODS,
            ),
            monotonic=self.clock.monotonic,
        )
