"""What `@octokit/fixtures` recorded: the calls the client lacks, and where the sandbox differs."""

from rigtasks.testing.known_differences import KnownDifference

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
_NO_SUCH_CALLS = (
    r"(PUT|DELETE) /repos/\{owner\}/\{repo\}/collaborators/\{username\}",
    r"GET /repos/\{owner\}/\{repo\}/invitations",
    r"PATCH /user/repository_invitations/\{invitation_id\}",
    r"GET /repos/\{owner\}/\{repo\}/tarball/\{ref\}",
    r"GET /orgs/\{org\}",
    r"GET /repos/octokit-fixture-org/git-refs/git/refs/",
    r"(PATCH|DELETE) /repos/\{owner\}/\{repo\}/labels/\{name\}",
    r"(PUT|DELETE) /repos/\{owner\}/\{repo\}/issues/\{issue_number\}/lock",
    r"PUT /notifications",
    r"POST /markdown(/raw)?",
    r"\w+ /projects/columns/\S+",
    r"\w+ /repos/\{owner\}/\{repo\}/releases/\S+",
    r"GET /search/issues",
)

#: Where the sandbox answers a recorded call otherwise than GitHub did.
RECORDED = (
    *(
        KnownDifference(difference=rf"{call}: answers 404, not \d+", reason=_NOT_HERE)
        for call in _NO_SUCH_CALLS
    ),
    KnownDifference(
        difference=r"GET /: is no JSON",
        reason="Pages and REST share one address here, and the root is a page.",
    ),
    KnownDifference(
        difference=r"(GET|PATCH) /repos/\{owner\}/\{repo\}: lacks \$\.organization",
        reason="The owner says the same; its second copy is optional in GitHub's document.",
    ),
    KnownDifference(
        difference=r"(GET|PATCH) /repos/\{owner\}/\{repo\}: lacks "
        r"\$\.(temp_clone_token|use_squash_pr_title_as_default)",
        reason="A token nobody uses, and a setting GitHub has replaced.",
    ),
)
