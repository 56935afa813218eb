"""Workers and their agents: they claim, renew, work, report, die, freeze, come back."""

from enum import StrEnum
from uuid import UUID, uuid5

from rigtasks.budget.usage import CostBasis, Usage
from rigtasks.errors import Permanent, StaleEpoch
from rigtasks.eventstore.artifacts import Artifact, ArtifactKind
from rigtasks.eventstore.claims import Claimed, NotClaimed, Renewal
from rigtasks.eventstore.connection import DatabaseUnavailable
from rigtasks.lifecycle.commands import (
    Accepted,
    Command,
    Failed,
    FinishRun,
    ReleaseRun,
    Reviewed,
    StartCli,
    StartWork,
)
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.events.work import Unfinished
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.state import IssueState, Stage
from rigtasks.routing.agent_config import CONFIG_PATH, parse_agent_config
from rigtasks.routing.internal import InternalRepositories
from rigtasks.runs.assignments import branch_of, head_to_go_on_from
from rigtasks.runs.lease import Held, LeaseKeeper
from rigtasks.runs.report import over_budget
from rigtasks.testing.memory_github.commits import blob_sha
from rigtasks.testing.simulation.edits import Made, commits_of, is_merging, overtake, verdict_of
from rigtasks.testing.simulation.goals import Goal
from rigtasks.testing.simulation.plan import Curse, Fault
from rigtasks.testing.simulation.world import (
    HEARTBEAT_SECONDS,
    LEASE_SECONDS,
    LIMITS,
    MOST_OF_A_CALL,
    World,
)
from rigtasks.workspace.branches import taken_branch

_CALL_COST = 700_000
_INTERNAL_DENIED = "rig/conductor"
_RENEWED = {
    Renewal.HELD: Held.YES,
    Renewal.PAUSED: Held.PAUSED,
    Renewal.CANCELLED: Held.CANCELLED,
    Renewal.LOST: Held.LOST,
}


class Phase(StrEnum):
    """How far a run has come."""

    CLAIMED = "claimed"
    WORKING = "working"
    REPORTING = "reporting"


class Worker:
    """One worker process of a queue; it does one thing at a time.

    Args:
        world: where it lives.
        queue: whose work it takes.
        name: the holder its claims name.
    """

    def __init__(self, world: World, queue: str, name: str) -> None:
        self._world = world
        self.queue = queue
        self._name = name
        self.claimed: Claimed | None = None
        self._keeper: LeaseKeeper
        self._phase = Phase.CLAIMED
        self._due = 0.0
        self._good_until = 0.0
        self._beats_at = 0.0
        self._frozen_until = 0.0
        self._was_stopped = False
        self._is_leaving = False
        self._report: Command | None = None
        self._base_sha = ""
        self._head_sha: str | None = None

    @property
    def idle(self) -> bool:
        """Say whether it can answer a bell."""
        return self.claimed is None and not self._is_frozen

    @property
    def wants(self) -> float | None:
        """Return when it acts next by the monotonic clock; None while it is idle."""
        if self.claimed is None:
            return None
        return max(min(self._due, self._beats_at), self._frozen_until)

    @property
    def _is_frozen(self) -> bool:
        return self._world.clock.monotonic() < self._frozen_until

    def answer_bell(self) -> None:
        """Claim the best claimable issue of its queue, if any."""
        world = self._world
        asked_at = world.clock.monotonic()
        claimed = world.stores.claims.claim(
            queue=self.queue,
            agent=self.queue,
            holder=self._name,
            run_id=world.identity(),
            lease_seconds=LEASE_SECONDS,
            limits=LIMITS,
            internal=InternalRepositories(
                ids=frozenset({world.internal.id}), names=frozenset({_INTERNAL_DENIED})
            ),
        )
        if isinstance(claimed, NotClaimed):
            return
        world.note(f"{self._name} claimed {claimed.stream} at epoch {claimed.epoch}")
        self.claimed, self._phase, self._report = claimed, Phase.CLAIMED, None
        self._was_stopped = self._is_leaving = False
        self._good_until = asked_at + LEASE_SECONDS * 2 / 3
        self._keeper = LeaseKeeper(
            self._renew,
            interval=HEARTBEAT_SECONDS,
            lease=LEASE_SECONDS,
            asked_at=asked_at,
            shutting_down=lambda: self._is_leaving,
            monotonic=world.clock.monotonic,
        )
        self._beats_at = asked_at + HEARTBEAT_SECONDS
        self._due = asked_at + world.chance.uniform(0.1, 5.0)

    def act(self) -> None:
        """Renew the lease or go on with the run, whatever is due."""
        now = self._world.clock.monotonic()
        if self.claimed is None or self._is_frozen:
            return
        if self._falls():
            return
        try:
            working = self._due <= now
            if self._beats_at <= now and not (working and self._world.chance.random() < 0.5):
                self._beat()
            elif working:
                self._go_on()
        except StaleEpoch:
            self._world.goals.note(Goal.STALE_EPOCH)
            self.claimed = None
        except DatabaseUnavailable:
            self._due = now + 0.5  # said again, as long as the claim holds

    def _falls(self) -> bool:
        world = self._world
        poison = self._is_cursed(Curse.POISON) and self._phase is Phase.WORKING
        if poison or world.happens(Fault.WORKER_DIES, 0.05):
            world.note(f"{self._name} died")
            self.claimed = None
            return True
        if world.happens(Fault.WORKER_FREEZES, 0.05):
            self._frozen_until = world.clock.monotonic() + world.chance.choice((20.0, 70.0, 200.0))
            self._was_stopped = self._phase is Phase.REPORTING
            world.note(f"{self._name} froze")
            return True
        if world.happens(Fault.WORKER_LEAVES, 0.15):
            self._is_leaving = True
        return False

    def _is_cursed(self, curse: Curse) -> bool:
        """Say whether the issue it works on is the one that never goes well in this way."""
        cursed = self._world.plan.curse is curse
        return cursed and self._held().stream.startswith(f"issue:{self._world.shop.id}:1:")

    def _beat(self) -> None:
        """Let the lease keeper ask the database whether the claim still stands."""
        self._beats_at = self._world.clock.monotonic() + HEARTBEAT_SECONDS
        self._keeper.beat()

    def _renew(self) -> Held:
        claimed = self._held()
        asked_at = self._world.clock.monotonic()
        renewal = self._world.stores.claims.heartbeat(
            stream=claimed.stream,
            epoch=claimed.epoch,
            run_id=claimed.run_id,
            lease_seconds=LEASE_SECONDS,
        )
        if renewal is Renewal.HELD:
            self._good_until = asked_at + LEASE_SECONDS * 2 / 3
        return _RENEWED[renewal]

    def _go_on(self) -> None:
        # A process that was stopped between its look at the lease and its report reports late:
        # only the store can refuse it then.
        late = not self._was_stopped and self._world.clock.monotonic() > self._good_until
        if not (self._was_stopped or self._keeper.holds):
            self._world.note(f"{self._name} let go")
            self._world.goals.note(Goal.LEASE_PASSED)
            self.claimed = None
            return
        if late:
            raise AssertionError(f"I5: {self._name} acts after two thirds of its lease")
        match self._phase:
            case Phase.CLAIMED:
                self._begin()
            case Phase.WORKING:
                self._work()
            case Phase.REPORTING:
                self._tell(self._report)
                self.claimed = None

    def _begin(self) -> None:
        world, claimed = self._world, self._held()
        state = self._state()
        if state is None or state.run is None or state.run.run_id != claimed.run_id:
            self.claimed = None
            return
        unpaid = over_budget(state)
        if unpaid is not None:
            self._finish(unpaid.result, "not_started", unpaid.usage)
            return
        repo, branch = world.shop, branch_of(state)
        found = repo.branches.get(branch)
        implements = claimed.stage is Stage.IMPLEMENT
        if implements and state.pr is None and found not in {None, state.push_intent_sha}:
            self._fail(FailureClass.POLICY, taken_branch(branch, found))
            return
        self._base_sha = repo.branches["main"]
        self._head_sha = head_to_go_on_from(state, found) if implements else state.head_sha
        text = repo.graph[self._base_sha].files[CONFIG_PATH]
        self._tell(
            StartWork(
                run_id=claimed.run_id,
                epoch=claimed.epoch,
                base_sha=self._base_sha,
                head_sha=self._head_sha,
                branch=branch,
                isolation="simulated",
                config=parse_agent_config(text.encode()),
                config_sha=blob_sha(text),
            )
        )
        self._tell(
            StartCli(
                run_id=claimed.run_id,
                epoch=claimed.epoch,
                provider="simulated",
                model=None,
                isolation="simulated",
                call_micro_usd=_CALL_COST,
            )
        )
        self._phase = Phase.WORKING
        hangs = world.happens(Fault.AGENT_FAILS, 0.1)
        self._due = world.clock.monotonic() + (300.0 if hangs else world.chance.uniform(1, 40))

    def _work(self) -> None:
        stop = self._keeper.reason
        if stop is not None:
            claimed = self._held()
            self._report = ReleaseRun(
                run_id=claimed.run_id,
                epoch=claimed.epoch,
                reason=stop,
                usage=self._usage(),
                unfinished=self._unfinished(),
            )
            self._is_leaving = False
            self._phase = Phase.REPORTING
            return
        failure = self._failure()
        if failure is not None:
            self._fail(*failure)
            return
        state = self._state()
        if state is None:
            self.claimed = None
            return
        if self._held().stage is Stage.REVIEW:
            self._review(state)
        else:
            self._implement(state)

    def _failure(self) -> tuple[FailureClass, str] | None:
        world = self._world
        if self._is_cursed(Curse.HOPELESS):
            return FailureClass.WORK, "the agent cannot do it"
        if world.happens(Fault.AGENT_FAILS, 0.3):
            classes = (FailureClass.WORK, FailureClass.WORK, FailureClass.INFRA)
            return world.chance.choice(classes), "the agent failed"
        if world.happens(Fault.AGENT_LIMITED, 0.2):
            limits = (FailureClass.PROVIDER_QUOTA, FailureClass.PROVIDER_DOWN)
            return world.chance.choice(limits), "the provider is limited"
        return None

    def _implement(self, state: IssueState) -> None:
        made = self._made(state)
        if made is None:
            self._fail(FailureClass.INFRA, "the head cannot be fetched")
            return
        if self._is_cursed(Curse.OVERTAKEN):
            overtake(self._world)
        result = Accepted(
            artifact_id=self._keep(ArtifactKind.BUNDLE, made.bundle),
            base_sha=self._base_sha,
            head_sha=made.head_sha,
            command="python -m pytest",
            files_changed=made.files_changed,
            lines_changed=2,
        )
        self._finish(result, "ok", self._usage())

    def _made(self, state: IssueState) -> Made | None:
        start_sha = self._head_sha or self._base_sha
        if start_sha not in self._world.shop.graph:
            return None
        run_id = self._held().run_id
        return commits_of(self._world, state, run_id, start_sha, self._base_sha)

    def _unfinished(self) -> Unfinished | None:
        """Return what the agent had done so far; sometimes that is nothing, or takes too long."""
        state = self._state()
        if state is None or self._keeper.grace() <= 0 or is_merging(state):
            return None
        if self._held().stage is Stage.REVIEW or self._world.chance.random() < 0.1:
            return None
        made = self._made(state)
        if made is None:
            return None
        return Unfinished(
            artifact_id=self._keep(ArtifactKind.BUNDLE, made.bundle),
            base_sha=self._base_sha,
            head_sha=made.head_sha,
        )

    def _review(self, state: IssueState) -> None:
        data = verdict_of(self._world, stubborn=self._is_cursed(Curse.STUBBORN))
        artifact = self._keep(ArtifactKind.REVIEW, data)
        head_sha = state.head_sha or ""
        self._finish(Reviewed(artifact_id=artifact, head_sha=head_sha), "ok", self._usage())

    def _fail(self, failure: FailureClass, reason: str) -> None:
        self._finish(Failed(failure=failure, reason=reason), "failed", self._usage())

    def _finish(self, result: Accepted | Failed | Reviewed, ending: str, usage: Usage) -> None:
        claimed = self._held()
        self._report = FinishRun(
            run_id=claimed.run_id,
            epoch=claimed.epoch,
            ending=ending,
            seconds=1.0,
            usage=usage,
            steps=(),
            result=result,
        )
        self._phase = Phase.REPORTING
        self._due = self._world.clock.monotonic()

    def _keep(self, kind: ArtifactKind, data: bytes) -> UUID:
        run_id = self._held().run_id
        artifact = Artifact(id=uuid5(run_id, kind), run_id=run_id, kind=kind, data=data)
        self._world.stores.artifacts.put(artifact)
        return artifact.id

    def _usage(self) -> Usage:
        world = self._world
        cost: int | None = world.chance.randint(1_000, 400_000)
        if self._is_cursed(Curse.OVERTAKEN):
            cost = 1_000  # what never ends has to end by its cap, and not by its budget
        elif world.happens(Fault.BUDGET, 0.3):
            cost = world.chance.choice((None, 3_000_000, MOST_OF_A_CALL))
        basis = CostBasis.UNPRICED if cost is None else CostBasis.REPORTED
        return Usage(model="simulated", turns=1, cost_micro_usd=cost, cost_basis=basis)

    def _state(self) -> IssueState | None:
        return self._world.stores.events.load(self._held().stream).state

    def _tell(self, command: Command | None) -> None:
        if command is None:
            return
        claimed = self._held()
        reviewing = claimed.stage is Stage.REVIEW
        kind = ActorKind.REVIEWER if reviewing else ActorKind.WORKER
        self._world.shell.tell(
            claimed.stream,
            command,
            actor=Actor(kind=kind, id=self._name),
            cause=claimed.run_id,
            run_id=claimed.run_id,
            epoch=claimed.epoch,
        )

    def _held(self) -> Claimed:
        if self.claimed is None:
            raise Permanent("the worker holds nothing")
        return self.claimed
