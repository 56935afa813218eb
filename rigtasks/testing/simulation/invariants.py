"""What must hold after every step, and what must hold at the end."""

from collections import Counter, defaultdict
from typing import Any

import msgspec

from rigtasks.eventstore.claims import Claimed
from rigtasks.eventstore.codec import decode, storable
from rigtasks.eventstore.projection import Fold
from rigtasks.eventstore.switches import breaker_scope
from rigtasks.gate.result import Gate
from rigtasks.github.identities import Role
from rigtasks.lifecycle.caps import MAX_RETURNS
from rigtasks.lifecycle.envelope import ActorKind, StoredEvent
from rigtasks.lifecycle.events import acceptance, intake, liveness, work
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.state import IssueState, Lane
from rigtasks.testing.memory_github.faults import Asked
from rigtasks.testing.simulation.gate_watch import lifted_by_config
from rigtasks.testing.simulation.goals import Goal
from rigtasks.testing.simulation.merge_watch import merge_faults, state_of
from rigtasks.testing.simulation.people import is_settled, waits_at_the_gate, waits_for_another
from rigtasks.testing.simulation.world import LIMITS, MOST_OF_A_CALL, World
from rigtasks.workspace.branches import issue_of_branch

_CLAIMS = (intake.IssueAssigned, acceptance.ReviewAssigned)
_REPORTS = (work.WorkStarted, work.CliCompleted, work.TestsPassed, work.TestsFailed)
#: What may never be said of unfinished work.
_FINISHED = (
    work.TestsPassed,
    work.PrCreated,
    work.PrUpdated,
    acceptance.ReviewPassed,
    acceptance.ReviewDisputed,
    acceptance.Merged,
)
#: Written after the end of an issue: what became of a pull request, money, and notes.
_AFTER_THE_END = frozenset(
    {
        "TOKEN_USAGE",
        "OPERATOR_NOTE",
        "PR_CLOSED",
        "MERGE_OUTSIDE_RIG",
        "MERGED",
        "ISSUE_DONE",
        "STATE_REPAIRED",
    }
)
_WRITERS = {
    "MERGED": {ActorKind.CONDUCTOR},
    "ISSUE_APPROVED": {ActorKind.CONDUCTOR},
    "REVIEW_PASSED": {ActorKind.CONDUCTOR},
    "PUSH_INTENT": {ActorKind.CONDUCTOR},
    "ISSUE_ASSIGNED": {ActorKind.WORKER},
    "REVIEW_ASSIGNED": {ActorKind.REVIEWER},
}
_LATE_SECONDS = 600.0
#: How often an issue may go round in each way until a person has a say: the caps of the rig, and
#: one more where the cap is told after the event.
_MOST_ROUNDS: dict[type[Event], int] = {
    acceptance.MergeConflict: MAX_RETURNS,
    acceptance.ReviewDisputed: 4,
    intake.IssueAssigned: 40,
    acceptance.ReviewAbstained: 3,
    work.RunLost: 5,
}
#: A red check sends a branch back as a dispute does, and counts with them.
_SAME_ROUND: dict[type[Event], type[Event]] = {acceptance.CiFailed: acceptance.ReviewDisputed}
_ACCEPTANCE = frozenset({Lane.IN_REVIEW, Lane.READY_TO_MERGE})


class Broken(AssertionError):  # noqa: N818  # it is the invariant that is broken
    """An invariant does not hold; the message begins with its number."""


class Invariants:
    """Watches a world: each new event once, each write to GitHub before its effect.

    Args:
        world: what is watched.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen = 0
        self._ids: set[Any] = set()
        self._versions: dict[str, int] = defaultdict(int)
        self._epochs: dict[str, int] = defaultdict(int)
        self._live: dict[str, Any] = {}
        self._approved: dict[str, intake.IssueApproved] = {}
        self._intents: dict[str, set[str]] = defaultdict(set)
        self._unfinished: set[str] = set()
        self._kept: dict[str, str] = {}
        self._looked_at: dict[Any, Any] | None = None
        self._ended: set[str] = set()
        self._spent: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        self._waived: Counter[str] = Counter()
        self._rounds: dict[str, Counter[Any]] = defaultdict(Counter)
        self._lanes: dict[str, Lane] = {}
        self._to_judge: set[str] = set()
        self.interleaved = False
        world.faults.on_effect = self.on_effect
        world.on_claim = self.on_claim

    def check(self) -> None:
        """Look at everything that is new.

        Raises:
            Broken: an invariant does not hold.
        """
        self._read_log()
        self._check_branches()
        self._check_timers()
        self._check_restrictions()

    def on_effect(self, asked: Asked) -> None:
        """Judge a write to GitHub just before it happens.

        Raises:
            Broken: it must not happen.
        """
        self._read_log()
        if asked.method == "PUT" and asked.path.endswith("/merge"):
            number = int(asked.path.split("/")[2])
            pull = self._world.shop.pulls[number]
            if not pull.is_open or asked.sha not in {None, pull.head_sha}:
                return  # GitHub refuses it
            found = merge_faults(self._world, number, guarded_only=self.interleaved)
            state = state_of(self._world, number)
            if not (found or self.interleaved) and state is not None:
                lifted = lifted_by_config(self._world, state)
                self._demand(lifted is None, "I10", f"{lifted} makes a merge of {number} possible")
            if found:
                raise Broken(f"pull request {number} was to be merged. " + "; ".join(found))
        if asked.method == "PUSH":
            branch = asked.path.removeprefix("/git/")
            if branch not in self._intents:
                raise Broken(f"I2: {branch} is pushed without an intent")

    def on_claim(self, claimed: Claimed) -> None:
        """Judge a claim the moment it is made, before anybody else can act.

        Raises:
            Broken: the rig, the repository or the issue is stopped.
        """
        state = self._world.database.state(claimed.stream)
        assert state is not None  # noqa: S101  # it has just been claimed
        scopes = (
            "rig",
            f"repo:{state.repo_id}",
            claimed.stream,
            breaker_scope(state.repo_id, state.number),
        )
        stop = self._world.stores.switches.first_of(scopes)
        self._demand(stop is None, "I17", f"a claim of paused {claimed.stream}")

    def _read_log(self) -> None:
        log = self._world.database.log
        while self._seen < len(log):
            stored = log[self._seen]
            self._seen += 1
            self._check_event(stored)

    def _check_event(self, stored: StoredEvent) -> None:
        stream, event = stored.stream, stored.event
        self._demand(stored.event_id not in self._ids, "I28", "an event id twice")
        self._ids.add(stored.event_id)
        self._versions[stream] += 1
        self._demand(stored.version == self._versions[stream], "I27", "a version is missing")
        allowed = _WRITERS.get(event.type)
        self._demand(allowed is None or stored.actor.kind in allowed, "I22", event.type)
        self._demand(
            stream not in self._ended or event.type in _AFTER_THE_END,
            "I32",
            f"{event.type} after the end of {stream}",
        )
        if isinstance(event, _CLAIMS):
            self._check_claim(stored, event)
        elif isinstance(event, work.CliStarted):
            self._check_budget(stream)
        elif isinstance(event, _REPORTS):
            fresh = event.epoch == self._epochs[stream]
            self._demand(fresh, "I2", f"{event.type} of epoch {event.epoch}")
        self._check_unfinished(stream, event)
        self._check_cycles(stream, event)
        if isinstance(event, acceptance.MergeGateWaiting):
            self._to_judge.add(stream)
        self._note(stored)

    def _check_unfinished(self, stream: str, event: Any) -> None:
        """I6: what an interrupted run left is never reviewed, opened or merged by the rig."""
        if isinstance(event, work.RunReleased) and event.unfinished is not None:
            self._unfinished.add(event.unfinished.head_sha)
        if isinstance(event, intake.IssueUnassigned) and event.unfinished_sha is not None:
            self._kept[stream] = event.unfinished_sha
        if isinstance(event, work.PrUpdated) and not event.by_rig and stream in self._kept:
            self._kept[stream] = event.head_sha
            self._unfinished.add(event.head_sha)
        elif isinstance(event, work.PrClosed | work.PrCreated | work.PrUpdated):
            self._kept.pop(stream, None)
        if isinstance(event, _FINISHED) and getattr(event, "by_rig", True):
            self._demand(event.head_sha not in self._unfinished, "I6", f"unfinished {event.type}")

    def _check_budget(self, stream: str) -> None:
        """I23: no call of an agent is begun once the budget is spent; unknown cost spends it."""
        state = self._world.database.folds[stream].state
        assert state is not None  # noqa: S101  # it has just had an event
        approved = self._approved[stream]
        unknown = self._unknown[stream] - self._waived[stream]
        cap = approved.limits.max_cost_micro_usd
        within = self._spent[stream] < cap and unknown <= 0
        words = f"a call of {stream} at {self._spent[stream]} of {cap}, {unknown} runs unknown"
        self._demand(within, "I23", words)

    def _check_cycles(self, stream: str, event: Any) -> None:
        """I14: nothing goes round more often than its cap without a person."""
        if isinstance(event, liveness.OperatorRetried | intake.IssueApproved):
            self._rounds[stream].clear()
        kind = type(event)
        if kind is acceptance.CiFailed and self._lanes.get(stream) not in _ACCEPTANCE:
            return  # it sends nothing back
        kind = _SAME_ROUND.get(kind, kind)
        if kind in _MOST_ROUNDS:
            self._rounds[stream][kind] += 1
            most = _MOST_ROUNDS[kind]
            words = f"{event.type} more than {most} times without a person in {stream}"
            self._demand(self._rounds[stream][kind] <= most, "I14", words)

    def _check_claim(self, stored: StoredEvent, event: Any) -> None:
        stream, world = stored.stream, self._world
        self._demand(event.epoch > self._epochs[stream], "I1", "an epoch did not grow")
        self._demand(stream not in self._live, "I1", f"two claims of {stream}")
        self._demand(stream in self._approved, "I19", "a claim without an approval")
        approved = self._approved[stream]
        self._demand(approved.permission in {"write", "admin"}, "I19", approved.permission)
        self._demand(approved.repo_id != world.internal.id, "I18", "a claim in the rig's own code")
        reviewing = isinstance(event, acceptance.ReviewAssigned)
        queue = "review-e" if reviewing else approved.queue
        self._demand(event.queue == queue, "I20", f"{event.queue} claimed work of {queue}")
        self._epochs[stream] = event.epoch
        self._live[stream] = event.run_id
        in_queue = [one for one in self._live if self._queue(one) == queue]
        self._demand(len(self._live) <= (LIMITS.total or 0), "I25", "too many runs in all")
        self._demand(len(in_queue) <= (LIMITS.per_queue or 0), "I25", f"too many runs of {queue}")

    def _queue(self, stream: str) -> str:
        fold = self._world.database.folds[stream]
        return fold.runs[self._live[stream]].queue

    def _note(self, stored: StoredEvent) -> None:
        """Keep what later events are held against."""
        stream, event = stored.stream, stored.event
        match event:
            case intake.IssueApproved():
                self._approved[stream] = event
            case intake.IssueCancelled():
                self._note_withdrawal(stream)
                self._ended.add(stream)
            case intake.IssueDone():
                self._ended.add(stream)
            case liveness.TokenUsage():
                self._spent[stream] += event.usage.cost_micro_usd or 0
                self._unknown[stream] += event.usage.cost_micro_usd is None
            case liveness.OperatorRetried():
                self._waived[stream] = self._unknown[stream]
            case work.PushIntent():
                self._intents[event.branch].add(event.new_sha)
            case _:
                pass
        fold = self._world.database.folds[stream]
        self._note_lane(stored, fold)
        run = fold.runs.get(self._live.get(stream))  # type: ignore[arg-type]  # None has no run
        if run is not None and run.ended_at is not None:
            del self._live[stream]
        if fold.live_run is None:
            self._live.pop(stream, None)

    def _note_withdrawal(self, stream: str) -> None:
        if stream in self._live:
            self._world.goals.note(Goal.CANCELLED_MID_RUN)
        if self._lanes.get(stream) in _ACCEPTANCE:
            self._world.goals.note(Goal.WITHDRAWN_LATE)

    def _note_lane(self, stored: StoredEvent, fold: Fold) -> None:
        """Keep where an issue stands after the newest of its events, and not in between."""
        if fold.state is not None and stored.version == fold.version:
            self._lanes[stored.stream] = fold.state.lane

    def _check_branches(self) -> None:
        """I2 and I3: what the rig pushed was announced, and has one pull request at most."""
        shop, author = self._world.shop, self._world.hub.bot(Role.AUTHOR)
        if shop.answers is self._looked_at:
            return
        self._looked_at = shop.answers
        for branch, sha in shop.branches.items():
            if issue_of_branch(branch) is not None and shop.graph[sha].author == author:
                announced = sha in self._intents[branch]
                self._demand(announced, "I2", f"{branch} is at {sha}, which nobody announced")
        own = [
            (issue_of_branch(pull.head_ref), pull.head_ref)
            for pull in shop.pulls.values()
            if pull.is_open and pull.issue.user == author
        ]
        self._demand(len(own) == len(set(own)), "I3", f"two pull requests of a branch: {own}")

    def _check_restrictions(self) -> None:
        """I10: looked at where the gate has just had a say, and nobody acts in between."""
        if not self._to_judge:
            return
        for stream in sorted(self._to_judge):
            state = self._world.database.folds[stream].state
            if state is None or state.pr is None or state.merge_sha is not None:
                continue
            lifted = lifted_by_config(self._world, state)
            self._demand(lifted is None, "I10", f"{lifted} makes a merge of {stream} possible")
        self._to_judge.clear()

    def _check_timers(self) -> None:
        """I12: an open issue is woken by something or names who must act; a claim has its lease."""
        database = self._world.database
        for stream, fold in database.folds.items():
            state = fold.state
            if state is None or state.terminal:
                continue
            lease = database.leases.get(stream)
            held = None if lease is None else lease.run_id
            self._demand(held == fold.live_run, "I12", f"{stream} has a claim without its lease")
            if stream not in database.wake_ups:
                refused = state.refusal_code is not None and state.pr is None
                named = refused and state.who_must_act is not None
                self._demand(named, "I12", f"nothing wakes {stream}")

    def check_punctuality(self) -> None:
        """I12: with beat running and all healed, no wake-up lies in the past for long.

        Raises:
            Broken: a wake-up was forgotten.
        """
        database, now = self._world.database, self._world.clock()
        for stream, due in database.wake_ups.items():
            late = (now - due).total_seconds()
            self._demand(late <= _LATE_SECONDS, "I12", f"{stream} was to wake {late:.0f} s ago")

    def check_end(self) -> None:
        """Look at everything once more when all is healed and quiet.

        Raises:
            Broken: something is stuck, lost, or folds to something else.
        """
        world = self._world
        pending = [one.delivery_id for one in world.deliveries.rows.values()
                   if one.status == "pending"]  # fmt: skip
        self._demand(not pending, "I11", f"deliveries are pending: {pending}")
        for stream, fold in world.database.folds.items():
            state = fold.state
            assert state is not None  # noqa: S101  # only issues have streams here
            settled = is_settled(state) or self._waits_rightly(state)
            self._demand(settled, "I14", f"{stream} is stuck: {_shown(state)}")
            self._check_fold(stream, state)
        self.check_punctuality()
        late = [one.entry.task for one in world.database.open_entries.values()
                if (world.clock() - one.available_at).total_seconds() > _LATE_SECONDS]  # fmt: skip
        self._demand(not late, "I13", f"nobody took {late}")
        self._check_waiting()
        self._check_secrets()

    def _check_waiting(self) -> None:
        """I13: with all healed no task waits but for a person, who has to close a breaker."""
        database, switches = self._world.database, self._world.stores.switches
        broken = {
            stream
            for stream, state in database.states()
            if switches.first_of((breaker_scope(state.repo_id, state.number),)) is not None
        }
        waiting = [
            (one.entry.args, one.last_error)
            for one in database.open_entries.values()
            if one.entry.kind == "task" and one.last_error is not None
        ]
        forgotten = [(args, why) for args, why in waiting if not broken.intersection(args)]
        self._demand(not forgotten, "I13", f"with all healed there still wait {forgotten}")

    def _waits_rightly(self, state: IssueState) -> bool:
        """Say whether only a person can go on, or an issue it depends on has not ended."""
        if waits_at_the_gate(state) and any(one.gate == Gate.BUDGET for one in state.blockers):
            return True  # an operator has to raise it, as the gate says
        others = [fold.state for fold in self._world.database.folds.values()]
        lanes = {one.ref: one.lane for one in others if one is not None}
        return waits_for_another(state, lanes)

    def _check_fold(self, stream: str, state: IssueState) -> None:
        """I24 and I29: the events alone, read back from their stored form, give the same."""
        fold, cost = Fold(stream), 0
        for stored in self._world.database.streams[stream]:
            event, encoded = storable(stored.event)
            again = decode(event.type, event.schema_version, encoded)
            fold.apply(msgspec.structs.replace(stored, event=again))
            if isinstance(event, liveness.TokenUsage):
                cost += event.usage.cost_micro_usd or 0
        self._demand(fold.state == state, "I29", f"{stream} folds to another state")
        self._demand(cost == state.cost_micro_usd, "I24", f"{stream} costs {cost}")
        bound = state.limits.max_cost_micro_usd + MOST_OF_A_CALL
        self._demand(state.cost_micro_usd <= bound, "I23", f"{stream} overspent")

    def _check_secrets(self) -> None:
        for stored in self._world.database.log:
            text = storable(stored.event)[1]
            self._demand(
                b"memory-push:" not in text and b"memory-read:" not in text,
                "I33",
                "a token is stored",
            )

    def _demand(self, holds: bool, number: str, words: str) -> None:  # noqa: FBT001  # a condition
        if not holds:
            raise Broken(f"{number}: {words}")


def _shown(state: IssueState) -> str:
    blockers = "; ".join(one.summary for one in state.blockers)
    held = state.hold_sentence if state.hold_blocks else ""
    return f"{state.lane} {state.overlay or ''} {blockers} {held} {Lane(state.lane)}".strip()
