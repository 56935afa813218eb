"""Update a pull request's branch: merge the newest of its base into it, as the button does."""

from rigtasks.local.github import pushes
from rigtasks.local.github.access import Caller, may_push
from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.git import signature
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.merging import FORGE, identity
from rigtasks.local.github.model import Account, PullRequest, Repository


def update_branch(
    hub: Hub,
    repo: Repository,
    pull: PullRequest,
    caller: Caller,
    actor: Account,
    expected: str | None,
) -> str:
    """Merge the base branch into the head branch and return the new head.

    Raises:
        HttpError: 422 when the head is not the expected one, there is nothing new, or they
            conflict; 403 when the caller may not push to the head repository.
    """
    source = repo if pull.fork_id is None else hub.state.repositories.find(pull.fork_id)
    if source is None or not may_push(caller, source, into=repo, modify=pull.maintainer_can_modify):
        raise HttpError(403, "user doesn't have permission to update head repository")
    if expected is not None and expected != pull.head_sha:
        raise HttpError(422, "expected head sha didn\u2019t match current head ref.")
    git = hub.git(repo)
    tip = git.branch(pull.base_ref)
    if tip is None or git.is_ancestor(tip, pull.head_sha):
        raise HttpError(422, "There are no new commits on the base branch.")
    tree = git.merged_tree(pull.head_sha, tip)
    if tree is None:
        raise HttpError(422, "merge conflict between base and head")
    with hub.state.change():
        now = hub.state.now()
        merged = git.write_commit(
            tree=tree,
            parents=[pull.head_sha, tip],
            message=f"Merge branch '{pull.base_ref}' into {pull.head_ref}\n",
            author=signature(*identity(actor), now),
            committer=signature(*FORGE, now),
        )
        ref = f"refs/heads/{pull.head_ref}"
        if source.id != repo.id:
            git.update_ref("refs/heads/sandbox-update", merged)
            hub.git(source).take(git, "sandbox-update")
            git.delete_ref("refs/heads/sandbox-update")
        hub.git(source).update_ref(ref, merged, pull.head_sha)
        pushes.branch_moved(hub, source, pull.head_ref, pull.head_sha, merged, actor)
        return merged
