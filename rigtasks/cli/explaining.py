"""The explanation of one issue: from GitHub where that can be asked, else from the stream."""

from datetime import UTC, datetime

import msgspec

from rigtasks.cli.operated import OperatedRig
from rigtasks.conductor.report import fresh_verdict, is_judged, summary_of
from rigtasks.config import load_settings
from rigtasks.errors import RigError
from rigtasks.gate.explain import Explanation, explain
from rigtasks.gate.result import Gate, GateResult, GateStatus
from rigtasks.gate.verdict import Verdict
from rigtasks.lifecycle.envelope import StoredEvent
from rigtasks.lifecycle.events.acceptance import MergeGateWaiting
from rigtasks.lifecycle.state import IssueState


def explanation_of(rig: OperatedRig, stream: str, state: IssueState) -> Explanation:
    """Return why an issue is where it is.

    With GitHub credentials in the environment every gate is asked now. Without them, or when
    GitHub does not answer, the gates are those the rig wrote down last, and the explanation says so
    among the sources that could not be read.
    """
    now = datetime.now(UTC)
    if not is_judged(state):
        return explain(summary_of(state), None, now)
    try:
        verdict, why = _asked(state)
    except RigError as error:
        verdict, why = None, f"it did not answer: {error}"
    if verdict is not None:
        return explain(summary_of(state), verdict, now)
    recorded = recorded_verdict(rig.stores.events.events(stream), state)
    explanation = explain(summary_of(state), recorded, now)
    known = (
        "what follows of the gates is what did not hold when the rig looked last"
        if recorded is not None
        else "and the rig wrote no gate down for this head"
    )
    sources = (*explanation.degraded_sources, f"github: {why}; {known}")
    return msgspec.structs.replace(explanation, degraded_sources=sources)


def recorded_verdict(events: tuple[StoredEvent, ...], state: IssueState) -> Verdict | None:
    """Return the gates that did not hold at the issue's head when they were last written down.

    None where none was: the stream keeps what blocks a merge, never what holds.
    """
    found = [
        (one.event, one.recorded_at)
        for one in events
        if isinstance(one.event, MergeGateWaiting) and one.event.head_sha == state.head_sha
    ]
    if not found or state.pr is None:
        return None
    waiting, at = found[-1]
    return Verdict(
        repository_id=state.repo_id,
        pr=state.pr.number,
        head_sha=waiting.head_sha,
        results=tuple(
            GateResult(
                id=Gate(one.gate),
                status=GateStatus(one.status),
                summary=one.summary,
                sha=waiting.head_sha,
                checked_at=at,
            )
            for one in waiting.blockers
        ),
        read_at=at,
        evaluated_at=at,
    )


def _asked(state: IssueState) -> tuple[Verdict | None, str]:
    """Ask GitHub; without credentials return why it was not asked."""
    settings = load_settings()
    if settings.apps_file is None and not settings.github_token.get_secret_value():
        return None, "not asked, because there are no credentials in the environment"
    from rigtasks.conducting import conductor  # noqa: PLC0415 - loads the GitHub client

    return fresh_verdict(conductor(), state), ""
