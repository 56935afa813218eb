"""Which App is told of what: those that subscribed to an event and may read what it is about."""

from rigtasks.local.github.model import App, Installation

_ABOUT = {
    "branch_protection_rule": ("administration",),
    "check_run": ("checks",),
    "check_suite": ("checks",),
    "fork": ("contents",),
    "issue_comment": ("issues", "pull_requests"),
    "issues": ("issues",),
    "merge_group": ("merge_queues",),
    "pull_request": ("pull_requests",),
    "pull_request_review": ("pull_requests",),
    "pull_request_review_comment": ("pull_requests",),
    "pull_request_review_thread": ("pull_requests",),
    "push": ("contents",),
    "repository": ("metadata",),
    "repository_ruleset": ("administration",),
    "status": ("statuses",),
}
"""The permissions of which one, at read level, an event needs."""


def is_told(app: App, installation: Installation, event: str) -> bool:
    """Tell whether an installed App gets an event."""
    granted = installation.permissions
    return event in app.events and any(
        granted.get(name, "none") != "none" for name in _ABOUT.get(event, ())
    )
