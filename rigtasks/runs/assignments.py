"""Turn the state of an issue into a run's work order."""

import msgspec

from rigtasks.agent.assignment import (
    Assignment,
    Commands,
    Comment,
    Feedback,
    FeedbackKind,
    Remark,
    Role,
    RunLimits,
)
from rigtasks.budget.cap import remaining
from rigtasks.lifecycle.state import ActiveRun, IssueState, Stage
from rigtasks.lifecycle.state import Feedback as IssueFeedback
from rigtasks.lifecycle.state import FeedbackKind as IssueFeedbackKind
from rigtasks.routing.agent_config import AgentConfig
from rigtasks.routing.tools import Installation
from rigtasks.workspace.branches import branch_name

_ROLES = {Stage.IMPLEMENT: Role.IMPLEMENT, Stage.REVIEW: Role.REVIEW}
_KINDS = {
    IssueFeedbackKind.REVIEW: FeedbackKind.REVIEW,
    IssueFeedbackKind.CI: FeedbackKind.CI,
    IssueFeedbackKind.CONFLICT: FeedbackKind.CONFLICT,
    IssueFeedbackKind.TESTS: FeedbackKind.TESTS,
}
_SUMMARIES = {
    IssueFeedbackKind.CI: "CI is red on the branch.",
    IssueFeedbackKind.TESTS: "The last run of the tests was red.",
}


class SetUp(msgspec.Struct, frozen=True, kw_only=True):
    """What happens before the agent starts, besides the repository's own command for it.

    Args:
        network: whether that command may reach the network.
        tools: extra tools to install first.
    """

    network: bool = False
    tools: tuple[Installation, ...] = ()


def branch_of(state: IssueState) -> str:
    """Return the branch of an issue: the one it has, or the deterministic first one."""
    if state.branch is not None:
        return state.branch
    title = state.title if state.generation == 1 else f"{state.generation} {state.title}"
    return branch_name(state.number, title)


def head_to_go_on_from(state: IssueState, found: str | None) -> str | None:
    """Return the head of the issue's branch to go on from, None where the work begins anew.

    Without a pull request a branch is gone on with only for the unfinished work on it.

    Args:
        state: the issue as it was claimed.
        found: where its branch is on GitHub now.
    """
    if state.pr is not None:
        return state.head_sha
    left = state.unfinished
    if left is None or left.abandoned or left.head_sha != found:
        return None
    return found


def assignment_for(
    state: IssueState,
    run: ActiveRun,
    *,
    base_sha: str,
    head_sha: str,
    defaults: RunLimits,
    set_up: SetUp | None = None,
    diff: str = "",
    diff_truncated: bool = False,
) -> Assignment:
    """Build the work order of one run.

    Args:
        state: the issue as it was claimed.
        run: the claim.
        base_sha: the base branch now.
        head_sha: where the work continues.
        defaults: the rig's own limits; the repository's file can only tighten them.
        set_up: what the rig itself adds to the repository's commands.
        diff: the change under review, for reviews.
        diff_truncated: whether it could not be had completely.
    """
    config = state.config or AgentConfig()
    return Assignment(
        run_id=run.run_id,
        ref=state.ref,
        issue_number=state.number,
        role=_ROLES[run.stage],
        title=state.title,
        body=state.body,
        comments=tuple(Comment(author=one.author, body=one.body) for one in state.comments),
        base_branch=state.base_branch,
        base_sha=base_sha,
        branch=branch_of(state),
        head_sha=head_sha,
        unfinished_since=_unfinished_since(state, head_sha),
        commands=_commands(config, set_up or SetUp()),
        limits=_tightened(defaults, config, state),
        attempt=state.attempts + 1,
        feedback=_feedback(state.feedback) if run.stage is Stage.IMPLEMENT else None,
        diff=diff,
        diff_truncated=diff_truncated,
    )


def _unfinished_since(state: IssueState, head_sha: str) -> str | None:
    left = state.unfinished
    return left.since_sha if left is not None and left.head_sha == head_sha else None


def _commands(config: AgentConfig, set_up: SetUp) -> Commands:
    return Commands(
        setup=config.setup_command,
        build=config.build_command,
        test=config.test_command,
        workdir=config.workdir or ".",
        setup_network=set_up.network,
        tools=set_up.tools,
    )


def _tightened(defaults: RunLimits, config: AgentConfig, state: IssueState) -> RunLimits:
    own = config.limits
    left = remaining(state.spent_micro_usd, state.limits.max_cost_micro_usd)
    minutes = own.max_minutes
    return RunLimits(
        max_rounds=defaults.max_rounds,
        max_turns=min(defaults.max_turns, own.max_turns or defaults.max_turns),
        max_seconds=min(
            defaults.max_seconds, minutes * 60.0 if minutes is not None else defaults.max_seconds
        ),
        max_cost_micro_usd=left,
    )


def _feedback(feedback: IssueFeedback | None) -> Feedback | None:
    if feedback is None:
        return None
    remarks = tuple(
        Remark(message=one.message, severity=one.severity, path=one.path, line=one.line)
        for one in feedback.findings
    )
    summary = _SUMMARIES.get(feedback.kind, feedback.text)
    output = "" if summary == feedback.text else feedback.text
    return Feedback(kind=_KINDS[feedback.kind], summary=summary, remarks=remarks, output=output)
