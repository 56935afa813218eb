"""REST: commits that write or delete one file on a branch."""

import base64
import binascii
import tempfile
from pathlib import Path

from werkzeug.wrappers import Response

from rigtasks.local.github import pushes
from rigtasks.local.github.answers import HttpError, json_response, not_found
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.git import BareRepository, GitFailedError, TreeEntry, signature
from rigtasks.local.github.merging import identity
from rigtasks.local.github.rules.requirements import Source
from rigtasks.local.github.rules.updates import Refusal, in_words
from rigtasks.local.github.shapes import repositories

_PLAIN = "100644"
_GONE = "0"


def put_file(call: Call) -> Response:
    """Write a file on a branch; an existing one needs its SHA."""
    content = _content(call)
    git, branch, tip = _branch(call)
    old = _entry(git, tip, call)
    if old is not None and call.text("sha") is None:
        raise HttpError(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    _check_sha(call, old)
    blob = git.run("hash-object", "-w", "--stdin", given=content).strip()
    made = _commit(call, branch, tip, f"{old.mode if old else _PLAIN} {blob}")
    entry = _entry(git, made, call)
    if entry is None:
        raise not_found()
    shape = repositories.content(call.hub, call.repo, entry, branch, call.view, None)
    return json_response(
        {"content": shape, "commit": _commit_shape(call, made)}, 201 if old is None else 200
    )


def delete_file(call: Call) -> Response:
    """Delete a file on a branch; it needs its SHA."""
    call.required_text("sha")
    git, branch, tip = _branch(call)
    old = _entry(git, tip, call)
    if old is None:
        raise not_found()
    _check_sha(call, old)
    made = _commit(call, branch, tip, f"{_GONE} {old.sha}")
    return json_response({"content": None, "commit": _commit_shape(call, made)})


def _content(call: Call) -> bytes:
    try:
        return base64.b64decode(call.required_text("content"), validate=False)
    except (binascii.Error, ValueError) as error:
        raise HttpError(422, "content is not valid Base64") from error


def _branch(call: Call) -> tuple[BareRepository, str, str]:
    branch = call.text("branch") or call.repo.default_branch
    git = call.hub.git(call.repo)
    tip = git.branch(branch)
    if tip is None:
        raise HttpError(404, f"Branch {branch} not found")
    return git, branch, tip


def _entry(git: BareRepository, commit: str, call: Call) -> TreeEntry | None:
    entry = git.entry(commit, call.arguments["path"])
    return entry if entry is None or entry.type == "blob" else None


def _check_sha(call: Call, old: TreeEntry | None) -> None:
    given = call.text("sha")
    if given is not None and (old is None or given != old.sha):
        raise HttpError(409, f"{call.arguments['path']} does not match {given}")


def _commit(call: Call, branch: str, tip: str, entry: str) -> str:
    """Commit one changed entry (mode and blob) of the branch's tree, and move the branch."""
    git, path = call.hub.git(call.repo), call.arguments["path"]
    try:
        with tempfile.TemporaryDirectory(prefix="file-commit-") as work:
            index = {"GIT_INDEX_FILE": str(Path(work) / "index")}
            git.run("read-tree", tip, extra=index)
            line = f"{entry}\t{path}\0".encode()
            git.run("update-index", "-z", "--index-info", extra=index, given=line)
            tree = git.run("write-tree", extra=index).strip()
    except GitFailedError as failure:
        raise HttpError(422, "path contains a malformed path component") from failure
    author = signature(*identity(call.account), call.state.now())
    made = git.write_commit(
        tree=tree,
        parents=[tip],
        message=f"{call.required_text('message')}\n",
        author=author,
        committer=author,
    )
    if found := pushes.refused(call.hub, call.repo, branch, tip, made, call.account):
        raise HttpError(409, _refusal(found))
    git.update_ref(f"refs/heads/{branch}", made, tip)
    pushes.branch_moved(call.hub, call.repo, branch, tip, made, call.account)
    return made


def _refusal(found: list[Refusal]) -> str:
    """Say why a file stays as it is; a protected branch is told of otherwise than a ruleset."""
    protected = any(one.source is Source.PROTECTION for one in found)
    return f"Could not update file: {in_words(found)}" if protected else in_words(found)


def _commit_shape(call: Call, sha: str) -> dict[str, object]:
    row = call.hub.git(call.repo).commit(sha)
    shown = repositories.commit(call.hub, call.repo, row, call.view)
    kept = ("sha", "node_id", "html_url", "parents")
    return {**shown["commit"], **{name: shown[name] for name in kept}}


_FILE = "/repos/<owner>/<repo>/contents/<path:path>"
ROUTES = (
    Route(method="PUT", rule=_FILE, handler=put_file, needs="contents:write"),
    Route(method="DELETE", rule=_FILE, handler=delete_file, needs="contents:write"),
)
