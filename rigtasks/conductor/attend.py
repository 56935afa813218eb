"""Attend to a pull request: see what is new, and merge when every gate holds for its head."""

from typing import assert_never
from uuid import UUID, uuid5

import msgspec

from rigtasks.conductor.context import CONDUCTOR, Conductor
from rigtasks.conductor.gate_facts import GateReading, read_gate
from rigtasks.conductor.pull_requests import observation
from rigtasks.conductor.report import show_gate
from rigtasks.conductor.stop_label import heed_stop_label
from rigtasks.conductor.threads import answered_threads, resolve_threads
from rigtasks.conductor.withdrawal import why_withdrawn
from rigtasks.conductor.writing import require_running
from rigtasks.errors import Retryable
from rigtasks.eventstore.artifacts import Artifact, ArtifactKind
from rigtasks.gate.certificate import certify
from rigtasks.gate.facts import GateFacts, Source
from rigtasks.gate.verdict import Verdict, evaluate
from rigtasks.github.api import Api
from rigtasks.github.errors import Forbidden
from rigtasks.github.identities import Role
from rigtasks.github.merge import (
    HeadMoved,
    Merged,
    MergeMethod,
    MergeMisconfigured,
    MergeRequest,
    NotMergeable,
    find_merge,
    is_on_base,
    merge,
)
from rigtasks.github.pulls import read_pull_request
from rigtasks.lifecycle.commands import Cancel, Escalate, RecordGate, RecordMerge
from rigtasks.lifecycle.events.base import Blocker
from rigtasks.lifecycle.state import IssueState, Lane
from rigtasks.routing.agent_config import AgentConfig
from rigtasks.routing.internal import RepositoryRef as RoutedRepository

_VERDICTS = UUID("0d7c5a38-93b5-4c0e-9f0f-5f4f4b7f8f21")


class PassedVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was true when a merge was asked for; kept, so that a crash loses no certificate."""

    facts: GateFacts
    verdict: Verdict


def attend(conductor: Conductor, stream: str, *, cause: UUID) -> str:
    """Look at the pull request of an issue and return what came of it in words.

    Level-triggered: any number of calls, in any order, lead to the same state. A paused issue is
    looked at all the same; only nothing of it is written to GitHub.

    Raises:
        NotNow: another process is at it, or a pause came just before the merge.
    """
    with conductor.alone(stream):
        state = conductor.stores.events.load(stream).state
        if state is None or state.pr is None or state.merge_sha is not None:
            return "ignored: no open pull request of the rig"
        return _Attention(conductor, stream, cause).look(state)


def _merged_by_conductor(reading: GateReading) -> bool:
    """Say whether the account the rig merges with merged it; people may share that account."""
    by = reading.seen.pull_request.merged_by
    return reading.seen.pull_request.is_merged and (
        by is not None and by.id in reading.gate.accounts.conductor_ids
    )


class _Attention:
    """One look at one pull request."""

    def __init__(self, conductor: Conductor, stream: str, cause: UUID) -> None:
        self._conductor = conductor
        self._stream = stream
        self._cause = cause

    def look(self, state: IssueState) -> str:
        if state.terminal and self._kept(state.head_sha) is None:
            return "ignored: the issue was withdrawn"
        reading = read_gate(self._conductor, state)
        if self._heeded(state, reading):
            reading = read_gate(self._conductor, state)
        passed = self._kept(reading.gate.head_sha)
        if passed is not None and _merged_by_conductor(reading):
            return self._record(state, passed, reading)
        if state.terminal:
            return "ignored: the issue was withdrawn"
        return self._cancel_withdrawn(state, reading) or self._judge(reading)

    def _heeded(self, state: IssueState, reading: GateReading) -> bool:
        """Look at the label that stops the issue; say whether that changed what stops it."""
        if state.terminal or any(
            one.source is Source.ISSUE for one in reading.gate.unknown_sources
        ):
            return False
        facts = reading.gate
        labels = {
            state.number: facts.issue.labels,
            facts.pull_request.number: facts.pull_request.labels,
        }
        api = self._conductor.api(Role.CONDUCTOR, state)
        return heed_stop_label(self._conductor, state, api, labels)

    def _cancel_withdrawn(self, state: IssueState, reading: GateReading) -> str | None:
        """Cancel an issue that GitHub shows closed or without its label, webhook or not.

        The pull request was read before the issue: what closed the one may have merged the other.
        """
        issue = reading.gate.issue
        unknown = any(one.source is Source.ISSUE for one in reading.gate.unknown_sources)
        reason = why_withdrawn(issue.state, issue.labels, self._conductor.label)
        if unknown or reason is None or reading.seen.pull_request.is_merged:
            return None
        api = self._conductor.api(Role.CONDUCTOR, state)
        number = reading.seen.pull_request.number
        if read_pull_request(api, number, settled=False).is_merged:
            raise Retryable("it was merged while it was looked at", retry_after=0.5)
        command = Cancel(reason=reason, by="somebody on GitHub")
        self._conductor.shell.tell(self._stream, command, actor=CONDUCTOR, cause=self._cause)
        return f"cancelled: {reason}"

    def _judge(self, reading: GateReading) -> str:
        verdict = evaluate(reading.gate, self._conductor.now())
        told = self._conductor.shell.tell(
            self._stream, observation(reading, verdict), actor=CONDUCTOR, cause=self._cause
        )
        after = told.state
        if after is None or after.lane is not Lane.READY_TO_MERGE:
            return f"attended: {after.shown if after else 'gone'}"
        if answered_threads(reading.gate) and not reading.gate.pauses:
            try:
                resolve_threads(self._conductor, after, reading.gate)
            except Forbidden as error:
                return self._escalate(f"GitHub does not let the rig resolve its threads: {error}")
            reading = read_gate(self._conductor, after)
            verdict = evaluate(reading.gate, self._conductor.now())
        if not verdict.passes:
            return self._wait(verdict)
        return self._merge(after, reading, verdict)

    def _wait(self, verdict: Verdict) -> str:
        blockers = tuple(
            Blocker(gate=one.id, status=one.status, summary=one.summary) for one in verdict.blockers
        )
        self._tell_gate(verdict.head_sha, blockers)
        return "waiting: " + "; ".join(one.summary for one in blockers)

    def _tell_gate(self, head_sha: str, blockers: tuple[Blocker, ...]) -> None:
        self._conductor.shell.tell(
            self._stream,
            RecordGate(head_sha=head_sha, blockers=blockers),
            actor=CONDUCTOR,
            cause=self._cause,
        )

    def _merge(self, state: IssueState, reading: GateReading, verdict: Verdict) -> str:
        require_running(self._conductor, state)
        own = self._conductor.internal().match(
            RoutedRepository(id=state.repo_id, full_name=state.repo)
        )
        if own is not None:
            return self._escalate(
                f"agents' work is never merged into the rig's own code: {own.reason}"
            )
        passed = PassedVerdict(facts=reading.gate, verdict=verdict)
        self._keep(passed)
        show_gate(self._conductor, state, verdict)
        api = self._conductor.api(Role.CONDUCTOR, state)
        outcome = merge(api, self._request(state, reading))
        match outcome:
            case Merged():
                return self._verify(api, state, passed, outcome.sha)
            case HeadMoved():
                raise Retryable(f"the head moved: {outcome.reason}", retry_after=0.5)
            case NotMergeable():
                blocker = Blocker(gate="mergeable", status="fail", summary=outcome.reason)
                self._tell_gate(verdict.head_sha, (blocker,))
                return f"waiting: {outcome.reason}"
            case MergeMisconfigured():
                return self._escalate(f"GitHub does not let the rig merge: {outcome.reason}")
            case _:
                assert_never(outcome)

    def _escalate(self, reason: str) -> str:
        self._conductor.shell.tell(
            self._stream,
            Escalate(reason=reason, who_must_act="an administrator of the repository"),
            actor=CONDUCTOR,
            cause=self._cause,
        )
        return f"escalated: {reason}"

    def _request(self, state: IssueState, reading: GateReading) -> MergeRequest:
        pull = reading.seen.pull_request
        config = state.config or AgentConfig()
        marker = f"Rig-Merge: {self._stream} {reading.gate.head_sha}"
        return MergeRequest(
            number=pull.number,
            head_sha=reading.gate.head_sha,
            base_ref=pull.base.ref,
            title=f"{pull.title} (#{pull.number})",
            message=f"Closes #{state.number}\n\n{marker}",
            marker=marker,
            method=MergeMethod(config.merge.method.value),
        )

    def _record(self, state: IssueState, passed: PassedVerdict, reading: GateReading) -> str:
        """Record a merge that happened before the rig could write it down."""
        api = self._conductor.api(Role.CONDUCTOR, state)
        found = find_merge(api, self._request(state, reading))
        if found is None:
            raise Retryable("the merge cannot be found on the base branch yet", retry_after=2.0)
        return self._verify(api, state, passed, found.sha)

    def _verify(self, api: Api, state: IssueState, passed: PassedVerdict, merge_sha: str) -> str:
        """Record the merge once its commit is seen on the base branch."""
        if not is_on_base(api, passed.facts.pull_request.base_ref, merge_sha):
            raise Retryable(f"{merge_sha} is not on the base branch yet", retry_after=1.0)
        self._conductor.shell.tell(
            self._stream,
            RecordMerge(
                pr=passed.facts.pull_request.number,
                head_sha=passed.facts.head_sha,
                merge_sha=merge_sha,
                certificate=certify(passed.facts, passed.verdict, merge_sha),
            ),
            actor=CONDUCTOR,
            cause=self._cause,
        )
        return f"merged: {state.ref} as {merge_sha}"

    def _keep(self, passed: PassedVerdict) -> None:
        self._conductor.stores.artifacts.put(
            Artifact(
                id=self._artifact(passed.facts.head_sha),
                run_id=self._cause,
                kind=ArtifactKind.VERDICT,
                data=msgspec.json.encode(passed),
            )
        )

    def _kept(self, head_sha: str | None) -> PassedVerdict | None:
        if head_sha is None:
            return None
        found = self._conductor.stores.artifacts.find(self._artifact(head_sha))
        return None if found is None else msgspec.json.decode(found.data, type=PassedVerdict)

    def _artifact(self, head_sha: str) -> UUID:
        return uuid5(_VERDICTS, f"{self._stream} {head_sha}")
