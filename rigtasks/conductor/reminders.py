"""Tell a person once more, by a comment of its own: GitHub tells nobody of one that is edited."""

from rigtasks.conductor.context import Conductor
from rigtasks.conductor.writing import writing
from rigtasks.github.identities import Role
from rigtasks.github.issues import comment_anew
from rigtasks.lifecycle.lateness import waits_at_human_gate
from rigtasks.lifecycle.state import IssueState


def remind(conductor: Conductor, stream: str) -> str:
    """Comment on the issue what waits for a person; an earlier reminder makes way for it.

    Raises:
        NotNow: the issue is paused, or another process is at it.
    """
    with writing(conductor, stream) as state:
        if state is None:
            return "ignored: no such issue"
        said = _said(state)
        if said is None:
            return "ignored: nobody is waited for any more"
        ordinal, text = said
        greeting = f"@{state.approved_by}: " if state.approved_by else ""
        comment = comment_anew(
            conductor.api(Role.CONDUCTOR, state),
            state.number,
            series=f"reminder:{state.generation}",
            ordinal=ordinal,
            body=f"{greeting}{text}",
        )
        return f"reminded: {comment.html_url}"


def _said(state: IssueState) -> tuple[str, str] | None:
    """Return which reminder it is and what it says, None where nothing waits."""
    pull = f"pull request #{state.pr.number}" if state.pr is not None else "its pull request"
    if state.merge_sha is not None and state.ci_sha == state.merge_sha and not state.ci_green:
        return "base", (
            f"the checks of `{state.base_branch}` are red since {pull} was merged as "
            f"{state.merge_sha[:12]}. The rig does not mend that by itself: revert it, or open an "
            "issue for the repair."
        )
    if state.terminal:
        return None
    if waits_at_human_gate(state) and state.head_sha is not None:
        why = "; ".join(state.gate_reasons) or "this change needs a person"
        return f"gate:{state.head_sha}:{state.gate_reminders}", (
            f"{pull} still waits for a person at {state.head_sha[:12]} ({why}). Approve it on "
            f"GitHub, or: `rig issue approve-gate {state.ref} --sha {state.head_sha[:12]} "
            '--reason "…"`'
        )
    if state.overlay is not None:
        return f"call:{state.calls}", (
            f"this still waits for {state.who_must_act or 'a person'}: {state.reason}. "
            f"`rig issue acknowledge {state.ref}` says that somebody is at it, "
            f'`rig issue retry {state.ref} --reason "…"` sends it on.'
        )
    return None
