"""Many issues living at random: approvals, claims, endings of every kind, reviews, merges."""

from random import Random
from uuid import UUID

from rigtasks.budget.usage import CostBasis, Usage
from rigtasks.errors import Permanent
from rigtasks.eventstore.claims import Claimed, Limits
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.store import Writes
from rigtasks.lifecycle.envelope import Actor, ActorKind, NewEvent
from rigtasks.lifecycle.events import Event, acceptance, intake, liveness, work
from rigtasks.lifecycle.events.base import CheckNote, FindingNote, Step
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.state import IssueState
from rigtasks.routing.agent_config import AgentConfig
from rigtasks.testing.life import approval

CONDUCTOR = Actor(kind=ActorKind.CONDUCTOR, id="conductor")
REPOSITORIES = 4


def live(stores: Stores, *, seed: int, issues: int, steps: int) -> None:
    """Let some issues live for so many steps in all."""
    lives = Lives(stores, Random(seed), issues)  # noqa: S311 - a seed to repeat by
    for _ in range(steps):
        lives.step()


class Lives:
    def __init__(self, stores: Stores, random: Random, issues: int) -> None:
        self._stores = stores
        self._random = random
        self._issues = issues
        self._refs: list[str] = []

    def step(self) -> None:
        if self._random.random() < 0.25:
            self._claim()
            return
        number = self._random.randint(1, self._issues)
        repo_id = number % REPOSITORIES + 1
        generation = self._random.choice((1, 1, 1, 2))
        stream = f"issue:{repo_id}:{number}:{generation}"
        loaded = self._stores.events.load(stream)
        events = (
            (self._first(number, repo_id, generation),)
            if loaded.state is None
            else self._next(loaded.state)
        )
        new = tuple(
            NewEvent(
                event_id=self._uuid(),
                event=event,
                actor=CONDUCTOR,
                correlation_id=self._uuid(),
                causation_id=self._random.choice((None, self._uuid())),
            )
            for event in events
        )
        self._stores.events.append(loaded, Writes(events=new))

    def _claim(self) -> None:
        queue = self._random.choice(("dev-e-python", "dev-e-node", "review-e"))
        answer = self._stores.claims.claim(
            queue=queue,
            agent=f"{queue}-{self._random.randint(1, 3)}",
            holder=f"{queue}@host\\{self._random.randint(1, 9)}\tx",
            run_id=self._uuid(),
            lease_seconds=600.0,
            limits=Limits(per_repository=5),
        )
        if isinstance(answer, Claimed) and answer.epoch < 1:
            raise Permanent("an epoch begins at 1")

    def _uuid(self) -> UUID:
        return UUID(int=self._random.getrandbits(128))

    def _first(self, number: int, repo_id: int, generation: int) -> Event:
        repo = f"acme/r{repo_id}"
        if self._random.random() < 0.1:
            return intake.IssueRefused(
                ref=f"{repo}#{number}",
                repo_id=repo_id,
                repo=repo,
                number=number,
                generation=generation,
                title="Bad\\N\n\ttitle",
                code="no_stack",
                sentence="Say which stack it is.",
                who_must_act="a maintainer",
            )
        depends_on = tuple(self._random.sample(self._refs, k=min(2, len(self._refs))))
        self._refs.append(f"{repo}#{number}")
        return approval(
            number,
            ref=f"{repo}#{number}",
            repo_id=repo_id,
            repo=repo,
            generation=generation,
            title=self._random.choice(("Totals", "tab\tand\\back\\\\slash\r\n", "\u2028 é \0 NUL")),
            queue=self._random.choice(("dev-e-python", "dev-e-node")),
            priority=self._random.randint(0, 2),
            depends_on=depends_on if self._random.random() < 0.2 else (),
        )

    def _next(self, state: IssueState) -> tuple[Event, ...]:
        run = state.run.run_id if state.run else self._uuid()
        head = f"h{self._random.randint(1, 3)}"
        kinds = [self._of_run(state, run, head), self._of_pull_request(head)]
        kinds.append(self._of_people())
        return self._random.choice(self._random.choice(kinds))

    def _of_run(self, state: IssueState, run: UUID, head: str) -> list[tuple[Event, ...]]:
        epoch = state.epoch
        cost = self._random.choice((None, 1200))
        usage = Usage(
            model="m",
            turns=3,
            input_uncached=self._random.randint(0, 900),
            output=70,
            cost_micro_usd=cost,
            cost_basis=CostBasis.UNPRICED if cost is None else CostBasis.COMPUTED,
        )
        steps = tuple(
            Step(name=name, status="ok", seconds=self._random.random(), detail="a\\b")
            for name in ("implement", "test")
        )
        stage = str(state.run.stage) if state.run else "implement"
        failed = work.RunFailed(
            run_id=run,
            epoch=epoch,
            stage=stage,
            failure=self._random.choice(list(FailureClass)),
            reason="it broke\non a line",
            retry_seconds=self._random.choice((None, 0.0, 30.5)),
            output_tail="E   assert",
        )
        completed = work.CliCompleted(
            run_id=run,
            epoch=epoch,
            stage=stage,
            ending="ok",
            seconds=self._random.random() * 100,
            usage=usage,
            steps=steps,
            artifact_id=self._random.choice((None, self._uuid())),
            head_sha=self._random.choice((None, head)),
        )
        passed = work.TestsPassed(
            run_id=run,
            epoch=epoch,
            base_sha="b1",
            head_sha=head,
            artifact_id=self._uuid(),
            command="pytest",
            files_changed=1,
            lines_changed=4,
        )
        tokens = liveness.TokenUsage(run_id=run, agent="dev-e", usage=usage)
        created = work.PrCreated(
            pr=3,
            url="https://github.test/3",
            branch="feature/issue",
            head_sha=head,
            base_branch="main",
            author_id=5,
        )
        started = work.WorkStarted(
            run_id=run,
            epoch=epoch,
            base_sha="b1",
            isolation="bwrap",
            config=AgentConfig(),
            config_sha="c2",
        )
        half = work.Unfinished(artifact_id=self._uuid(), base_sha="b1", head_sha=head)
        interrupted = work.RunReleased(run_id=run, epoch=epoch, reason="shutdown", unfinished=half)
        kept = intake.IssueUnassigned(
            run_id=run, epoch=epoch, reason="it is on the branch", unfinished_sha=head
        )
        return [
            (failed,),
            (completed, tokens),
            (started, interrupted),
            (started, interrupted, kept),
            (tokens, passed),
            (passed, created),
            (started, work.CliStarted(run_id=run, provider="scripted", isolation="bwrap")),
            (work.RunReleased(run_id=run, epoch=epoch, reason="shutdown"),),
            (work.RunLost(run_id=run, epoch=epoch, stage=stage),),
            (liveness.AgentStuck(run_id=run, silent_seconds=600.0),),
        ]

    def _of_pull_request(self, head: str) -> list[tuple[Event, ...]]:
        finding = FindingNote(severity="major", message="rounding", path="a.py", line=3)
        return [
            (acceptance.CiFailed(head_sha=head, checks=(CheckNote(name="t", conclusion="x"),)),),
            (
                acceptance.ReviewDisputed(
                    review_id=self._random.randint(1, 99),
                    head_sha=head,
                    reviewer_id=6,
                    reviewer="review-e",
                    summary="no",
                    findings=(finding,),
                ),
            ),
            (
                acceptance.ReviewPassed(
                    review_id=100, head_sha=head, reviewer_id=6, reviewer="review-e"
                ),
            ),
            (work.PrClosed(pr=3, by="maria"),),
            (intake.IssueDone(merge_sha="m1", pr=3),),
        ]

    def _of_people(self) -> list[tuple[Event, ...]]:
        return [
            (intake.IssueHeld(waits_for="budget", sentence="wait", blocking=True),),
            (intake.IssueHeld(waits_for="limit", sentence="wait", blocking=False),),
            (intake.IssueCancelled(reason="label removed", by="maria"),),
            (liveness.Escalated(reason="unclear", who_must_act="maria"),),
            (liveness.OperatorRetried(reason="try again", by="maria"),),
            (liveness.OperatorRerouted(queue="dev-e-node", reason="is node", by="maria"),),
            (liveness.OperatorNote(text="mind\tthe\\cents", by="maria"),),
        ]
