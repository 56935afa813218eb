"""What `@octokit/fixtures` recorded: the calls the client lacks, and where the sandbox differs."""

from rigtasks.testing.known_differences import KnownDifference, exactly

_SETTINGS = "Settings of a repository are a person's business."
_BY_GIT = "Branches move by git alone."
_NO_RELEASES = "The rig publishes no releases."

#: Scenarios with exchanges that no call of the client makes, and why it makes none.
NOT_CALLED = {
    "add-and-remove-repository-collaborator": _SETTINGS,
    "add-labels-to-issue": "Labels are how people talk to the rig, not the rig to people.",
    "branch-protection": "What a branch requires is read; people set it.",
    "create-file": _BY_GIT,
    "create-status": "Statuses are read; what the rig reports are check runs.",
    "errors": "Labels are made by people; the error itself is read by the transport.",
    "get-archive": "Files come by git.",
    "get-content": "A folder is no file; the rig reads whole trees.",
    "get-organization": "No part of the rig asks about an organisation.",
    "get-root": "Addresses are known.",
    "git-refs": _BY_GIT,
    "labels": _SETTINGS,
    "lock-issue": "Conversations are people's.",
    "mark-notifications-as-read": "An App has no notifications.",
    "markdown": "Nothing the rig writes is rendered by it.",
    "paginate-issues": "The later pages, which the first one leads to.",
    "project-cards": "Projects are people's; this kind of project is gone from GitHub.",
    "release-assets": _NO_RELEASES,
    "release-assets-conflict": _NO_RELEASES,
    "rename-repository": "Renaming is a person's business; the redirect is followed.",
    "search-issues": "Searches lag behind; the rig lists.",
}

_NOT_HERE = "The sandbox has what the rig and the demo need, and not this."
_NO_SUCH_CALLS = {
    "PUT /repos/{owner}/{repo}/collaborators/{username}": 201,
    "DELETE /repos/{owner}/{repo}/collaborators/{username}": 204,
    "GET /repos/{owner}/{repo}/invitations": 200,
    "PATCH /user/repository_invitations/{invitation_id}": 204,
    "GET /repos/{owner}/{repo}/tarball/{ref}": 302,
    "GET /orgs/{org}": 200,
    "GET /repos/octokit-fixture-org/git-refs/git/refs/": 200,
    "PATCH /repos/{owner}/{repo}/labels/{name}": 200,
    "DELETE /repos/{owner}/{repo}/labels/{name}": 204,
    "PUT /repos/{owner}/{repo}/issues/{issue_number}/lock": 204,
    "DELETE /repos/{owner}/{repo}/issues/{issue_number}/lock": 204,
    "PUT /notifications": 205,
    "POST /markdown": 200,
    "POST /markdown/raw": 200,
    "GET /projects/columns/1000/cards": 200,
    "POST /projects/columns/1000/cards": 201,
    "GET /projects/columns/cards/1000": 200,
    "PATCH /projects/columns/cards/1000": 200,
    "DELETE /projects/columns/cards/1000": 204,
    "POST /projects/columns/cards/1000/moves": 201,
    "POST /projects/columns/cards/1001/moves": 201,
    "GET /repos/{owner}/{repo}/releases/tags/{tag}": 200,
    "GET /repos/{owner}/{repo}/releases/{release_id}/assets": 200,
    "GET /repos/{owner}/{repo}/releases/assets/{asset_id}": 200,
    "PATCH /repos/{owner}/{repo}/releases/assets/{asset_id}": 200,
    "DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}": 204,
    "GET /search/issues": 200,
}
_REPOSITORIES = tuple(f"{method} /repos/{{owner}}/{{repo}}" for method in ("GET", "PATCH"))


def _differs(sentence: str, reason: str) -> KnownDifference:
    return KnownDifference(difference=exactly(sentence), reason=reason)


#: Where the sandbox answers a recorded call otherwise than GitHub did.
RECORDED = (
    *(
        _differs(f"{call}: answers 404, not {status}", _NOT_HERE)
        for call, status in _NO_SUCH_CALLS.items()
    ),
    _differs(
        "GET /: answers with text/html, not application/json",
        "Pages and REST share one address here, and the root is a page.",
    ),
    _differs(
        "GET /repos/{owner}/{repo}/collaborators: $ has 1 entries, not 2",
        "Nobody is invited here, so that the one who was is missing.",
    ),
    _differs(
        "PUT /repos/{owner}/{repo}/contents/{path}: $.commit.parents is a list, not an empty list",
        "A repository begins with a commit here, and that one began with this file.",
    ),
    *(
        _differs(
            f"GET /repos/{{owner}}/{{repo}}/{what}: has no last-modified",
            "When a file or a label changed is not kept; their tags say that they did.",
        )
        for what in ("contents/{path}", "labels/{name}")
    ),
    _differs(
        "GET /repos/{owner}/{repo}: $.topics is an empty list, not a list",
        "Repositories have no topics here.",
    ),
    _differs(
        "GET /repos/{owner}/{repo}: lacks $.temp_clone_token",
        "A token nobody uses; GitHub's document allows none.",
    ),
    *(
        _differs(
            f"{call}: $.{name} is an address, not a text", "Here git is spoken over HTTP alone."
        )
        for call in _REPOSITORIES
        for name in ("git_url", "ssh_url")
    ),
    *(
        _differs(
            f"{call}: lacks $.use_squash_pr_title_as_default", "A setting GitHub has replaced."
        )
        for call in _REPOSITORIES
    ),
)
