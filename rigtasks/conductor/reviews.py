"""Post a stored verdict as one GitHub review bound to the commit it is about."""

from typing import assert_never
from uuid import UUID

from rigtasks.conductor.context import CONDUCTOR, Conductor
from rigtasks.conductor.writing import writing
from rigtasks.errors import Rejected
from rigtasks.github.identities import Role
from rigtasks.github.pulls import PullRequestCommit, read_commits, read_diff, read_pull_request
from rigtasks.github.reviews import (
    ReviewComment,
    ReviewDraft,
    ReviewEvent,
    ReviewState,
    post_review_once,
)
from rigtasks.lifecycle.caps import MAX_ABSTENTIONS
from rigtasks.lifecycle.commands import AbstainReview, Escalate
from rigtasks.lifecycle.state import IssueState, PendingReview
from rigtasks.review import policy
from rigtasks.review.diff import parse_diff
from rigtasks.review.findings import Review, parse_review


def post_review(conductor: Conductor, stream: str, *, cause: UUID) -> str:
    """Post the verdict that waits, unless the head moved or the reviewer had a hand in it.

    What counts afterwards is GitHub's own record of the review, read by `attend`.

    Raises:
        NotNow: the issue is paused, or another process is at it.
    """
    with writing(conductor, stream) as state:
        if state is None or state.verdict is None or state.pr is None:
            return "ignored: no verdict waits to be posted"
        return _Posting(conductor, stream, state, state.verdict, state.pr.number, cause).carry_out()


class _Posting:
    """One verdict on its way to GitHub."""

    def __init__(
        self,
        conductor: Conductor,
        stream: str,
        state: IssueState,
        pending: PendingReview,
        number: int,
        cause: UUID,
    ) -> None:
        self._conductor = conductor
        self._stream = stream
        self._state = state
        self._pending = pending
        self._number = number
        self._cause = cause
        self._api = conductor.api(Role.REVIEWER, state)

    def carry_out(self) -> str:
        outcome = policy.decide_review(
            self._review(),
            self._round(),
            policy.ReviewCaps(
                max_loops=self._state.limits.max_review_loops,
                max_abstentions=MAX_ABSTENTIONS - 1,
            ),
        )
        match outcome:
            case policy.PostReview():
                return self._post(outcome)
            case policy.Redispatch():
                self._tell(AbstainReview(run_id=self._pending.run_id, reason=outcome.reason))
                return f"asked again: {outcome.reason}"
            case policy.Escalate():
                self._tell(AbstainReview(run_id=self._pending.run_id, reason=outcome.reason))
                reason = f"{outcome.reason}. {outcome.remedy}"
                self._tell(Escalate(reason=reason, who_must_act="a reviewer with write access"))
                return f"escalated: {outcome.reason}"
            case _:
                assert_never(outcome)

    def _tell(self, command: AbstainReview | Escalate) -> None:
        self._conductor.shell.tell(self._stream, command, actor=CONDUCTOR, cause=self._cause)

    def _review(self) -> Review | None:
        data = self._conductor.stores.artifacts.get(self._pending.artifact_id).data
        text = read_diff(self._api, self._number)
        try:
            diff = parse_diff(text.text.encode(), truncated=text.truncated)
            return parse_review(data, diff=diff)
        except Rejected:
            return None

    def _round(self) -> policy.ReviewRound:
        commits = read_commits(self._api, self._number)
        pull = read_pull_request(self._api, self._number, settled=False)
        author = self._conductor.api(Role.AUTHOR, self._state).account().id
        opener = pull.user.id if pull.user else author
        return policy.ReviewRound(
            reviewed_sha=self._pending.head_sha,
            head_sha=pull.head.sha,
            reviewer_id=self._api.account().id,
            involved_ids=frozenset({author, opener, *_account_ids(commits)}),
            loops=self._state.review_loops,
            abstentions=self._state.abstentions,
        )

    def _post(self, wanted: policy.PostReview) -> str:
        draft = ReviewDraft(
            key=f"review:{self._pending.run_id}",
            commit_id=wanted.commit_id,
            event=ReviewEvent(wanted.event.value),
            body=wanted.body,
            comments=tuple(
                ReviewComment(path=one.path, line=one.line, body=one.body)
                for one in wanted.comments
            ),
        )
        posted = post_review_once(self._api, self._number, draft)
        if posted.state is ReviewState.DISMISSED:
            reason = "somebody dismissed the review before the rig saw it on the pull request"
            self._tell(AbstainReview(run_id=self._pending.run_id, reason=reason))
            return f"asked again: {reason}"
        return f"posted: {wanted.event} as review {posted.id}"


def _account_ids(commits: tuple[PullRequestCommit, ...]) -> frozenset[int]:
    return frozenset(
        account.id
        for one in commits
        for account in (one.author, one.committer)
        if account is not None
    )
