"""Is it already done? Pull requests of others that close the issue, merged or open."""

from rigtasks.conductor.comparison import merged_before
from rigtasks.github.api import Api
from rigtasks.github.pulls import PullRequest, read_pull_requests_closing
from rigtasks.lifecycle.state import IssueState

_WORDS = {"closed": "was merged", "open": "is open"}


def rival_of(
    api: Api, state: IssueState, *, kinds: tuple[str, ...] = ("closed", "open")
) -> str | None:
    """Say in words which pull request of somebody else solves the issue; None when none does.

    The issue's own pull request, and an older one of the same branch, are no rivals.

    Args:
        api: who asks.
        state: of the issue.
        kinds: which pull requests count: `closed` for merged ones, `open`, or both.
    """
    for kind in kinds:
        for pull in read_pull_requests_closing(api, state.number, state=kind):
            own = state.pr is not None and pull.number == state.pr.number
            if not own and pull.head.ref != state.branch and not _known(pull, state):
                author = pull.user.login if pull.user else "a deleted account"
                return (
                    f"pull request #{pull.number} by {author} closes this issue and {_WORDS[kind]}"
                )
    return None


def _known(pull: PullRequest, state: IssueState) -> bool:
    """Say whether it was merged before the approval: intake has judged that one."""
    return pull.merged_at is not None and merged_before(
        pull.merged_at, labelled_at=state.labelled_at, approved_at=state.approved_at
    )
