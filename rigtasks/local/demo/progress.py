"""Where one issue of the demo stands, folded from its events. No input, no output."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from rigtasks.lifecycle.envelope import StoredEvent
from rigtasks.lifecycle.events import acceptance, work
from rigtasks.lifecycle.evolve import evolve
from rigtasks.lifecycle.state import IssueState, Lane
from rigtasks.local.demo.line import Line
from rigtasks.local.demo.narration import Narrator
from rigtasks.local.demo.wording.work import BACK_TO_AGENT

UNNOTICED = "the label was set, but the rig has not taken notice (logs: web, worker-conductor)"
_PERSON_LANES = frozenset({Lane.FAILED, Lane.CANCELLED})


class IssueReport(msgspec.Struct, frozen=True, kw_only=True):
    """How an issue ended, as `rig demo --json` prints it.

    Args:
        ref: `owner/name#number`.
        state: the state a person sees.
        pr: the pull request's number.
        pr_url: its address.
        merge_sha: the commit on main.
        verified: git and GitHub confirmed the merge.
        seconds: from the label to the end, or to now.
        runs: claims, for implementing and for reviewing.
        events: the type of every event, in order.
        test_loops: how often failing output went back to the agent.
        review_loops: how often the reviewer asked for changes.
        tokens: of all runs.
        cost_micro_usd: of all runs whose cost is known.
        cost_unknown_runs: runs nobody could price.
        models: what did the work.
        isolation: the levels of isolation the runs had.
        reason: why it stands where it stands; empty where it is done.
        who_must_act: who can help, where it needs a person.
    """

    ref: str
    state: str
    pr: int | None
    pr_url: str | None
    merge_sha: str | None
    verified: bool
    seconds: float
    runs: int
    events: tuple[str, ...]
    test_loops: int
    review_loops: int
    tokens: int
    cost_micro_usd: int
    cost_unknown_runs: int
    models: tuple[str, ...]
    isolation: tuple[str, ...]
    reason: str
    who_must_act: str | None


class IssueProgress:
    """Follows one issue.

    Args:
        ref: `owner/name#number`.
        repo_id: GitHub's id of the repository.
        number: of the issue.
        labelled_at: when it was labelled, by the database's clock.
    """

    def __init__(self, ref: str, *, repo_id: int, number: int, labelled_at: datetime) -> None:
        self.ref = ref
        self.labelled_at = labelled_at
        self.verified = False
        self._streams = f"issue:{repo_id}:{number}:"
        self._narrator = Narrator()
        self._state: IssueState | None = None
        self._events: list[StoredEvent] = []
        self._loops = 0

    def owns(self, stored: StoredEvent) -> bool:
        """Tell whether an event belongs to this issue."""
        return stored.stream.startswith(self._streams)

    def add(self, stored: StoredEvent) -> tuple[Line, ...]:
        """Take in the next event and return its lines."""
        self._events.append(stored)
        self._state = evolve(self._state, stored)
        match stored.event:
            case work.CliProgress(kind=kind) if kind in BACK_TO_AGENT:
                self._loops += 1
            case work.TestsFailed():
                self._loops += 1
            case _:
                pass
        return self._narrator.tell(stored.event)

    @property
    def state(self) -> IssueState | None:
        """Return the issue's state, None before its first event."""
        return self._state

    @property
    def merged(self) -> tuple[int, str] | None:
        """Return the pull request and the merge commit of an issue that is done."""
        state = self._state
        if state is None or state.lane is not Lane.DONE:
            return None
        if state.pr is None or state.merge_sha is None:
            return None
        return state.pr.number, state.merge_sha

    @property
    def ended(self) -> bool:
        """Tell whether nothing more will happen without a person."""
        state = self._state
        if state is None:
            return False
        waits_for_person = state.overlay is not None or state.lane in _PERSON_LANES
        gated = state.gate_sha is not None and state.gate_sha == state.head_sha
        gated = gated and state.gate_cleared_sha != state.gate_sha
        return state.terminal or waits_for_person or gated

    @property
    def reason(self) -> str:
        """Say why the issue stands where it stands; empty where nothing holds it up."""
        state = self._state
        if state is None:
            return UNNOTICED
        if state.lane is Lane.DONE:
            return ""
        blockers = "; ".join(blocker.summary for blocker in state.blockers)
        return state.reason or state.hold_sentence or blockers

    def whereabouts(self) -> str:
        """Say in one sentence where the issue stands and why."""
        state = self._state
        if state is None:
            return UNNOTICED
        last = f"last event {self._events[-1].event.type}"
        return (
            f"{state.shown}: {self.reason} ({last})" if self.reason else f"{state.shown} ({last})"
        )

    def report(self, now: datetime) -> IssueReport:
        """Return how the issue ended, or where it stands at `now`."""
        state = self._state
        ended = self._events[-1].recorded_at if self._events and self.ended else now
        events = [stored.event for stored in self._events]
        pr = state.pr if state else None
        return IssueReport(
            ref=self.ref,
            state=state.shown if state else "unnoticed",
            pr=pr.number if pr else None,
            pr_url=pr.url if pr else None,
            merge_sha=state.merge_sha if state else None,
            verified=self.verified,
            seconds=round((ended - self.labelled_at).total_seconds(), 3),
            runs=state.runs if state else 0,
            events=tuple(event.type for event in events),
            test_loops=self._loops,
            review_loops=sum(isinstance(event, acceptance.ReviewDisputed) for event in events),
            tokens=state.tokens if state else 0,
            cost_micro_usd=state.cost_micro_usd if state else 0,
            cost_unknown_runs=state.cost_unknown_runs if state else 0,
            models=_distinct(
                e.model or e.provider for e in events if isinstance(e, work.CliStarted)
            ),
            isolation=_distinct(e.isolation for e in events if isinstance(e, work.CliStarted)),
            reason=self.reason,
            who_must_act=state.who_must_act if state else None,
        )


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
