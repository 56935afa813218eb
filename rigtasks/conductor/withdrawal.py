"""See whether a person took an issue back or stopped it; the label is an authorisation."""

from enum import StrEnum
from uuid import UUID

from rigtasks.conductor.context import CONDUCTOR, Conductor, repository_of
from rigtasks.conductor.stop_label import heed_stop_label
from rigtasks.github.identities import Role
from rigtasks.github.issues import TRANSFERRED, Absent, Unseen, look_for_known_issue
from rigtasks.github.pulls import read_pull_request
from rigtasks.lifecycle.commands import Cancel
from rigtasks.shell import absence_entry

_OPEN = "open"


class Wish(StrEnum):
    """What people want of an issue now, as far as GitHub shows it."""

    WANTED = "the issue is open and labelled"
    MERGED = "its pull request is merged"
    WITHDRAWN = "the issue was withdrawn"
    ENDED = "the issue had ended"
    UNKNOWN = "GitHub does not show the issue now; it is looked for once more later"


def why_withdrawn(issue_state: str, labels: tuple[str, ...], label: str) -> str | None:
    """Return why an issue is no longer to be worked on, None where it is."""
    if issue_state != _OPEN:
        return f"the issue was {issue_state}"
    return None if label in labels else f"the label {label} was removed"


def cancel_withdrawn(
    conductor: Conductor,
    stream: str,
    *,
    cause: UUID,
    by: str = "somebody on GitHub",
    is_gone: bool = False,
) -> tuple[Wish, str]:
    """Cancel the issue if GitHub shows it closed, deleted, transferred or without its label.

    Where it has no pull request yet, the label that stops it is looked at as well.

    Not while an effect is under way, so that nothing is merged or pushed meanwhile. An issue
    that the merge of its own pull request closed is not withdrawn. One that GitHub does not show,
    in a repository whose issues it shows, is looked for once more after a while.

    Args:
        conductor: whose GitHub is asked.
        stream: of the issue.
        cause: of what is recorded.
        by: who withdrew it.
        is_gone: whether something else says, too, that an issue GitHub does not show is not there
            any more: it told of that itself, or did not show it a while ago.

    Returns:
        What is wanted, with the reason in words.

    Raises:
        EffectUnderWay: look again later.
        NotFound: nothing of the repository is shown, which says nothing of the issue.
    """
    with conductor.alone(stream):
        state = conductor.stores.events.load(stream).state
        if state is None or state.terminal:
            return Wish.ENDED, Wish.ENDED
        api = conductor.repository_api(Role.CONDUCTOR, repository_of(state))
        issue = look_for_known_issue(api, state.number, label=conductor.label)
        if isinstance(issue, Unseen):
            if not is_gone:
                look_once_more(conductor, stream)
                return Wish.UNKNOWN, Wish.UNKNOWN
            issue = Absent(state=TRANSFERRED)
        if state.pr is None:
            heed_stop_label(conductor, state, api, {state.number: issue.label_names})
        reason = why_withdrawn(issue.state, issue.label_names, conductor.label)
        if reason is None:
            return Wish.WANTED, Wish.WANTED
        pull = state.pr
        if pull is not None and read_pull_request(api, pull.number, settled=False).is_merged:
            return Wish.MERGED, Wish.MERGED
        conductor.shell.tell(stream, Cancel(reason=reason, by=by), actor=CONDUCTOR, cause=cause)
        return Wish.WITHDRAWN, reason


def look_once_more(conductor: Conductor, stream: str) -> None:
    """See to it that an issue which GitHub does not show is looked for again after a while."""
    entry = absence_entry(stream, seconds=conductor.absence)
    conductor.stores.outbox.add_missing((entry,))


def confirm_absence(conductor: Conductor, stream: str, *, cause: UUID) -> str:
    """Cancel an issue that GitHub does not show even now, and return what came of it in words.

    Raises:
        RigError: as `cancel_withdrawn`.
    """
    wish, words = cancel_withdrawn(conductor, stream, cause=cause, is_gone=True)
    return f"cancelled: {words}" if wish is Wish.WITHDRAWN else f"ignored: {words}"
