"""Say on GitHub where an issue stands: one comment, edited in place, and one check run."""

import msgspec

from rigtasks.conductor.context import Conductor, repository_of
from rigtasks.conductor.gate_facts import read_gate
from rigtasks.conductor.standing import gate_pauses
from rigtasks.conductor.stops import Paused
from rigtasks.conductor.withdrawal import look_once_more
from rigtasks.conductor.writing import writing
from rigtasks.errors import NotNow
from rigtasks.gate.explain import (
    Activity,
    Explanation,
    IssueSummary,
    Reason,
    check_run_state,
    explain,
)
from rigtasks.gate.facts import Pause, PauseScope
from rigtasks.gate.render import render_markdown
from rigtasks.gate.rules.ci import GATE_CHECK
from rigtasks.gate.rules.holds import lifting
from rigtasks.gate.verdict import Verdict, evaluate
from rigtasks.github.api import Api
from rigtasks.github.checks import CheckDraft, put_check_run
from rigtasks.github.errors import NotFound, Unexpected
from rigtasks.github.identities import Role
from rigtasks.github.issues import (
    Absent,
    Comment,
    Unseen,
    comment_once,
    look_for_known_issue,
)
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.react import Effect, EffectKind
from rigtasks.lifecycle.state import IssueState, Lane, Stage
from rigtasks.routing.decisions import RefusalCode
from rigtasks.shell import effect_entry

_JUDGED = frozenset({Lane.IN_REVIEW, Lane.READY_TO_MERGE})
_INTERRUPTED = "A run was interrupted; its unfinished work is being put on the branch."
_PAUSED = {
    PauseScope.RIG: "the rig",
    PauseScope.REPO: "this repository",
    PauseScope.ISSUE: "this issue",
    PauseScope.PROVIDER: "the provider of its agent",
}


def report(conductor: Conductor, stream: str) -> str:
    """Bring the issue's status comment, and the check run at its head, up to date.

    While its repository, its provider or the issue itself is paused, the comment says just that.
    The switch of the whole rig may have been set because of what the rig writes: then nothing is
    said at all.

    Raises:
        NotNow: there is nothing that may be said now, or another process is at it.
    """
    with conductor.alone(stream):
        state = conductor.stores.events.load(stream).state
        if state is None or _is_hidden(state):
            return "ignored: nothing of this issue can be shown on it"
        pauses = gate_pauses(conductor.stores, state)
        try:
            if not pauses:
                return _report(conductor, state)
            if state.terminal or any(one.scope is PauseScope.RIG for one in pauses):
                raise Paused(pauses[0])
            return _tell_pause(conductor, stream, state, pauses[0])
        except (NotFound, Unexpected):
            api = conductor.repository_api(Role.CONDUCTOR, repository_of(state))
            issue = look_for_known_issue(api, state.number, label=conductor.label)
            if isinstance(issue, Absent):
                return f"ignored: the issue was {issue.state}, so nobody can read it there"
            if isinstance(issue, Unseen):
                return _not_shown(conductor, state)
            raise


def _not_shown(conductor: Conductor, state: IssueState) -> str:
    """Wait until it is known whether GitHub shows the issue again; its end is told to nobody.

    Raises:
        NotNow: the issue has not ended.
    """
    if state.terminal:
        return f"ignored: {state.reason}, so nobody can read it there"
    look_once_more(conductor, state.stream)
    raise NotNow("GitHub does not show the issue now", retry_after=conductor.absence / 3)


def report_resumed(conductor: Conductor, stream: str) -> str:
    """Bring a status comment up to date that told of a pause.

    Raises:
        NotNow: the pause is not lifted yet, or another process is at it.
    """
    with writing(conductor, stream) as state:
        if state is None or _is_hidden(state):
            return "ignored: nothing of this issue can be shown on it"
        return _report(conductor, state)


def _is_hidden(state: IssueState) -> bool:
    return state.refusal_code is not None and not state.refusal_visible


def _tell_pause(conductor: Conductor, stream: str, state: IssueState, pause: Pause) -> str:
    """Say on the issue that it is paused; the same comment comes up to date after the pause."""
    what = _PAUSED[pause.scope]
    stopped = f"{pause.by} paused {what}: {pause.reason}"
    lift = lifting(pause, repository=state.repo, issue=state.ref)
    paused = Reason(
        sentence=f"{stopped}. Until it is resumed, the rig writes nothing else here.",
        who=lift.who,
        what=lift.how,
        command=lift.command,
    )
    summary = msgspec.structs.replace(summary_of(state), activity=Activity.BLOCKED, reason=paused)
    news = conductor.news_of_a_pause(state)
    comment = _comment(news, state, explain(summary, None, pause.at))
    resumed = effect_entry(stream, Effect(kind=EffectKind.REPORT_RESUMED))
    conductor.stores.outbox.add_missing((resumed,))
    return f"reported the pause: {comment.html_url}"


def _report(conductor: Conductor, state: IssueState) -> str:
    verdict = fresh_verdict(conductor, state)
    explanation = explain(summary_of(state), verdict, conductor.now())
    comment = _comment(conductor.api(Role.CONDUCTOR, state), state, explanation)
    if verdict is not None:
        show_gate(conductor, state, verdict)
    return f"reported: {comment.html_url}"


def _comment(api: Api, state: IssueState, explanation: Explanation) -> Comment:
    body = render_markdown(explanation)
    return comment_once(api, state.number, key=f"status:{state.generation}", body=body)


def show_gate(conductor: Conductor, state: IssueState, verdict: Verdict) -> None:
    """Show a verdict as the rig's own check run at its head; only an App can post one."""
    if Role.CONDUCTOR not in conductor.app_ids:
        return
    explanation = explain(summary_of(state), verdict, conductor.now())
    api = conductor.api(Role.CONDUCTOR, state)
    put_check_run(api, _check_run(state, verdict.head_sha, explanation))


def summary_of(state: IssueState) -> IssueSummary:
    """Return what the stream itself says about an issue, for the explanation."""
    return IssueSummary(
        ref=state.ref,
        state=state.shown,
        activity=_activity(state),
        since=state.entered_at,
        head_sha=state.head_sha,
        reason=_reason(state),
        sentence=_sentence(state),
    )


def is_judged(state: IssueState) -> bool:
    """Say whether the gate has anything to say about an issue now."""
    return state.pr is not None and state.lane in _JUDGED


def fresh_verdict(conductor: Conductor, state: IssueState) -> Verdict | None:
    """Read GitHub and ask every gate; None where there is nothing to judge.

    Raises:
        RigError: the pull request could not be read at all.
    """
    if not is_judged(state):
        return None
    return evaluate(read_gate(conductor, state).gate, conductor.now())


def _sentence(state: IssueState) -> str:
    """Say what happens or happened, in words that need no gate."""
    pull = f"pull request #{state.pr.number}" if state.pr is not None else "a pull request"
    if state.lane is Lane.DONE:
        return f"Merged as {(state.merge_sha or '')[:12]} with {pull}."
    if state.lane is Lane.CANCELLED:
        withdrawn = f"Withdrawn: {state.reason}."
        if state.merge_sha is None:
            return withdrawn
        return f"{withdrawn} It was merged before that, as {state.merge_sha[:12]} with {pull}."
    if state.publish is not None:
        green = f"The tests are green; the commits are being pushed for {pull}."
        return _INTERRUPTED if state.publish.unfinished else green
    if state.run is not None:
        doing = "reviews" if state.run.stage is Stage.REVIEW else "works on"
        return f"{state.run.agent} {doing} it (run {str(state.run.run_id)[:8]})."
    return _waiting(state)


def _waiting(state: IssueState) -> str:
    if state.wanted_queue is None:
        return ""
    begun = "" if state.unfinished is None else " Unfinished work is on its branch."
    return f"It waits for a free worker of {state.wanted_queue}.{begun}"


def _activity(state: IssueState) -> Activity:
    if state.terminal:
        return Activity.IDLE
    if state.run is not None or state.publish is not None or state.verdict is not None:
        return Activity.RUNNING
    if state.overlay is not None or state.lane is Lane.FAILED or state.hold_blocks:
        return Activity.BLOCKED
    if state.attempts or state.lost_runs or state.lane is Lane.CHANGES_REQUESTED:
        return Activity.RETRYING
    return Activity.QUEUED


def _reason(state: IssueState) -> Reason | None:
    if state.hold is not None and state.overlay is None:
        return Reason(
            sentence=state.hold_sentence,
            who="whoever is named",
            what="nothing else: the rig looks again by itself",
        )
    if state.who_must_act is not None:
        if state.refusal_code == RefusalCode.RIG_INTERNAL:
            what = "does the work, or removes the label"
        elif state.refusal_code:
            what = "applies the label again"
            return Reason(sentence=state.reason, who=state.who_must_act, what=what)
        if state.failure is FailureClass.BUDGET and state.spent_micro_usd is not None:
            return Reason(
                sentence=state.reason,
                who=state.who_must_act,
                what="raises the budget",
                command=f'rig issue raise-budget {state.ref} --usd … --reason "…"',
            )
        return Reason(
            sentence=state.reason,
            who=state.who_must_act,
            what="looks, then retries the issue",
            command=f'rig issue retry {state.ref} --reason "…"',
        )
    return None


def _check_run(state: IssueState, head_sha: str, explanation: Explanation) -> CheckDraft:
    shown = check_run_state(explanation)
    return CheckDraft(
        name=GATE_CHECK,
        head_sha=head_sha,
        external_id=f"{state.repo_id}/{state.number}/{state.generation}",
        status=shown.status,
        conclusion=shown.conclusion,
        title=shown.title[:200],
        summary=render_markdown(explanation),
    )
