"""Publish a run's commits: inspect them in a clean clone, push with a lease, open the PR.

Unfinished work of an interrupted run goes the same way up to the push, and no further.
"""

from uuid import UUID

from rigtasks.conductor.change import bounds_of, human_gates_of
from rigtasks.conductor.context import CONDUCTOR, Conductor, repository_of
from rigtasks.conductor.large_change import large_pr_granted
from rigtasks.conductor.pr_body import pull_request_body, pull_request_title
from rigtasks.conductor.rivals import rival_of
from rigtasks.conductor.seen_repositories import repository_facts, see_repository
from rigtasks.conductor.writing import require_running, writing
from rigtasks.errors import Rejected, Retryable, StaleEpoch
from rigtasks.github.identities import Role
from rigtasks.github.pulls import open_pull_request
from rigtasks.lifecycle.commands import (
    DropCommits,
    IntendPush,
    KeepUnfinished,
    RecordPullRequest,
    RefusePublish,
)
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.state import IssueState, PendingPublish
from rigtasks.review.diff import Diff, parse_diff
from rigtasks.review.diff_policy import CommitMessage, Denial, PolicyReport, inspect
from rigtasks.routing.agent_config import AgentConfig
from rigtasks.routing.internal import RepositoryRef as RoutedRepository
from rigtasks.workspace.branches import taken_branch
from rigtasks.workspace.checkout import Start
from rigtasks.workspace.clean_clones import CleanClone
from rigtasks.workspace.errors import (
    AccessDenied,
    BranchProtected,
    LeaseLost,
)
from rigtasks.workspace.git import Remote
from rigtasks.workspace.push import PushRequest
from rigtasks.workspace.work import ReceivedWork


def publish(conductor: Conductor, stream: str, *, cause: UUID) -> str:
    """Push the commits that wait and make sure the pull request exists.

    Every step can be repeated: the push is a compare-and-swap, and an open pull request of the
    branch is adopted. Nothing of the bundle is checked out or executed. What may not be published
    ends its run as failed; unfinished work is dropped instead, because the next run can do without.

    Raises:
        NotNow: the issue is paused, or another process is at it.
    """
    with writing(conductor, stream) as state:
        if state is None or state.publish is None or state.branch is None:
            return "ignored: no commits wait to be published"
        publication = _Publication(conductor, stream, state, state.publish, state.branch, cause)
        try:
            return publication.carry_out()
        except StaleEpoch as error:
            return f"ignored: {error}"


class _Publication:
    """One publication of one run's commits."""

    def __init__(
        self,
        conductor: Conductor,
        stream: str,
        state: IssueState,
        pending: PendingPublish,
        branch: str,
        cause: UUID,
    ) -> None:
        self._conductor = conductor
        self._stream = stream
        self._state = state
        self._pending = pending
        self._branch = branch
        self._cause = cause
        self._config = state.config or AgentConfig()
        self._repository = repository_of(state)

    def carry_out(self) -> str:
        seen = self._seen()  # first: what this reading teaches is asked for next
        own = self._conductor.internal().match(seen)
        if own is not None:
            reason = f"agents never push to the rig's own code ({own.reason})"
            return self._refuse(FailureClass.POLICY, reason)
        try:
            with self._conductor.clones.open(self._remote()) as clone:
                return self._publish(clone)
        except Rejected as error:
            return self._refuse(FailureClass.POLICY, str(error))
        except LeaseLost as error:
            return self._yield(error)
        except (BranchProtected, AccessDenied) as error:
            return self._refuse(FailureClass.ENVIRONMENT, str(error))

    def _remote(self) -> Remote:
        github = self._conductor.github
        token = github.push_token(self._repository)
        return Remote(url=github.clone_url(self._repository), token=token.value)

    def _publish(self, clone: CleanClone) -> str:
        conductor, state = self._conductor, self._state
        found = clone.head(self._branch)
        is_pushed = found == self._pending.head_sha
        if not is_pushed:
            self._require_known(found)
            rival = self._rival()
            if rival is not None:
                return self._refuse(FailureClass.POLICY, rival)
        start = Start(base_sha=self._pending.base_sha, head_sha=self._pending.start_sha)
        data = self._bundle()
        if data is None:
            return self._refuse(FailureClass.INFRA, "the time it was kept for has passed")
        work = clone.receive(data, branch=self._branch, start=start)
        if work.head_sha != self._pending.head_sha:
            return self._refuse(FailureClass.POLICY, _other_commits(work, self._pending))
        diff = parse_diff(work.diff.text.encode(), truncated=work.diff.truncated)
        report = self._inspect(work, diff)
        if not report.may_push:
            reasons = "; ".join(f"{one.summary}. {one.remedy}" for one in report.denials)
            return self._refuse(FailureClass.POLICY, reasons)
        if not is_pushed:
            require_running(conductor, state)
            self._push(clone, found, work.head_sha)
        if self._pending.unfinished:
            return self._keep()
        require_running(conductor, state)
        return self._open(report, diff)

    def _rival(self) -> str | None:
        """Say which pull request of others solves the issue; unfinished work solves nothing yet."""
        if self._pending.unfinished:
            return None
        return rival_of(self._conductor.api(Role.CONDUCTOR, self._state), self._state)

    def _bundle(self) -> bytes | None:
        """Return what the run handed over; unfinished work that is gone by now is missed by none.

        Raises:
            Permanent: finished work is gone.
        """
        artifacts = self._conductor.stores.artifacts
        if not self._pending.unfinished:
            return artifacts.get(self._pending.artifact_id).data
        found = artifacts.find(self._pending.artifact_id)
        return None if found is None else found.data

    def _keep(self) -> str:
        """Let the next run begin with what is on the branch now."""
        pending = self._pending
        self._tell(
            KeepUnfinished(run_id=pending.run_id, epoch=pending.epoch, head_sha=pending.head_sha)
        )
        return f"kept: unfinished work on {self._branch} at {pending.head_sha}"

    def _require_known(self, found: str | None) -> None:
        """Look whether the branch is still where the run began, or where the rig left it."""
        state = self._state
        known = {state.push_intent_sha, self._pending.start_sha if state.pr is not None else None}
        if found is not None and found not in known:
            raise LeaseLost(taken_branch(self._branch, found), found=found)

    def _yield(self, lost: LeaseLost) -> str:
        """Leave a branch alone that somebody else moved; on a pull request work goes on there."""
        if self._state.pr is None:
            return self._refuse(FailureClass.POLICY, str(lost))
        moved = f"somebody moved {self._branch} to {lost.found or 'another commit'}"
        if lost.found is None or lost.found != self._state.head_sha:
            raise Retryable(f"{moved}, and its pull request does not show it yet")
        return self._drop(f"{moved} while the run was under way")

    def _drop(self, reason: str) -> str:
        self._tell(
            DropCommits(run_id=self._pending.run_id, epoch=self._pending.epoch, reason=reason)
        )
        return f"dropped: {reason}"

    def _inspect(self, work: ReceivedWork, diff: Diff) -> PolicyReport:
        messages = tuple(CommitMessage(sha=one.sha, message=one.message) for one in work.commits)
        report = inspect(diff, messages, bounds_of(self._config))
        if not any(one.kind is Denial.TOO_LARGE for one in report.denials):
            return report
        api = self._conductor.api(Role.CONDUCTOR, self._state)
        granted = large_pr_granted(api, self._state.number)
        return inspect(diff, messages, bounds_of(self._config, large_pr_ok=granted))

    def _push(self, clone: CleanClone, found: str | None, new_sha: str) -> None:
        """Move the branch from the commit it was found at."""
        state = self._state
        self._tell(
            IntendPush(
                run_id=self._pending.run_id,
                epoch=self._pending.epoch,
                branch=self._branch,
                old_sha=found,
                new_sha=new_sha,
            )
        )
        clone.push(
            PushRequest(branch=self._branch, issue=state.number, old_sha=found, new_sha=new_sha)
        )

    def _open(self, report: PolicyReport, diff: Diff) -> str:
        state = self._state
        self._still_wanted()
        api = self._conductor.api(Role.AUTHOR, state)
        opened = open_pull_request(
            api,
            branch=self._branch,
            base=state.base_branch,
            title=pull_request_title(state),
            body=pull_request_body(state, self._pending),
        )
        gates = human_gates_of(report, diff, self._config)
        pull = opened.pull_request
        self._tell(
            RecordPullRequest(
                run_id=self._pending.run_id,
                epoch=self._pending.epoch,
                pr=pull.number,
                url=pull.html_url,
                branch=self._branch,
                head_sha=self._pending.head_sha,
                base_branch=state.base_branch,
                author_id=pull.user.id if pull.user else 0,
                adopted=opened.adopted,
                gate_reasons=tuple(one.summary for one in gates),
            )
        )
        return f"published: pull request #{pull.number} at {self._pending.head_sha}"

    def _still_wanted(self) -> None:
        """Open nothing for an issue that was withdrawn while its commits were pushed."""
        state = self._conductor.stores.events.load(self._stream).state
        if state is None or state.publish != self._pending:
            raise StaleEpoch("these commits no longer wait to be published")

    def _refuse(self, failure: FailureClass, reason: str) -> str:
        if self._pending.unfinished:
            return self._drop(f"its unfinished work is not kept: {reason}")
        self._tell(
            RefusePublish(
                run_id=self._pending.run_id,
                epoch=self._pending.epoch,
                failure=failure,
                reason=reason,
            )
        )
        return f"refused: {reason}"

    def _tell(
        self,
        command: IntendPush | KeepUnfinished | RecordPullRequest | RefusePublish | DropCommits,
    ) -> None:
        self._conductor.shell.tell(self._stream, command, actor=CONDUCTOR, cause=self._cause)

    def _seen(self) -> RoutedRepository:
        """Return the repository under the name it has now, its ancestors remembered."""
        api = self._conductor.api(Role.CONDUCTOR, self._state)
        return repository_facts(see_repository(self._conductor, api)).ref


def _other_commits(work: ReceivedWork, pending: PendingPublish) -> str:
    named = "the rig committed" if pending.unfinished else "the tests ran on"
    return (
        f"{named} {pending.head_sha}, and the run handed over {work.head_sha}: "
        "its own commands moved the branch"
    )
