"""Read everything that an intake decision looks at."""

import msgspec

from rigtasks.conductor.context import Conductor
from rigtasks.conductor.dependencies import read_dependencies
from rigtasks.conductor.seen_repositories import repository_facts, see_repository
from rigtasks.conductor.standing import newest_stream, pauses_in_force, queues_without_worker
from rigtasks.github.api import Api
from rigtasks.github.contents import read_branch_head, read_file, read_tree
from rigtasks.github.identities import Account as GitHubAccount
from rigtasks.github.identities import RepositoryRef, Role
from rigtasks.github.issues import (
    Absent,
    Comment,
    Issue,
    IssueHistory,
    LabelInForce,
    look_for_issue,
    read_comments,
    read_history,
    read_last_text_edit,
)
from rigtasks.github.pulls import PullRequest, read_pull_requests_closing
from rigtasks.github.repositories import read_permission
from rigtasks.lifecycle.state import Lane
from rigtasks.routing.agent_config import CONFIG_PATH
from rigtasks.routing.facts import (
    Account,
    AccountType,
    ConfigFile,
    IntakeFacts,
    IssueFacts,
    Permission,
    PullRequestRef,
)
from rigtasks.routing.intake import dependencies_of
from rigtasks.routing.internal import InternalRepositories
from rigtasks.routing.task_text import IssueComment

_SYMLINK = "120000"


class IntakeReading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read.

    `default_branch` is where work starts unless the repository says otherwise; `internal` are the
    rig's own repositories as known after the reading.
    """

    facts: IntakeFacts
    default_branch: str
    internal: InternalRepositories


def read_intake_facts(
    conductor: Conductor, repository: RepositoryRef, number: int
) -> IntakeReading | Absent:
    """Read an issue, who labelled it, its repository's file and what else intake asks for.

    Of one that is not there any more nothing is read but what became of it.

    Nothing but the issue is read of a rig-internal repository, or of a stranger's.

    Raises:
        RigError: something could not be read; nothing is guessed instead.
    """
    api = conductor.repository_api(Role.CONDUCTOR, repository)
    found = see_repository(conductor, api)
    internal = conductor.internal()
    people = _People(api)
    issue = look_for_issue(api, number)
    if isinstance(issue, Absent):
        return issue
    history = read_history(api, number)
    facts = IntakeFacts(
        repository=repository_facts(found),
        issue=_issue_facts(api, issue, history, conductor.label, people),
        pauses=pauses_in_force(conductor.stores, repository.id, number),
        queues_without_worker=queues_without_worker(conductor.stores, conductor.intake.queues),
        stream=newest_stream(conductor.stores, repository.id, number),
    )
    ref = facts.repository.ref
    reading = IntakeReading(facts=facts, default_branch=found.default_branch, internal=internal)
    if not conductor.intake.works_for(ref) or internal.match(ref, facts.repository.ancestors):
        return reading
    author = conductor.repository_api(Role.AUTHOR, repository).account()
    facts = _with_files(facts, api, found.default_branch)
    before = conductor.stores.issues.newest(repo_id=repository.id, number=number)
    earlier = before.pr if before is not None and before.lane == Lane.DONE else None
    facts = _with_pull_requests(facts, api, author.id, earlier)
    wanted = dependencies_of(facts)
    facts = msgspec.structs.replace(
        facts, dependencies=read_dependencies(conductor.stores, api, wanted)
    )
    return msgspec.structs.replace(reading, facts=facts)


class _People:
    """Permissions of accounts, each asked for once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[int, Permission] = {}

    def permission(self, account: GitHubAccount) -> Permission:
        if account.id not in self._known:
            self._known[account.id] = Permission(read_permission(self._api, account).value)
        return self._known[account.id]

    def account(self, account: GitHubAccount) -> Account:
        return Account(
            id=account.id,
            login=account.login,
            type=AccountType(account.type),
            permission=self.permission(account),
        )


def _issue_facts(
    api: Api, issue: Issue, history: IssueHistory, label: str, people: _People
) -> IssueFacts:
    labelled: LabelInForce | None = history.label_in_force(label)
    is_pull = issue.pull_request is not None
    edit = None if is_pull else read_last_text_edit(api, issue.number, history)
    labelled_at = labelled.created_at if labelled else issue.updated_at
    actor = labelled.actor if labelled else None
    return IssueFacts(
        number=issue.number,
        is_open=issue.state == "open",
        is_pull_request=is_pull,
        title=issue.title,
        body=issue.body,
        labels=issue.label_names,
        labelled_at=labelled_at,
        labelled_by=people.account(actor) if actor else None,
        comments=tuple(_comment(one, people) for one in read_comments(api, issue.number)),
        edited_after_label=edit is not None and edit.edited_at > labelled_at,
    )


def _comment(comment: Comment, people: _People) -> IssueComment:
    user = comment.user
    return IssueComment(
        id=comment.id,
        author_id=user.id if user else 0,
        author=user.login if user else "ghost",
        created_at=comment.created_at,
        updated_at=comment.updated_at,
        body=comment.body,
        permitted=user is not None
        and user.type == AccountType.USER
        and people.permission(user).may_write,
    )


def _with_files(facts: IntakeFacts, api: Api, branch: str) -> IntakeFacts:
    head = read_branch_head(api, branch)
    if head is None:
        return facts
    tree = read_tree(api, head)
    entry = tree.entry(CONFIG_PATH)
    config: ConfigFile | None = None
    if entry is not None and entry.mode == _SYMLINK:
        config = ConfigFile(blob_sha=entry.sha, problem=f"`{CONFIG_PATH}` is a symbolic link")
    elif entry is not None or tree.truncated:
        content = read_file(api, CONFIG_PATH, ref=head)
        config = ConfigFile(blob_sha=content.sha, content=content.content) if content else None
    return msgspec.structs.replace(
        facts, tree=tree.files(), tree_truncated=tree.truncated, config_file=config
    )


def _with_pull_requests(
    facts: IntakeFacts, api: Api, author_id: int, earlier: int | None
) -> IntakeFacts:
    """Add the pull requests that close the issue, without the one of its own earlier life.

    A person who reopens an issue and labels it again knows what was merged for it.
    """
    number = facts.issue.number
    return msgspec.structs.replace(
        facts,
        merged_pull_requests=tuple(
            _pull_request(pull, author_id)
            for pull in read_pull_requests_closing(api, number, state="closed")
            if pull.number != earlier
        ),
        open_pull_requests=tuple(
            _pull_request(pull, author_id)
            for pull in read_pull_requests_closing(api, number, state="open")
        ),
    )


def _pull_request(pull: PullRequest, author_id: int) -> PullRequestRef:
    user = pull.user
    return PullRequestRef(
        number=pull.number,
        author=user.login if user else "ghost",
        ours=user is not None and user.id == author_id,
    )
