"""Decide whether a labelled issue is worked on, and tell its stream."""

from typing import assert_never
from uuid import UUID

import msgspec

from rigtasks.conductor.context import CONDUCTOR, Conductor
from rigtasks.conductor.intake_facts import IntakeReading, read_intake_facts
from rigtasks.eventstore.former import is_left_unfinished
from rigtasks.github.identities import RepositoryRef, Role
from rigtasks.github.issues import Absent
from rigtasks.github.pulls import PullRequest, read_pull_request
from rigtasks.lifecycle.commands import Admit, AdoptPullRequest, Cancel, Hold, Refuse
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.events.intake import (
    Comment,
    IssueApproved,
    IssueLimits,
    IssueNeedsHuman,
    IssueRefused,
)
from rigtasks.lifecycle.state import stream_name
from rigtasks.routing import decisions
from rigtasks.routing.agent_config import AgentConfig, Limits, tightest
from rigtasks.routing.decisions import IntakeDecision, Route, WaitsFor
from rigtasks.routing.facts import IntakePolicy, StreamStanding
from rigtasks.routing.intake import decide_intake
from rigtasks.routing.labels import READY
from rigtasks.routing.task_text import FrozenTask


def take_in(conductor: Conductor, repository: RepositoryRef, number: int, *, cause: UUID) -> str:
    """Look at an issue, decide whether it is worked on, and return the outcome in words."""
    reading = read_intake_facts(conductor, repository, number)
    if isinstance(reading, Absent):
        return f"ignored: the issue was {reading.state}"
    decision = decide_intake(reading.facts, _policy(conductor, repository, reading))
    outcome = _Intake(conductor, repository, reading, cause).tell(decision)
    if isinstance(decision, decisions.Supersede):
        return f"{outcome}; {take_in(conductor, repository, number, cause=cause)}"
    return outcome


def _policy(
    conductor: Conductor, repository: RepositoryRef, reading: IntakeReading
) -> IntakePolicy:
    """Return the settings of intake; in the canary's repository the rig may label for itself."""
    policy = msgspec.structs.replace(conductor.intake, internal=reading.internal)
    full_name = reading.facts.repository.ref.full_name
    if conductor.canary is None or not conductor.canary.is_about(full_name):
        return policy
    own = conductor.repository_api(Role.CONDUCTOR, repository).account().id
    return msgspec.structs.replace(policy, trusted_accounts=policy.trusted_accounts | {own})


class _Intake:
    """One decision, on its way into the stream of its issue."""

    def __init__(
        self,
        conductor: Conductor,
        repository: RepositoryRef,
        reading: IntakeReading,
        cause: UUID,
    ) -> None:
        self._conductor = conductor
        self._api = conductor.repository_api(Role.CONDUCTOR, repository)
        self._facts = reading.facts
        self._default_branch = reading.default_branch
        self._internal = reading.internal
        self._cause = cause

    def tell(self, decision: IntakeDecision) -> str:
        """Append what the decision means and return its outcome in words."""
        match decision:
            case decisions.Ignore():
                pass
            case decisions.Refuse():
                self._refuse(decision)
            case decisions.Admit():
                told = self._approve(decision)
                if not told:
                    return "ignored: this text is approved already"
                return _asked(told) or decision.outcome
            case decisions.Hold():
                told = self._approve(decision, hold=_hold(decision))
                return "; ".join(filter(None, (_asked(told), decision.outcome)))
            case decisions.Adopt():
                return self._take_up(decision)
            case decisions.Supersede():
                self._cancel(decision)
            case _:
                assert_never(decision)
        return decision.outcome

    def _cancel(self, decision: decisions.Supersede) -> None:
        approver = self._facts.issue.labelled_by
        by = approver.login if approver else "somebody on GitHub"
        with self._conductor.alone(self._stream(decision.generation)):
            reason = "the text was changed and the label set again"
            self._send(decision.generation, Cancel(reason=reason, by=by))

    def _stream(self, generation: int) -> str:
        return stream_name(self._facts.repository.ref.id, self._facts.issue.number, generation)

    def _send(
        self, generation: int, command: Admit | Refuse | AdoptPullRequest | Cancel
    ) -> tuple[Event, ...]:
        stream = self._stream(generation)
        told = self._conductor.shell.tell(stream, command, actor=CONDUCTOR, cause=self._cause)
        return told.events

    def _approve(
        self,
        decision: decisions.Admit | decisions.Hold | decisions.Adopt,
        *,
        hold: Hold | None = None,
        question: decisions.Question | None = None,
    ) -> tuple[Event, ...]:
        if not isinstance(decision, decisions.Adopt):
            question = decision.question
        command = Admit(
            approved=self._approval(decision.route, decision.task, decision.generation),
            internal=self._internal,
            hold=hold,
            question=question,
        )
        return self._send(decision.generation, command)

    def _approval(self, route: Route, task: FrozenTask, generation: int) -> IssueApproved:
        repository, issue = self._facts.repository.ref, self._facts.issue
        approver = issue.labelled_by
        return IssueApproved(
            ref=f"{repository.full_name}#{issue.number}",
            repo_id=repository.id,
            repo=repository.full_name,
            number=issue.number,
            generation=generation,
            title=task.title,
            body=task.body,
            comments=tuple(Comment(author=one.author, body=one.body) for one in task.comments),
            task_digest=task.digest,
            approved_by_id=approver.id if approver else 0,
            approved_by=approver.login if approver else "",
            labelled_at=issue.labelled_at,
            permission=approver.permission if approver else "none",
            stack=route.stack,
            queue=route.queue,
            priority=route.priority.rank,
            base_branch=route.base_branch or self._default_branch,
            config=route.config,
            config_sha=route.config_blob_sha,
            depends_on=tuple(
                f"{one.repository or repository.full_name}#{one.number}"
                for one in route.dependencies
            ),
            limits=tightened(self._conductor.limits, route.config),
        )

    def _refuse(self, decision: decisions.Refuse) -> None:
        repository, issue = self._facts.repository.ref, self._facts.issue
        stream = self._facts.stream
        finished = stream is not None and stream.standing is StreamStanding.FINISHED
        generation = (stream.generation if stream else 1) + int(finished)
        refused = IssueRefused(
            ref=f"{repository.full_name}#{issue.number}",
            repo_id=repository.id,
            repo=repository.full_name,
            number=issue.number,
            generation=generation,
            title=" ".join(issue.title.split())[:256],
            code=decision.code,
            sentence=decision.sentence,
            who_must_act="a person with write permission",
            visible=decision.visible,
        )
        self._send(generation, Refuse(refused=refused))

    def _take_up(self, decision: decisions.Adopt) -> str:
        """Go on with the rig's own pull request, or ask a person about one it did not finish."""
        pull = read_pull_request(self._api, decision.pull_request, settled=False)
        unfinished = is_left_unfinished(
            self._conductor.stores.events,
            repo_id=self._facts.repository.ref.id,
            number=self._facts.issue.number,
            generation=decision.generation,
            head_sha=pull.head.sha,
        )
        if unfinished:
            told = self._approve(decision, question=_about_unfinished(pull))
            return _asked(told) or decision.outcome
        news = self._approve(decision)
        if self._adopt(pull, decision.generation):
            return decision.outcome
        return "approved again" if news else "ignored: this text is approved already"

    def _adopt(self, pull: PullRequest, generation: int) -> bool:
        command = AdoptPullRequest(
            pr=pull.number,
            url=pull.html_url,
            branch=pull.head.ref,
            head_sha=pull.head.sha,
            base_branch=pull.base.ref,
            author_id=pull.user.id if pull.user else 0,
        )
        return bool(self._send(generation, command))


def _about_unfinished(pull: PullRequest) -> decisions.Question:
    """Leave to a person what an earlier approval's interrupted run left on a pull request."""
    return decisions.Question(
        sentence=f"pull request #{pull.number} holds unfinished work of an earlier approval: "
        f"finish it or close it, then set the label `{READY}` again",
        labelled_by_person=False,
    )


def _asked(told: tuple[Event, ...]) -> str | None:
    """Say what a person was asked with an approval, if anything."""
    return next((f"asked: {one.reason}" for one in told if isinstance(one, IssueNeedsHuman)), None)


def _hold(decision: decisions.Hold) -> Hold:
    """Return what the issue waits for; a missing worker keeps nobody from claiming it later."""
    return Hold(
        waits_for=decision.waits_for,
        sentence=decision.sentence,
        blocking=decision.waits_for is not WaitsFor.ELIGIBLE_WORKER,
    )


def tightened(limits: IssueLimits, config: AgentConfig) -> IssueLimits:
    """Return the rig's caps as far as the repository's file does not lower them."""
    ceiling = Limits(
        max_review_loops=limits.max_review_loops, max_cost_micro_usd=limits.max_cost_micro_usd
    )
    both = tightest(config.limits, ceiling)
    return msgspec.structs.replace(
        limits,
        max_review_loops=both.max_review_loops or 0,
        max_cost_micro_usd=both.max_cost_micro_usd or 0,
    )
