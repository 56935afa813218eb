"""What can be seen of an issue on GitHub, and whether somebody changed it."""

from ledger import Tally
from running_rig import Json
from shop import Issue


def on_github(issue: Issue) -> Json:
    """Return what can be seen of an issue on GitHub."""
    pulls = issue.pulls()
    return {
        "issue": (issue.on_github()["state"], issue.comments()),
        "pulls": [(one["number"], one["state"], one["head"]["sha"]) for one in pulls],
        "branches": issue.branches(),
        "reviews": [
            issue.person.pages(f"/repos/{issue.repo}/pulls/{one['number']}/reviews")
            for one in pulls
        ],
    }


def changes(before: Json, after: Json) -> Tally:
    """Return what a process changed that should have changed nothing."""
    return Tally((), tuple(f"{name} changed" for name in before if before[name] != after[name]))
