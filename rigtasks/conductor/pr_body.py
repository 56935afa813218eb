"""The title and body of a pull request: what is true, in words that cannot act."""

import re

from rigtasks.gate.escape import markdown
from rigtasks.lifecycle.state import IssueState, PendingPublish

_TYPE = re.compile(r"^(?:feat|fix|docs|refactor|test|chore|perf|build|ci)(?:\([^)]*\))?!?: ")


def pull_request_title(state: IssueState) -> str:
    """Return the issue's title in the form of a conventional commit."""
    title = " ".join(state.title.split())[:200]
    return title if _TYPE.match(title) else f"fix: {title}"


def pull_request_body(state: IssueState, pending: PendingPublish) -> str:
    """Return a body that closes the issue and says who made the change and how."""
    command = state.config.test_command if state.config else None
    tests = f"`{command}` was green on this commit." if command else "The tests were green."
    return "\n".join(
        [
            f"Closes #{state.number}",
            "",
            f"Implements “{markdown(state.title)}” as approved by {markdown(state.approved_by)}.",
            "",
            f"- Base: `{pending.base_sha[:12]}`, head: `{pending.head_sha[:12]}`",
            f"- Tests: {tests}",
            f"- Run: `{pending.run_id}`, text of the task: `{state.task_digest[:12]}`",
            "",
            (
                "Made by a coding agent. It is reviewed by another one, and merged only when every "
                "gate holds for the exact head."
            ),
        ]
    )
