"""Run one seed: chaos by a seeded scheduler, then heal everything and demand progress."""

import gc
import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

import msgspec
import structlog

from rigtasks.eventstore.codec import storable
from rigtasks.eventstore.connection import DatabaseUnavailable
from rigtasks.lifecycle.events.liveness import StateRepaired
from rigtasks.lifecycle.state import Lane
from rigtasks.shell import reconcile_entry
from rigtasks.tasks.entries import TASKS
from rigtasks.testing.simulation.ci import Ci
from rigtasks.testing.simulation.courier import Courier
from rigtasks.testing.simulation.goals import Goal, Goals, reached_by
from rigtasks.testing.simulation.invariants import Broken, Invariants
from rigtasks.testing.simulation.linter import Linter
from rigtasks.testing.simulation.machines import Machines
from rigtasks.testing.simulation.memo import remembering
from rigtasks.testing.simulation.people import (
    People,
    is_settled,
    waits_at_the_gate,
    waits_for_another,
)
from rigtasks.testing.simulation.plan import Fault, Plan
from rigtasks.testing.simulation.workers import Worker
from rigtasks.testing.simulation.world import SHOP, Died, World

_MOST_HEALING_STEPS = 600
_MOST_HELP = 12
#: One seed of so many goes on for an hour after its end.
_IDLE_SEEDS = 10
#: Calls of GitHub in an idle hour: twelve comparisons, what each open issue adds, and twelve looks
#: at the base branch for each merge of the last hours whose checks did not tell yet.
_CALLS_OF_A_REPOSITORY = 150
_CALLS_OF_AN_ISSUE = 1_000
_CALLS_OF_A_MERGE = 36
#: When Python looks for garbage in cycles, of which a seed leaves little.
_COLLECTING = (50_000, 20, 20)
_Action = Callable[[], None]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one seed.

    Args:
        plan: what was run.
        failure: the invariant that broke, in words; None where all held.
        lifecycles: issues that came to an end or name who must act.
        steps: how many steps it took.
        events: how many events were stored.
        digest: of everything that was stored, equal for equal runs.
        trace: the last steps, for the reader of a failure.
    """

    plan: Plan
    failure: str | None
    lifecycles: int
    steps: int
    events: int
    digest: str
    trace: tuple[str, ...]


def run_seed(plan: Plan, goals: Goals) -> Outcome:
    """Run one seed and return what became of it; nothing is raised for a broken invariant."""
    failure: str | None = None
    with _quiet(), _seldom_collecting(), remembering():
        simulation = Simulation(plan, goals)
        try:
            simulation.run()
        except Exception as error:  # noqa: BLE001  # whatever it is, the seed has found it
            failure = f"{type(error).__name__}: {error}"
        return simulation.outcome(failure)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the handlers' log lines out of the way, and everybody else's as they were."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Let the many small values of a seed live without being counted through all the time."""
    before = gc.get_threshold()
    gc.set_threshold(*_COLLECTING)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Simulation:
    """One seed under way."""

    def __init__(self, plan: Plan, goals: Goals) -> None:
        self.world = World(plan, goals)
        self.invariants = Invariants(self.world)
        self.courier = Courier(self.world)
        self.linter = Linter(self.world)
        self.ci = Ci(self.world, self.linter)
        self.people = People(self.world, self.ci, self.linter)
        queues = ("dev-e-python", "dev-e-python", "review-e")
        self.workers = [
            Worker(self.world, queue, f"{queue}@{number}") for number, queue in enumerate(queues)
        ]
        self.steps = 0
        self.machines = Machines(self.world, self.courier)
        self._task_died = False
        world = self.world
        world.faults.interrupt = self._interrupt
        world.faults.die = self._die
        world.faults.move_head = self.people.push_to
        world.faults.act_before = self.people.act_before

    def run(self) -> None:
        """Chaos first, then heal and require progress."""
        for _ in range(self.world.plan.steps):
            self.step()
        self._heal()
        for helped in range(_MOST_HELP):
            self._until_quiet()
            if helped and self._all_settled():
                self._reconcile()
                if self._all_settled():
                    break
            self.people.help()
        self._until_quiet()
        self._reconcile_twice()
        if self.world.plan.seed % _IDLE_SEEDS == 0:
            self._idle_for_an_hour()
        self.invariants.check_end()

    def step(self) -> None:
        """Let one thing happen and look whether all invariants hold."""
        self.steps += 1
        if not self.world.healed and self.world.chance.random() < 0.05:
            self.machines.strike()
        try:
            self._next()()
        except DatabaseUnavailable:
            self.world.note("somebody was not told what became of an append")
        self.invariants.check()

    def outcome(self, failure: str | None) -> Outcome:
        """Sum up what became of the seed."""
        world = self.world
        self._count_goals()
        digest = hashlib.sha256()
        for stored in world.database.log:
            digest.update(f"{stored.stream} {stored.event_id} {stored.recorded_at}".encode())
            digest.update(storable(stored.event)[1])
        states = [fold.state for fold in world.database.folds.values() if fold.state is not None]
        return Outcome(
            plan=world.plan,
            failure=failure,
            lifecycles=sum(is_settled(state) for state in states),
            steps=self.steps,
            events=len(world.database.log),
            digest=digest.hexdigest(),
            trace=tuple(world.trace[-60:]),
        )

    def _next(self) -> _Action:
        """Choose what happens next among all that could."""
        world, chance = self.world, self.world.chance
        if not world.healed and chance.random() < self.people.restlessness:
            return self.people.act
        choices = [*self._messages(), *self._working()]
        if not choices or chance.random() < 0.05:
            return self._pass_time
        return chance.choice(choices)

    def _messages(self) -> list[_Action]:
        """Return what is on its way, as often as it shall be likely."""
        choices: list[_Action] = []
        if self.courier.busy:
            choices += [self.courier.deliver] * 3
        if self.world.broker.queues["conductor"]:
            choices += [self._conduct] * 4
        if self._is_due(self.world.clock.monotonic()):
            choices += [self._relay] * 2
        return choices

    def _working(self) -> list[_Action]:
        """Return what workers, people and CI could do."""
        choices: list[_Action] = []
        now = self.world.clock.monotonic()
        for worker in self.workers:
            if worker.claimed is None:
                if self.world.broker.queues[worker.queue] and worker.idle:
                    choices.append(partial(self._ring, worker))
            elif (wants := worker.wants) is not None and wants <= now:
                choices += [worker.act] * 2
        if self.people.busy:
            choices.append(self.people.write_issue)
        checks = ((self.ci.wants, self.ci.run), (self.linter.wants, self.linter.run))
        choices += [run for ends, run in checks if ends is not None and ends <= now]
        return choices

    def _is_due(self, now: float) -> bool:
        if now < self.machines.no_beat_until:
            return False
        due = self._next_due()
        return due is not None and due <= self.world.clock()

    def _next_due(self) -> datetime | None:
        """Return when something in the store is due next."""
        return min(self._dues(), default=None)

    def _dues(self) -> list[datetime]:
        """Return when something in the store is due."""
        database = self.world.database
        dues = [one.available_at for one in database.open_entries.values()]
        dues += database.wake_ups.values()
        dues += [lease.expires_at for lease in database.leases.values()]
        return dues

    def _pass_time(self) -> None:
        """Let time pass until something is due, or a little."""
        world = self.world
        now, clock = world.clock.monotonic(), world.clock()
        waits = [(due - clock).total_seconds() for due in self._dues()]
        waits += [wants - now for worker in self.workers if (wants := worker.wants) is not None]
        waits += [wants - now for wants in self._outside() if wants is not None]
        ahead = [seconds for seconds in waits if seconds > 0]
        seconds = min(ahead, default=30.0)
        if not world.healed and world.chance.random() < 0.5:
            seconds = min(seconds, world.chance.choice((1.0, 5.0, 15.0)))
        world.clock.advance(seconds + 0.001)

    def _outside(self) -> tuple[float | None, ...]:
        """Return when CI, another app and GitHub act next by the monotonic clock."""
        return self.ci.wants, self.linter.wants, self.courier.wants

    def _conduct(self) -> None:
        """Let a conductor take one message and carry it out, dying where it has to."""
        world = self.world
        message = world.broker.take("conductor")
        if message is None:
            return
        task, args = message
        self.invariants.interleaved = False
        world.faults.limited_task = False
        world.faults.inside += 1
        try:
            outcome = TASKS[task](world.conductor, *args)
        except Died:
            world.goals.note(Goal.CONDUCTOR_DIED)
            outcome = "died"
        finally:
            world.faults.inside -= 1
        if world.plan.steps:
            world.note(f"{task.rpartition('.')[2]} {args[1:]}: {outcome}")
        self._note_outcome(str(outcome))

    def _note_outcome(self, outcome: str) -> None:
        goals = self.world.goals
        for words, goal in (
            ("paused", Goal.PAUSED),
            ("under way", Goal.INTERLEAVED),
            ("head moved", Goal.HEAD_MOVED),
            ("given up", Goal.GIVEN_UP),
            ("dropped: somebody moved", Goal.LEASE_LOST),
            ("changed on the base", Goal.CONFIG_CHANGED),
        ):
            if words in outcome:
                goals.note(goal)

    def _ring(self, worker: Worker) -> None:
        if self.world.broker.take(worker.queue) is not None:
            worker.answer_bell()

    def _relay(self) -> None:
        """Let one relay have its turn; with two of them the periods are shared."""
        relay = self.world.chance.choice(self.world.relays)
        refused = self.world.ticks.refused
        try:
            relay.turn()
        except Died:
            self.world.note("a relay died")
        ticks = self.world.ticks
        if ticks.refused > refused and len(self.world.relays) > 1:
            self.world.goals.note(Goal.TWO_BEATS)

    def _interrupt(self) -> None:
        """Let another process act in the middle of a handler."""
        self.invariants.interleaved = True
        self.world.faults.inside += 1
        try:
            self._next()()
        finally:
            self.world.faults.inside -= 1

    def _die(self) -> None:
        raise Died

    def _heal(self) -> None:
        self.world.note("healed")
        self.world.healed = True
        self.machines.heal()
        self.courier.heal()
        self.people.heal()

    def _until_quiet(self) -> None:
        """Go on until every issue is settled and nothing is on its way."""
        for _ in range(_MOST_HEALING_STEPS):
            if self._is_quiet():
                return
            self.step()

    def _reconcile(self) -> None:
        self.world.stores.outbox.add_missing((reconcile_entry(),))
        self._until_quiet()

    def _reconcile_twice(self) -> None:
        """Go through GitHub twice once all is quiet.

        Raises:
            Broken: something was repaired the second time as well.
        """
        repairs = []
        for _ in range(2):
            self._reconcile()
            log = self.world.database.log
            repairs.append(sum(isinstance(one.event, StateRepaired) for one in log))
        if repairs[0] != repairs[1]:
            raise Broken("I16: the reconciler repaired something again")

    def _idle_for_an_hour(self) -> None:
        """Let time pass where nothing is left to do but to look whether there is.

        Raises:
            Broken: looking costs more calls of GitHub the more issues there are.
        """
        calls, until = self.world.faults.calls, self.world.clock.monotonic() + 3_600.0
        while self.world.clock.monotonic() < until:
            self.step()
            self._relay()
        asked = self.world.faults.calls - calls
        self._until_quiet()  # which may take hours where a breaker lets something wait
        states = [state for _, state in self.world.database.states()]
        still_open = sum(not state.terminal for state in states)
        watched = self.world.clock() - timedelta(seconds=self.world.conductor.base_watch + 3_600.0)
        merged = sum(state.lane is Lane.DONE and state.entered_at > watched for state in states)
        bound = (
            _CALLS_OF_A_REPOSITORY + _CALLS_OF_AN_ISSUE * still_open + _CALLS_OF_A_MERGE * merged
        )
        if asked > bound:
            raise Broken(f"I26: {asked} calls of GitHub in an idle hour, more than {bound}")

    def _is_quiet(self) -> bool:
        world = self.world
        if self.courier.busy or self.people.busy or self.ci.busy:
            return False
        if any(worker.claimed is not None for worker in self.workers):
            return False
        if any(one.entry.kind == "task" for one in world.database.open_entries.values()):
            return False
        states = [fold.state for fold in world.database.folds.values() if fold.state is not None]
        lanes = {state.ref: state.lane for state in states}
        return all(
            is_settled(state) or waits_at_the_gate(state) or waits_for_another(state, lanes)
            for state in states
        )

    def _all_settled(self) -> bool:
        folds = self.world.database.folds.values()
        return all(fold.state is not None and is_settled(fold.state) for fold in folds)

    def _count_goals(self) -> None:
        goals = self.world.goals
        for stored in self.world.database.log:
            for goal in reached_by(stored.event, self.world.internal.id):
                goals.note(goal)
        for fold in self.world.database.folds.values():
            state = fold.state
            if state is not None and state.generation > 1:
                goals.note(Goal.SUPERSEDED)
            if state is None or state.lane is not Lane.DONE:
                continue
            if self.world.knows(Fault.WEBHOOK_NONE):
                goals.note(Goal.NO_WEBHOOKS)
            if self.world.shop.full_name != SHOP:
                goals.note(Goal.RENAMED)
