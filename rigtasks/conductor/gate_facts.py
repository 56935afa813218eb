"""Gather the facts of the merge gate: one reading of GitHub and of the store, at one head."""

import msgspec

from rigtasks.conductor.change import ChangeReading, read_change
from rigtasks.conductor.context import Conductor
from rigtasks.conductor.observed_checks import observed_run, observed_status
from rigtasks.conductor.standing import gate_pauses
from rigtasks.errors import RigError
from rigtasks.gate import facts as gate
from rigtasks.gate.closes import closed_issues
from rigtasks.gate.human_gates import Clearance, LabelGrant
from rigtasks.gate.rules.size import LARGE_PR_OK
from rigtasks.github.api import Api
from rigtasks.github.checks import CheckSuite
from rigtasks.github.contents import read_branch_head, read_file
from rigtasks.github.errors import RateLimited
from rigtasks.github.identities import Account, Role
from rigtasks.github.issues import Absent, Issue, IssueHistory, look_for_issue, read_history
from rigtasks.github.pull_request_facts import PullRequestFacts, read_pull_request_facts
from rigtasks.github.repositories import (
    Permission,
    Repository,
    read_permission,
    read_repository,
)
from rigtasks.github.reviews import Review
from rigtasks.lifecycle.state import IssueState
from rigtasks.routing.agent_config import CONFIG_PATH, AgentConfig

_SOURCES = {
    "commits": gate.Source.COMMITS,
    "files": gate.Source.FILES,
    "reviews": gate.Source.REVIEWS,
    "threads": gate.Source.THREADS,
    "check_suites": gate.Source.CHECKS,
    "check_runs": gate.Source.CHECKS,
    "statuses": gate.Source.CHECKS,
    "protection": gate.Source.PROTECTION,
    "codeowners": gate.Source.CODEOWNERS,
    "label_events": gate.Source.LABEL_EVENTS,
}
_HUMAN = "User"


class GateReading(msgspec.Struct, frozen=True, kw_only=True):
    """The facts, and what GitHub said that they were made of."""

    gate: gate.GateFacts
    seen: PullRequestFacts


def read_gate(conductor: Conductor, state: IssueState) -> GateReading:
    """Read the pull request of an issue and everything else its merge depends on.

    Raises:
        RateLimited: try again later.
        RigError: the pull request or its repository could not be read at all.
    """
    if state.pr is None:
        raise LookupError(f"{state.ref} has no pull request")
    api = conductor.api(Role.CONDUCTOR, state)
    repository = read_repository(api)
    seen = read_pull_request_facts(api, state.pr.number)
    return GateReading(gate=_Gatherer(conductor, state, api, repository, seen).facts(), seen=seen)


class _Gatherer:
    """Collects facts and notes what could not be read."""

    def __init__(
        self,
        conductor: Conductor,
        state: IssueState,
        api: Api,
        repository: Repository,
        seen: PullRequestFacts,
    ) -> None:
        self._conductor = conductor
        self._state = state
        self._api = api
        self._repository = repository
        self._seen = seen
        self._config = state.config or AgentConfig()
        self._writers: dict[int, bool | None] = {}
        self._unknown = [
            gate.UnknownSource(source=_SOURCES[one.source], why=one.reason)
            for one in seen.unknown_sources
        ]

    def facts(self) -> gate.GateFacts:
        state, seen = self._state, self._seen
        change = self._change()
        reviews = tuple(self._review(one) for one in seen.reviews if one.submitted_at is not None)
        accounts = self._accounts(reviews)
        return gate.GateFacts(
            repository_id=self._repository.id,
            repository=self._repository.full_name,
            default_branch=self._repository.default_branch,
            pull_request=_pull_request(seen),
            issue=self._issue(),
            change=change.change,
            commits=_commits(seen),
            accounts=accounts,
            required_checks=self._required(),
            checks=(
                *(observed_run(one) for one in seen.check_runs),
                *(observed_status(one, seen.head_sha) for one in seen.statuses),
            ),
            suites=tuple(_suite(one) for one in seen.check_suites),
            reviews=reviews,
            threads=tuple(_threads(seen)),
            allowed_bases=(state.base_branch,),
            tamper=change.tamper,
            config=self._config_blobs(),
            budget=_budget(state),
            read_at=self._conductor.now(),
            merge_mode=gate.MergeMode(self._config.merge.mode.value),
            block_labels=self._config.merge.block_labels,
            closing_references=tuple(
                closed_issues(seen.pull_request.body or "", repository=self._repository.full_name)
            ),
            codeowners=self._codeowners(),
            human_gates=change.human_gates,
            clearances=self._clearances(reviews, accounts.people_ids),
            size=gate.SizeBounds(large_pr_ok=self._large_pr_ok()),
            pauses=gate_pauses(self._conductor.stores, state),
            unknown_sources=tuple(self._unknown),
        )

    def _lacks(self, source: gate.Source, error: RigError) -> None:
        if isinstance(error, RateLimited):
            raise error
        self._unknown.append(gate.UnknownSource(source=source, why=str(error)))

    def _change(self) -> ChangeReading:
        try:
            return read_change(self._api, self._seen, self._config)
        except RigError as error:
            self._lacks(gate.Source.TAMPER, error)
            self._lacks(gate.Source.HUMAN_GATES, error)
            return ChangeReading(
                change=gate.Change(
                    head_sha=self._seen.head_sha, files=0, lines=0, paths=(), truncated=True
                )
            )

    def _issue(self) -> gate.Issue:
        state = self._state
        ref = gate.IssueRef(repository=self._repository.full_name, number=state.number)
        issue: Issue | Absent
        try:
            issue = look_for_issue(self._api, state.number)
        except RigError as error:
            self._lacks(gate.Source.ISSUE, error)
            issue = Absent(state="unknown")
        return gate.Issue(
            ref=ref,
            state=issue.state,
            labels=issue.label_names,
            ready_label=self._conductor.label,
            digest=state.task_digest,
        )

    def _review(self, review: Review) -> gate.Review:
        user = review.user
        submitted = review.submitted_at
        assert submitted is not None  # noqa: S101  # the caller filters pending reviews
        return gate.Review(
            id=review.id,
            reviewer_id=user.id if user else 0,
            reviewer=user.login if user else "ghost",
            state=gate.ReviewState(review.state.value),
            commit_id=review.commit_id or "",
            submitted_at=submitted,
            can_write=self._can_write(user),
            url=review.html_url or None,
        )

    def _can_write(self, user: Account | None) -> bool | None:
        """Return whether a person may write now, asked once however often they reviewed."""
        if user is None or user.type != _HUMAN:
            return None
        if user.id not in self._writers:
            self._writers[user.id] = None
            try:
                permission = read_permission(self._api, user)
                self._writers[user.id] = permission in {Permission.ADMIN, Permission.WRITE}
            except RigError as error:
                self._lacks(gate.Source.REVIEWS, error)
        return self._writers[user.id]

    def _accounts(self, reviews: tuple[gate.Review, ...]) -> gate.RigAccounts:
        conductor, state = self._conductor, self._state
        ids = {role: conductor.api(role, state).account().id for role in Role}
        people = {one.reviewer_id for one in reviews if one.can_write} - set(ids.values())
        author_app = conductor.app_ids.get(Role.AUTHOR)
        return gate.RigAccounts(
            author_ids=frozenset({ids[Role.AUTHOR]}),
            reviewer_ids=frozenset({ids[Role.REVIEWER]}),
            people_ids=frozenset(people),
            conductor_ids=frozenset({ids[Role.CONDUCTOR]}),
            author_app_ids=frozenset() if author_app is None else frozenset({author_app}),
            conductor_app_id=conductor.app_ids.get(Role.CONDUCTOR),
        )

    def _required(self) -> tuple[gate.RequiredCheck, ...]:
        protected = self._seen.required_checks
        if not protected.known:
            why = ", ".join(protected.unknown_sources) or "branch protection"
            self._unknown.append(gate.UnknownSource(source=gate.Source.PROTECTION, why=why))
        own = self._config.merge.required_checks
        return (
            *(gate.RequiredCheck(name=one.context, app_id=one.app_id) for one in protected.checks),
            *(
                gate.RequiredCheck(name=name, required_by=gate.RequiredBy.REPOSITORY)
                for name in own
            ),
        )

    def _config_blobs(self) -> gate.Config:
        at_claim = self._state.config_sha
        try:
            head = read_branch_head(self._api, self._state.base_branch)
            found = read_file(self._api, CONFIG_PATH, ref=head) if head else None
        except RigError as error:
            self._lacks(gate.Source.CONFIG, error)
            return gate.Config(at_claim=at_claim, on_base=None)
        return gate.Config(
            at_claim=at_claim,
            on_base=found.sha if found else None,
            reapproved=self._state.reapproved_config_sha,
        )

    def _codeowners(self) -> gate.Codeowners | None:
        found = self._seen.codeowners
        if found is None:
            return None
        return gate.Codeowners(path=found.path, text=found.content.decode("utf-8", "replace"))

    def _clearances(
        self, reviews: tuple[gate.Review, ...], people: frozenset[int]
    ) -> tuple[Clearance, ...]:
        by_review = tuple(
            Clearance(
                head_sha=one.commit_id,
                by_id=one.reviewer_id,
                by=one.reviewer,
                by_person=True,
                at=one.submitted_at,
            )
            for one in reviews
            if one.reviewer_id in people and one.state is gate.ReviewState.APPROVED
        )
        known = self._state.operator_clearance
        if known is None:
            return by_review
        by_operator = Clearance(
            head_sha=known.head_sha, by_id=0, by=known.by, by_person=True, at=known.at
        )
        return (*by_review, by_operator)

    def _large_pr_ok(self) -> LabelGrant | None:
        on_pull = self._seen.history.label_in_force(LARGE_PR_OK)
        found = on_pull or self._issue_history().label_in_force(LARGE_PR_OK)
        if found is None or found.actor is None:
            return None
        return LabelGrant(
            label=LARGE_PR_OK,
            by_id=found.actor.id,
            by=found.actor.login,
            by_person=found.actor.type == _HUMAN,
            at=found.created_at,
        )

    def _issue_history(self) -> IssueHistory:
        try:
            return read_history(self._api, self._state.number)
        except RigError as error:
            self._lacks(gate.Source.LABEL_EVENTS, error)
            return IssueHistory(events=())


def _pull_request(seen: PullRequestFacts) -> gate.PullRequest:
    pull = seen.pull_request
    return gate.PullRequest(
        number=pull.number,
        url=pull.html_url,
        state=pull.state,
        merged=pull.is_merged,
        draft=pull.draft,
        author_id=pull.user.id if pull.user else 0,
        base_ref=pull.base.ref,
        base_sha=pull.base.sha,
        head_ref=pull.head.ref,
        head_sha=seen.head_sha,
        head_repository_id=pull.head.repo.id if pull.head.repo else None,
        body=pull.body or "",
        labels=tuple(label.name for label in pull.labels),
        mergeable=pull.mergeable,
        mergeable_state=pull.mergeable_state,
    )


def _commits(seen: PullRequestFacts) -> gate.CommitRange:
    people: dict[tuple[str, int | None, str], gate.Committer] = {}
    for one in seen.commits:
        for role, account, written in (
            ("author", one.author, one.commit.author),
            ("committer", one.committer, one.commit.committer),
        ):
            name = account.login if account else (written.name if written else "somebody")
            identity = account.id if account else None
            people[role, identity, name] = gate.Committer(role=role, account_id=identity, name=name)
    last = seen.commits[-1].sha if seen.commits else ""
    return gate.CommitRange(head_sha=last, identities=tuple(people.values()))


def _suite(suite: CheckSuite) -> gate.CheckSuite:
    return gate.CheckSuite(
        id=suite.id,
        app_id=suite.app.id if suite.app else None,
        app_slug=(suite.app.slug if suite.app else None) or "",
        head_sha=suite.head_sha,
        status=suite.status,
        conclusion=suite.conclusion,
        runs=suite.latest_check_runs_count,
        created_at=suite.created_at,
    )


def _threads(seen: PullRequestFacts) -> list[gate.Thread]:
    return [
        gate.Thread(
            id=one.id,
            path=one.path,
            opened_by_id=one.opened_by_id,
            resolved=one.is_resolved,
            resolved_by_id=one.resolved_by_id,
            outdated=one.is_outdated,
        )
        for one in seen.threads
    ]


def _budget(state: IssueState) -> gate.BudgetState:
    """Return where the issue stands; a merge spends nothing, so only what is known counts here."""
    if state.cost_micro_usd > state.limits.max_cost_micro_usd:
        return gate.BudgetState.EXCEEDED
    return gate.BudgetState.WITHIN
