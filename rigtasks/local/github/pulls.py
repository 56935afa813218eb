"""What happens to pull requests: opened, reopened, made drafts, pointed elsewhere, merged."""

import msgspec

from rigtasks.local.github import issues, review_requests
from rigtasks.local.github.answers import invalid, validation_failed
from rigtasks.local.github.forks import fork_of, in_network
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import Account, Issue, PullRequest, Repository


class NewPull(msgspec.Struct, frozen=True, kw_only=True):
    """A pull request to open.

    `head` may be `owner:branch`, `head_repo` names the fork where the owner has several.
    """

    title: str
    head: str
    base: str
    head_repo: str | None = None
    body: str | None = None
    draft: bool = False
    maintainer_can_modify: bool = True
    app_id: int | None = None


def create(
    hub: Hub,
    repo: Repository,
    author: Account,
    new: NewPull,
) -> PullRequest:
    """Open a pull request between two branches of one repository or of a fork and it.

    Raises:
        HttpError: 422 as GitHub words it for unknown branches, no commits, or a second one.
    """
    git = hub.git(repo)
    source, ref = _head(hub, repo, new)
    head_sha, base_sha = hub.git(source).branch(ref), git.branch(new.base)
    if head_sha is None:
        raise invalid("PullRequest", "head")
    if base_sha is None:
        raise invalid("PullRequest", "base")
    fork = source if source.id != repo.id else None
    if fork is not None:
        git.take(hub.git(fork), ref)
    owner = hub.state.accounts.get(source.owner_id)
    state = hub.state
    with state.change():
        label = ref if fork is None else f"{owner.login}:{ref}"
        _check_new(hub, repo, new.base, fork, ref, f"{owner.login}:{ref}")
        if not git.count(f"{base_sha}..{head_sha}"):
            message = f"No commits between {new.base} and {label}"
            raise validation_failed(
                {"resource": "PullRequest", "code": "custom", "message": message}
            )
        now = state.now()
        half = state.issues.put(
            Issue(
                id=state.new_id(),
                repository_id=repo.id,
                number=issues.next_number(hub, repo),
                title=new.title,
                body=new.body,
                author_id=author.id,
                app_id=new.app_id,
                created_at=now,
                updated_at=now,
                is_pull=True,
            )
        )
        pull = state.pulls.put(
            PullRequest(
                id=state.new_id(),
                repository_id=repo.id,
                number=half.number,
                head_ref=ref,
                head_sha=head_sha,
                base_ref=new.base,
                base_sha=base_sha,
                draft=new.draft,
                fork_id=None if fork is None else fork.id,
                fork_owner_id=None if fork is None else fork.owner_id,
                maintainer_can_modify=fork is not None and new.maintainer_can_modify,
                pusher_id=source.pusher_ids.get(ref, author.id),
            )
        )
        git.update_ref(f"refs/pull/{pull.number}/head", head_sha)
        issues.announce(hub, repo, half, author, "opened", {})
        return review_requests.ask_code_owners(hub, repo, pull, author)


def _head(hub: Hub, repo: Repository, new: NewPull) -> tuple[Repository, str]:
    prefix, _, ref = new.head.rpartition(":")
    owner = hub.state.accounts.get(repo.owner_id) if not prefix else hub.account(prefix)
    if owner is None:
        raise invalid("PullRequest", "head")
    if new.head_repo is not None:
        named = hub.repository(owner.login, new.head_repo.rpartition("/")[2])
        if named is None or not in_network(hub, repo, named):
            raise invalid("PullRequest", "head_repo")
        return named, ref
    source = repo if owner.id == repo.owner_id else fork_of(hub, repo, owner)
    if source is None:
        raise invalid("PullRequest", "head")
    return source, ref


def _check_new(
    hub: Hub, repo: Repository, base: str, fork: Repository | None, ref: str, label: str
) -> None:
    fork_id = None if fork is None else fork.id
    for other in hub.state.pulls.of(repo.id):
        half = hub.issue(repo, other.number)
        same = (other.fork_id, other.head_ref, other.base_ref) == (fork_id, ref, base)
        if same and half is not None and half.state == "open":
            message = f"A pull request already exists for {label}."
            raise validation_failed(
                {"resource": "PullRequest", "code": "custom", "message": message}
            )


def set_draft(
    hub: Hub, repo: Repository, pull: PullRequest, half: Issue, actor: Account, *, draft: bool
) -> PullRequest:
    """Make a draft of a pull request, or say that it is ready for review."""
    with hub.state.change():
        if pull.draft == draft:
            return pull
        changed = hub.state.pulls.put(msgspec.structs.replace(pull, draft=draft))
        half = issues.touch(hub, half)
        event = "convert_to_draft" if draft else "ready_for_review"
        issues.record(hub, repo, pull.number, actor, event)
        action = "converted_to_draft" if draft else "ready_for_review"
        issues.announce(hub, repo, half, actor, action, {})
        return review_requests.ask_code_owners(hub, repo, changed, actor)


def reopen(hub: Hub, repo: Repository, pull: PullRequest, half: Issue, actor: Account) -> Issue:
    """Reopen a closed pull request.

    Raises:
        HttpError: 422 when it was merged or its branch is gone.
    """
    source = repo if pull.fork_id is None else hub.state.repositories.find(pull.fork_id)
    head = None if source is None else hub.git(source).branch(pull.head_ref)
    if pull.merged_at is not None or head is None:
        raise validation_failed(
            {
                "resource": "PullRequest",
                "code": "custom",
                "field": "state",
                "message": "state cannot be changed. The pull request cannot be reopened.",
            }
        )
    with hub.state.change():
        if head != pull.head_sha:
            if source is not None and source.id != repo.id:
                hub.git(repo).take(hub.git(source), pull.head_ref)
            hub.state.pulls.put(msgspec.structs.replace(pull, head_sha=head))
        return issues.set_state(hub, repo, half, actor, "open")


def change_base(
    hub: Hub, repo: Repository, pull: PullRequest, half: Issue, actor: Account, base: str
) -> None:
    """Point a pull request at another base branch.

    Raises:
        HttpError: 422 when there is no such branch.
    """
    tip = hub.git(repo).branch(base)
    if tip is None:
        raise invalid("PullRequest", "base")
    with hub.state.change():
        changes = {"base": {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}}
        hub.state.pulls.put(msgspec.structs.replace(pull, base_ref=base, base_sha=tip))
        half = issues.touch(hub, half)
        issues.record(hub, repo, pull.number, actor, "base_ref_changed")
        issues.announce(hub, repo, half, actor, "edited", {"changes": changes})


def mark_merged(
    hub: Hub, repo: Repository, pull: PullRequest, half: Issue, actor: Account, sha: str
) -> None:
    """Record that a pull request's commits are on its base branch as `sha`."""
    state = hub.state
    with state.change():
        state.pulls.put(
            msgspec.structs.replace(
                pull, merged_at=state.now(), merged_by_id=actor.id, merge_commit_sha=sha
            )
        )
        issues.record(hub, repo, pull.number, actor, "merged", commit_id=sha)
        issues.set_state(hub, repo, half, actor, "closed")
        if pull.base_ref != repo.default_branch:
            return
        for issue in issues.closing_references(hub, repo, half.body):
            issues.set_state(hub, repo, issue, actor, "closed", commit_id=sha)
