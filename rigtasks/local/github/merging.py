"""The merge call: guard, rules, and the three ways to put a pull request on its base."""

import subprocess
import tempfile

import msgspec

from rigtasks.local.github import pulls, pushes
from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.git import (
    BareRepository,
    GitFailedError,
    Signature,
    environment,
    signature,
)
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import Account, Issue, PullRequest, Repository
from rigtasks.local.github.rules.verdicts import merge_blockers

FORGE = ("GitHub", "noreply@github.com")
_REBASE_SECONDS = 60
_ALLOWED = {
    "merge": ("allow_merge_commit", "Merge commits"),
    "squash": ("allow_squash_merge", "Squash merges"),
    "rebase": ("allow_rebase_merge", "Rebase merges"),
}


class MergeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the merge call was asked to do; None leaves GitHub's default."""

    method: str = "merge"
    sha: str | None = None
    commit_title: str | None = None
    commit_message: str | None = None


def merge(
    hub: Hub, repo: Repository, pull: PullRequest, actor: Account, request: MergeRequest
) -> str:
    """Merge a pull request and return the commit that is now the base's tip.

    Raises:
        HttpError: 409 when the head is not the given SHA, 405 when it may not be merged now, 422
            for an unknown method.
    """
    half = hub.issue(repo, pull.number)
    if half is None:
        raise HttpError(404, "Not Found")
    if request.method not in {"merge", "squash", "rebase"}:
        raise HttpError(422, "Invalid merge method")
    git = hub.git(repo)
    with hub.state.change():
        _check(hub, repo, pull, half, actor, request)
        tip = git.branch(pull.base_ref)
        if tip is None:
            raise HttpError(405, "Pull Request is not mergeable")
        merged = written(hub, repo, pull, half, actor, request, tip)
        try:
            git.update_ref(f"refs/heads/{pull.base_ref}", merged, tip)
        except GitFailedError as failure:
            message = "Base branch was modified. Review and try the merge again."
            raise HttpError(405, message) from failure
        pull = msgspec.structs.replace(pull, base_sha=tip)
        pulls.mark_merged(hub, repo, hub.state.pulls.put(pull), half, actor, merged)
        pushes.branch_moved(hub, repo, pull.base_ref, tip, merged, actor)
        if repo.delete_branch_on_merge and pull.fork_id is None:
            pushes.delete_ref(hub, repo, f"refs/heads/{pull.head_ref}", actor)
        return merged


def _check(
    hub: Hub,
    repo: Repository,
    pull: PullRequest,
    half: Issue,
    actor: Account,
    request: MergeRequest,
) -> None:
    if pull.merged_at is not None or half.state != "open":
        raise HttpError(405, "Pull Request is not mergeable")
    if request.sha is not None and request.sha != pull.head_sha:
        raise HttpError(409, "Head branch was modified. Review and try the merge again.")
    if pull.draft:
        raise HttpError(405, "Pull Request is still a draft")
    if not getattr(repo, _ALLOWED[request.method][0]):
        raise HttpError(405, f"{_ALLOWED[request.method][1]} are not allowed on this repository.")
    blockers = merge_blockers(hub, repo, pull, actor, method=request.method)
    if blockers.every:
        raise HttpError(405, blockers.message)


def written(
    hub: Hub,
    repo: Repository,
    pull: PullRequest,
    half: Issue,
    actor: Account,
    request: MergeRequest,
    tip: str,
) -> str:
    """Store the commit that puts a pull request on a tip, and return it; no ref moves.

    Raises:
        HttpError: 405 when they conflict.
    """
    git = hub.git(repo)
    committer = signature(*FORGE, hub.state.now())
    if request.method == "rebase":
        return _rebased(git, pull, tip, committer)
    tree = git.merged_tree(tip, pull.head_sha)
    if tree is None:
        raise HttpError(405, "Pull Request is not mergeable")
    if request.method == "squash":
        author = identity(hub.state.accounts.get(half.author_id))
        title = request.commit_title or f"{half.title} (#{pull.number})"
        message = request.commit_message if request.commit_message is not None else half.body or ""
        parents = [tip]
    else:
        author = identity(actor)
        owner = hub.state.accounts.get(pull.fork_owner_id or repo.owner_id).login
        title = (
            request.commit_title
            or f"Merge pull request #{pull.number} from {owner}/{pull.head_ref}"
        )
        message = request.commit_message if request.commit_message is not None else half.title
        parents = [tip, pull.head_sha]
    return git.write_commit(
        tree=tree,
        parents=parents,
        message=f"{title}\n\n{message}".strip() + "\n",
        author=signature(*author, hub.state.now()),
        committer=committer,
    )


def identity(account: Account) -> tuple[str, str]:
    """Return the name and address GitHub writes into commits it makes for an account."""
    noreply = f"{account.id}+{account.login}@users.noreply.github.com"
    return account.name or account.login, account.email or noreply


def _rebased(git: BareRepository, pull: PullRequest, tip: str, committer: Signature) -> str:
    with tempfile.TemporaryDirectory(prefix="rebase-") as work:
        extra = {
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
        }
        steps = (
            ["clone", "--quiet", "--shared", "--no-checkout", "--template=", str(git.path), work],
            ["-C", work, "checkout", "--quiet", "--detach", pull.head_sha],
            ["-C", work, "-c", "core.hooksPath=/dev/null", "rebase", "--quiet", tip],
        )
        for step in steps:
            done = subprocess.run(  # noqa: S603  # fixed program, arguments as a list
                ["git", *step],  # noqa: S607  # git is found on PATH
                env=environment(extra),
                capture_output=True,
                check=False,
                timeout=_REBASE_SECONDS,
            )
            if done.returncode:
                raise HttpError(405, "This branch can't be rebased")
        git.run("fetch", "--quiet", work, "+HEAD:refs/sandbox/rebased")
    rebased = git.refs("refs/sandbox/")["refs/sandbox/rebased"]
    git.delete_ref("refs/sandbox/rebased")
    return rebased
