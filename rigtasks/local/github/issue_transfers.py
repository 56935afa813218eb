"""Issues that move to another repository of the same owner, with their comments."""

import msgspec

from rigtasks.local.github import issues
from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import Account, Issue, Repository
from rigtasks.local.github.shapes import issues as shapes
from rigtasks.local.github.shapes import repositories


def transfer(hub: Hub, repo: Repository, issue: Issue, target: Repository, actor: Account) -> Issue:
    """Move an issue; its old address redirects, and it keeps the labels the target knows.

    Raises:
        HttpError: 422 for a pull request, the same repository, or one of another owner.
    """
    if issue.is_pull or target.id == repo.id or target.owner_id != repo.owner_id:
        raise HttpError(422, "Issue cannot be transferred to this repository")
    state = hub.state
    with state.change():
        old_issue = shapes.issue(hub, repo, issue, hub.view)
        known = {label.name.lower(): label.name for label in state.labels.of(target.id)}
        kept = tuple(known[name.lower()] for name in issue.labels if name.lower() in known)
        number = issues.next_number(hub, target)
        moved = state.issues.put(
            msgspec.structs.replace(
                issue,
                id=state.new_id(),
                repository_id=target.id,
                number=number,
                labels=kept,
                updated_at=state.now(),
            )
        )
        for comment in state.comments.of(repo.id, issue.number):
            state.comments.put(
                msgspec.structs.replace(comment, repository_id=target.id, number=number)
            )
        left = {
            **repo.transferred_issues,
            issue.number: f"/repositories/{target.id}/issues/{number}",
        }
        state.repositories.put(msgspec.structs.replace(repo, transferred_issues=left))
        changes = {
            "new_issue": shapes.issue(hub, target, moved, hub.view),
            "new_repository": repositories.repository(hub, target, hub.view),
        }
        issues.announce(hub, repo, issue, actor, "transferred", {"changes": changes})
        state.issues.remove(issue.id)
        issues.record(hub, target, number, actor, "transferred")
        came = {
            "old_issue": old_issue,
            "old_repository": repositories.repository(hub, repo, hub.view),
        }
        issues.announce(hub, target, moved, actor, "opened", {"changes": came})
        return moved
