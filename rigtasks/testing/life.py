"""Live the life of one issue in memory: commands in, events and state out, no store."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from rigtasks.budget.usage import CostBasis, Usage
from rigtasks.lifecycle.commands import (
    Accepted,
    Admit,
    CiStatus,
    Command,
    FinishRun,
    IntendPush,
    KeepUnfinished,
    ObservePullRequest,
    RecordPullRequest,
    ReleaseRun,
    Reviewed,
    ReviewSeen,
    StartWork,
)
from rigtasks.lifecycle.decide import decide
from rigtasks.lifecycle.envelope import Actor, ActorKind, StoredEvent
from rigtasks.lifecycle.events.acceptance import ReviewAssigned
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.events.intake import IssueApproved, IssueAssigned
from rigtasks.lifecycle.events.work import Unfinished
from rigtasks.lifecycle.evolve import evolve
from rigtasks.lifecycle.react import Bell, Effect, react
from rigtasks.lifecycle.state import IssueState, Stage, stream_name
from rigtasks.routing.agent_config import AgentConfig
from rigtasks.runs.assignments import head_to_go_on_from

NAMESPACE = UUID("6ff1b4c2-6c9f-4a55-9a0e-3c1f0b7f6c11")
START = datetime(2026, 1, 1, tzinfo=UTC)


def approval(number: int = 7, **changes: object) -> IssueApproved:
    """Return an approval of `acme/api#7`, with any field changed."""
    fields: dict[str, object] = {
        "ref": f"acme/api#{number}",
        "repo_id": 1,
        "repo": "acme/api",
        "number": number,
        "generation": 1,
        "title": "Totals are wrong",
        "body": "The total of two items is the first item.",
        "task_digest": "d1",
        "approved_by_id": 11,
        "approved_by": "maria",
        "permission": "write",
        "stack": "python",
        "queue": "dev-e-python",
        "priority": 2,
        "base_branch": "main",
        "config": AgentConfig(),
        "config_sha": "c1",
    }
    return IssueApproved(**{**fields, **changes})  # type: ignore[arg-type]


def no_model(turns: int = 1) -> Usage:
    """Return the usage of a run that called no model."""
    return Usage(
        model="scripted-rules", turns=turns, cost_micro_usd=0, cost_basis=CostBasis.REPORTED
    )


class Life:
    """One issue, its events so far, and a clock that moves a second per event."""

    def __init__(self) -> None:
        self.state: IssueState | None = None
        self.events: list[Event] = []
        self.effects: list[Effect | Bell] = []
        self.now = START
        self.runs = 0

    @property
    def issue(self) -> IssueState:
        """Return the state of an issue that exists."""
        if self.state is None:
            msg = "the issue has no events yet"
            raise LookupError(msg)
        return self.state

    def tell(self, command: Command) -> tuple[Event, ...]:
        """Give a command and store what it decides."""
        return self.store(*decide(command, self.state))

    def store(self, *events: Event) -> tuple[Event, ...]:
        """Append events as the store would, with the effects they ask for."""
        before = self.state
        for event in events:
            self.now += timedelta(seconds=1)
            self.events.append(event)
            self.state = evolve(self.state, self._stored(event))
        if events and self.state is not None:
            self.effects.extend(react(events, before, self.state))
        return events

    def _stored(self, event: Event) -> StoredEvent:
        version = len(self.events)
        return StoredEvent(
            position=version,
            stream=stream_name(1, 7, 1),
            version=version,
            event_id=uuid5(NAMESPACE, str(version)),
            event=event,
            actor=Actor(kind=ActorKind.CONDUCTOR, id="test"),
            correlation_id=NAMESPACE,
            causation_id=None,
            recorded_at=self.now,
        )

    def approve(self, **changes: object) -> None:
        """Admit the issue."""
        self.tell(Admit(approved=approval(**changes)))  # type: ignore[arg-type]

    def claim(self) -> UUID:
        """Claim the wanted stage as a worker's claim does, and return the run id."""
        stage = self.issue.wanted_stage
        self.runs += 1
        run_id = uuid5(NAMESPACE, f"run-{self.runs}")
        kind = ReviewAssigned if stage is Stage.REVIEW else IssueAssigned
        agent = "review-e" if stage is Stage.REVIEW else "dev-e-python"
        self.store(
            kind(
                run_id=run_id,
                epoch=self.issue.epoch + 1,
                agent=agent,
                holder=f"{agent}@host/{self.runs}",
                queue=agent,
            )
        )
        return run_id

    def begin(self, branch: str = "feature/issue-7-totals") -> UUID:
        """Claim, and begin to work."""
        run_id = self.claim()
        state = self.issue
        self.tell(
            StartWork(
                run_id=run_id,
                epoch=state.epoch,
                base_sha="b1",
                head_sha=head_to_go_on_from(state, state.push_intent_sha),
                branch=branch,
                isolation="bubblewrap",
                config=AgentConfig(),
                config_sha="c1",
            )
        )
        return run_id

    def interrupt(self, head_sha: str = "w1") -> UUID:
        """Claim, work, and give the claim back with what is done so far."""
        run_id = self.begin()
        work = Unfinished(artifact_id=uuid5(NAMESPACE, head_sha), base_sha="b1", head_sha=head_sha)
        self.tell(
            ReleaseRun(
                run_id=run_id,
                epoch=self.issue.epoch,
                reason="the worker is shutting down",
                usage=no_model(),
                unfinished=work,
            )
        )
        return run_id

    def implement(self, head_sha: str = "h1", branch: str = "feature/issue-7-totals") -> UUID:
        """Claim, work, and leave accepted commits behind."""
        run_id = self.begin(branch)
        result = Accepted(
            artifact_id=uuid5(NAMESPACE, head_sha),
            base_sha="b1",
            head_sha=head_sha,
            command="pytest",
            files_changed=1,
            lines_changed=2,
        )
        self.finish(run_id, result)
        return run_id

    def finish(self, run_id: UUID, result: object) -> tuple[Event, ...]:
        """End a run with a result."""
        return self.tell(
            FinishRun(
                run_id=run_id,
                epoch=self.issue.epoch,
                ending="ok",
                seconds=1.0,
                usage=no_model(),
                steps=(),
                result=result,  # type: ignore[arg-type]
            )
        )

    def publish(self, pr: int = 3) -> None:
        """Push the commits that wait; open or update the pull request where they are finished."""
        pending = self.issue.publish
        if pending is None:
            msg = "nothing waits to be published"
            raise LookupError(msg)
        branch = self.issue.branch or "feature/issue-7-totals"
        self.tell(
            IntendPush(
                run_id=pending.run_id,
                epoch=pending.epoch,
                branch=branch,
                old_sha=self.issue.head_sha,
                new_sha=pending.head_sha,
            )
        )
        if pending.unfinished:
            self.tell(
                KeepUnfinished(
                    run_id=pending.run_id, epoch=pending.epoch, head_sha=pending.head_sha
                )
            )
            return
        self.tell(
            RecordPullRequest(
                run_id=pending.run_id,
                epoch=pending.epoch,
                pr=pr,
                url=f"https://github.test/acme/api/pull/{pr}",
                branch=branch,
                head_sha=pending.head_sha,
                base_branch="main",
                author_id=501,
                adopted=False,
            )
        )

    def review(self) -> None:
        """Claim the review and leave a verdict behind."""
        head = self.issue.head_sha or ""
        run_id = self.claim()
        self.finish(run_id, Reviewed(artifact_id=uuid5(NAMESPACE, f"review-{head}"), head_sha=head))

    def observe(self, **changes: object) -> tuple[Event, ...]:
        """Show the issue what GitHub says of its pull request, with any fact changed."""
        state = self.issue
        facts: dict[str, object] = {
            "pr": state.pr.number if state.pr else 0,
            "open": True,
            "merged": False,
            "merged_by": "",
            "merge_sha": None,
            "closed_by": "",
            "head_sha": state.head_sha or "",
            "base_sha": "b1",
            "conflict": False,
            "behind": False,
            "ci": CiStatus.PENDING,
            "checks": (),
            "reviews": (),
        }
        return self.tell(ObservePullRequest(**{**facts, **changes}))  # type: ignore[arg-type]


def verdict(state: str, commit_id: str, *, id: int = 1, human: bool = False) -> ReviewSeen:  # noqa: A002  # GitHub's own name
    """Return a review as GitHub shows it, by an allowed reviewer."""
    return ReviewSeen(
        id=id,
        reviewer_id=602,
        reviewer="review-e[bot]",
        state=state,
        commit_id=commit_id,
        allowed=True,
        human=human,
        summary="A summary",
    )
