"""`rig issue list`, `view` and `explain`: where issues stand, and why."""

import msgspec

from rigtasks.cli.explaining import explanation_of
from rigtasks.cli.lookup import find_issue, issue_state
from rigtasks.cli.operated import OperatedRig
from rigtasks.cli.output import Output, note, write_fields, write_json, write_line, write_table
from rigtasks.errors import Rejected
from rigtasks.eventstore.switches import (
    Switch,
    breaker_scope,
    issue_scope,
    provider_scope,
    repository_scope,
)
from rigtasks.gate.render import render_text
from rigtasks.lifecycle.state import IssueState
from webhook_receiver.reading.issues import STATES, list_issues
from webhook_receiver.reading.runs import list_runs
from webhook_receiver.reading.views import IssueView, RunView


class IssueDetail(msgspec.Struct, frozen=True, kw_only=True):
    """An issue with its runs, the latest first, and the stops that hold for it."""

    issue: IssueView
    runs: tuple[RunView, ...]
    paused: tuple[Switch, ...]


def print_issues(
    rig: OperatedRig, *, state: str | None, repo: str | None, limit: int, output: Output
) -> None:
    """Print issues, those that changed their state last first.

    Raises:
        Rejected: no issue can be in such a state.
    """
    if state is not None and state not in STATES:
        raise Rejected(
            f"{state!r} is no state: it is one of {', '.join(STATES)}", code="state-unknown"
        )
    with rig.reading.connect() as connection:
        page = list_issues(connection, limit=limit, state=state, repo=repo)
    if output is Output.JSON:
        write_json(page)
        return
    write_table(
        ("issue", "state", "pr", "since", "title", "reason"),
        [
            (one.ref, one.state, one.pr and f"#{one.pr}", one.entered_at, one.title, one.reason)
            for one in page.items
        ],
        empty="no issue" if state is None else f"no issue is {state}",
    )
    if page.page.next_cursor is not None:
        note(f"these are the latest {limit}; --limit shows more")


def print_issue(rig: OperatedRig, text: str, *, output: Output) -> None:
    """Print what is known of one issue."""
    found = find_issue(rig, text)
    state = issue_state(rig, found)
    with rig.reading.connect() as connection:
        issue = list_issues(connection, limit=1, stream=found.stream).items[0]
        runs = list_runs(connection, limit=20, stream=found.stream).items
    detail = IssueDetail(issue=issue, runs=runs, paused=_stops(rig, found.stream, state))
    if output is Output.JSON:
        write_json(detail)
        return
    write_fields(_fields(detail))
    if runs:
        write_line("")
        write_table(
            ("run", "stage", "agent", "status", "started", "reason"),
            [
                (str(one.run_id)[:8], one.stage, one.agent, one.status, one.started_at, one.reason)
                for one in runs
            ],
            empty="",
        )


def print_explanation(rig: OperatedRig, text: str, *, output: Output) -> None:
    """Print why an issue is not merged yet, or what became of it."""
    found = find_issue(rig, text)
    explanation = explanation_of(rig, found.stream, issue_state(rig, found))
    if output is Output.JSON:
        write_json(explanation)
    else:
        write_line(render_text(explanation).rstrip("\n"))


def _stops(rig: OperatedRig, stream: str, state: IssueState) -> tuple[Switch, ...]:
    scopes = {
        "rig",
        repository_scope(state.repo_id),
        issue_scope(stream),
        breaker_scope(state.repo_id, state.number),
        provider_scope(state.provider or ""),
    }
    return tuple(one for one in rig.stores.switches.active() if one.scope in scopes)


def _fields(detail: IssueDetail) -> list[tuple[str, object]]:
    issue = detail.issue
    return [
        ("issue", issue.ref),
        ("title", issue.title),
        ("state", issue.state),
        ("since", issue.entered_at),
        ("reason", issue.reason),
        ("who must act", issue.who_must_act),
        ("queue", issue.queue),
        ("approved by", issue.approved_by),
        ("branch", issue.branch),
        ("pull request", issue.pr_url),
        ("head", issue.head_sha),
        ("merged as", issue.merge_sha),
        ("runs", issue.runs),
        ("cost", f"${issue.cost.amount} ({issue.cost.basis})"),
        ("stream", issue.stream),
        *(("paused", f"{one.scope} by {one.actor}: {one.why}") for one in detail.paused),
    ]
