"""The state graph as data: which event leads from which lane to which. Tests hold it to `evolve`.

A wake-up row stands behind every lane that is not terminal (`timers.py`), so each has a timed
exit besides the edges named here.
"""

from collections.abc import Iterator

import msgspec

from rigtasks.lifecycle.state import TERMINAL, Lane


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """One way from a lane to another."""

    source: Lane
    event: str
    target: Lane


_WORKING = (Lane.ASSIGNED, Lane.IN_PROGRESS)
_ACCEPTANCE = (Lane.IN_REVIEW, Lane.READY_TO_MERGE)
_LIVE = tuple(lane for lane in Lane if lane not in TERMINAL)
_BACK = ("RUN_RELEASED", "RUN_LOST", "RUN_FAILED", "ISSUE_UNASSIGNED", "AGENT_STUCK")


def _work() -> Iterator[tuple[Lane, str, Lane]]:
    for waiting in (Lane.QUEUED, Lane.CHANGES_REQUESTED):
        yield waiting, "ISSUE_ASSIGNED", Lane.ASSIGNED
    yield Lane.QUEUED, "PR_CREATED", Lane.IN_REVIEW
    yield Lane.ASSIGNED, "WORK_STARTED", Lane.IN_PROGRESS
    yield Lane.ASSIGNED, "TESTS_PASSED", Lane.IN_PROGRESS
    for working in _WORKING:
        for event in _BACK:
            yield working, event, Lane.QUEUED
            yield working, event, Lane.CHANGES_REQUESTED
        yield working, "PR_CREATED", Lane.IN_REVIEW
        yield working, "PR_UPDATED", Lane.IN_REVIEW


def _accept() -> Iterator[tuple[Lane, str, Lane]]:
    for lane in _ACCEPTANCE:
        for event in ("CI_FAILED", "REVIEW_DISPUTED", "MERGE_CONFLICT"):
            yield lane, event, Lane.CHANGES_REQUESTED
    yield Lane.IN_REVIEW, "REVIEW_PASSED", Lane.READY_TO_MERGE
    yield Lane.CHANGES_REQUESTED, "REVIEW_PASSED", Lane.READY_TO_MERGE
    yield Lane.READY_TO_MERGE, "PR_UPDATED", Lane.IN_REVIEW
    yield Lane.CHANGES_REQUESTED, "PR_UPDATED", Lane.IN_REVIEW


def _stop() -> Iterator[tuple[Lane, str, Lane]]:
    yield Lane.QUEUED, "ISSUE_REFUSED", Lane.FAILED
    yield Lane.FAILED, "ISSUE_APPROVED", Lane.QUEUED
    yield Lane.FAILED, "ISSUE_APPROVED", Lane.CHANGES_REQUESTED
    yield Lane.FAILED, "OPERATOR_RETRIED", Lane.QUEUED
    yield Lane.FAILED, "OPERATOR_RETRIED", Lane.CHANGES_REQUESTED
    yield Lane.FAILED, "OPERATOR_BUDGET_RAISED", Lane.QUEUED
    yield Lane.FAILED, "OPERATOR_BUDGET_RAISED", Lane.CHANGES_REQUESTED
    for lane in _LIVE:
        if lane is not Lane.FAILED:
            yield lane, "ISSUE_FAILED", Lane.FAILED
        if lane is not Lane.QUEUED:
            yield lane, "PR_CLOSED", Lane.QUEUED
        yield lane, "ISSUE_DONE", Lane.DONE
        yield lane, "ISSUE_CANCELLED", Lane.CANCELLED


EDGES: tuple[Edge, ...] = tuple(
    Edge(source=source, event=event, target=target)
    for source, event, target in (*_work(), *_accept(), *_stop())
)


def mermaid() -> str:
    """Return the graph as a Mermaid state diagram; edges into one lane share an arrow."""
    grouped: dict[tuple[Lane, Lane], list[str]] = {}
    for edge in EDGES:
        grouped.setdefault((edge.source, edge.target), []).append(edge.event)
    lines = ["stateDiagram-v2", f"    [*] --> {Lane.QUEUED}: ISSUE_APPROVED"]
    lines.append(f"    [*] --> {Lane.FAILED}: ISSUE_REFUSED")
    lines += [
        f"    {source} --> {target}: {', '.join(events)}"
        for (source, target), events in grouped.items()
    ]
    lines += [f"    {lane} --> [*]" for lane in Lane if lane in TERMINAL]
    return "\n".join(lines) + "\n"
