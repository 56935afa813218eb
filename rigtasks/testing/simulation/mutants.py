"""Faults planted in the core by hand: a simulation that finds none of them proves nothing."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import msgspec

from rigtasks.errors import RigError, StaleEpoch
from rigtasks.gate.result import Finding, Gate, passed
from rigtasks.gate.rules import RULES, labels
from rigtasks.github.merge import merge
from rigtasks.lifecycle.commands import ExpireLease, Repair
from rigtasks.lifecycle.decide import decide
from rigtasks.lifecycle.decide.repair import repaired
from rigtasks.lifecycle.state import IssueState, Lane
from rigtasks.lifecycle.timers import next_wakeup
from rigtasks.routing.refusals import REASONS
from rigtasks.runs.lease import LeaseKeeper
from rigtasks.shell import IssueShell
from rigtasks.testing.simulation.goals import Goals
from rigtasks.testing.simulation.plan import plan_of
from rigtasks.testing.simulation.run import Outcome, run_seed

_Planted = Callable[[ExitStack], None]


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Let the core have one fault for a while.

    Raises:
        KeyError: there is no mutant of this name.
    """
    with ExitStack() as stack:
        MUTANTS[name](stack)
        yield


def find(name: str, seeds: range) -> Outcome | None:
    """Return the first seed that finds a mutant, None where all of them miss it."""
    with planted(name):
        for seed in seeds:
            outcome = run_seed(plan_of(seed, mutant=name), Goals())
            if outcome.failure is not None:
                return outcome
    return None


def _without_gate(gate: Gate) -> _Planted:
    """Let one gate hold always."""
    return lambda stack: _judge_by(stack, gate, _holds)


def _judge_by(stack: ExitStack, gate: Gate, judge: Callable[[Any], Finding]) -> None:
    rules = tuple(
        msgspec.structs.replace(rule, judge=judge) if rule.gate is gate else rule for rule in RULES
    )
    stack.enter_context(patch("rigtasks.gate.verdict.RULES", rules))


def _holds(_: Any) -> Finding:
    return passed("it always holds")


def _no_veto(stack: ExitStack) -> None:
    """Take no label for a veto: neither does it stop the work nor does its gate hold."""
    _deaf_to_stop_labels(stack)
    _without_gate(Gate.LABELS)(stack)


def _deaf_to_stop_labels(stack: ExitStack) -> None:
    for module in ("attend", "withdrawal"):
        stack.enter_context(patch(f"rigtasks.conductor.{module}.heed_stop_label", lambda *_: False))


def _no_epochs(stack: ExitStack) -> None:
    """Let a run write whose claim was lost: neither the decision nor the append looks."""
    real = IssueShell.tell

    def tell(self: IssueShell, stream: str, command: Any, **how: Any) -> Any:
        how.pop("epoch", None), how.pop("run_id", None)
        return real(self, stream, command, **how)

    def held(state: IssueState | None, run_id: Any, epoch: int) -> Any:
        if state is None:
            raise StaleEpoch(f"run {run_id} at {epoch}")
        return state.run

    stack.enter_context(patch.object(IssueShell, "tell", tell))
    stack.enter_context(patch("rigtasks.lifecycle.decide.work._held_run", held))


def _no_timer(stack: ExitStack) -> None:
    """Forget the timer of an issue in review."""
    real = next_wakeup

    def forgotten(state: IssueState, *how: Any) -> Any:
        return None if state.lane is Lane.IN_REVIEW else real(state, *how)

    stack.enter_context(patch("rigtasks.shell.next_wakeup", forgotten))


def _no_expiry(stack: ExitStack) -> None:
    """Leave a claim with a worker that died."""
    real = decide

    def deaf(command: Any, state: IssueState | None) -> Any:
        return () if isinstance(command, ExpireLease) else real(command, state)

    stack.enter_context(patch("rigtasks.shell.decide", deaf))


def _no_sha_guard(stack: ExitStack) -> None:
    """Merge whatever the head is by now."""
    real = merge

    def unguarded(api: Any, request: Any) -> Any:
        return real(api, msgspec.structs.replace(request, head_sha=None))

    stack.enter_context(patch("rigtasks.conductor.attend.merge", unguarded))


def _anybody_labels(stack: ExitStack) -> None:
    """Take the label of somebody who may not write for an authorisation."""
    reasons = tuple(one for one in REASONS if one.__name__ != "_untrusted")
    stack.enter_context(patch("rigtasks.routing.intake.REASONS", reasons))


def _no_withdrawal(stack: ExitStack) -> None:
    """Merge an issue that its person took back."""
    stack.enter_context(patch("rigtasks.conductor.attend.why_withdrawn", lambda *_: None))
    _without_gate(Gate.ISSUE)(stack)


def _repairs_again(stack: ExitStack) -> None:
    """Write down a repair where nothing had to be repaired."""
    real = decide

    def eager(command: Any, state: IssueState | None) -> Any:
        events = real(command, state)
        if isinstance(command, Repair) and state is not None and not events:
            return (repaired(command.found, ()),)
        return events

    stack.enter_context(patch("rigtasks.shell.decide", eager))


def _file_lifts_vetoes(stack: ExitStack) -> None:
    """Let the labels that a repository names replace those that hold everywhere."""
    _deaf_to_stop_labels(stack)

    def judge(facts: Any) -> Finding:
        if not facts.block_labels:
            return labels.judge(facts)
        with patch("rigtasks.gate.rules.labels.VETO_LABELS", ()):
            return labels.judge(facts)

    _judge_by(stack, Gate.LABELS, judge)


def _file_lifts_checks(stack: ExitStack) -> None:
    """Let a repository's own list of checks replace what reports, instead of adding to it."""
    lifted = patch("rigtasks.gate.rules.ci.every_report_counts", lambda f: not f.required_checks)
    stack.enter_context(lifted)


def _no_deadline(stack: ExitStack) -> None:
    """Let a worker go on that cannot renew its claim."""
    stack.enter_context(patch.object(LeaseKeeper, "_is_late", lambda _: False))


def _no_budget(stack: ExitStack) -> None:
    """Let an agent be called whatever was spent."""
    for module in ("runs.report", "lifecycle.decide.work"):
        stack.enter_context(patch(f"rigtasks.{module}.budget_used_up", lambda *_: None))


def _asks_on(stack: ExitStack) -> None:
    """Take a limit of GitHub for a source that could not be read, and ask for the next one."""

    def read(self: Any, source: str, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except RigError as error:
            self.unknown(source, str(error))
            return None

    stack.enter_context(patch("rigtasks.github.pull_request_facts._Reader.read", read))


def _no_return_cap(stack: ExitStack) -> None:
    """Send a branch back as often as it conflicts."""
    stack.enter_context(patch("rigtasks.lifecycle.decide.observation.return_cap", lambda *_: ()))


#: Each planted fault by its name.
MUTANTS: dict[str, _Planted] = {
    "no review gate": _without_gate(Gate.REVIEW),
    "no CI gate": _without_gate(Gate.CI),
    "no label gate": _no_veto,
    "no human gate": _without_gate(Gate.HUMAN_GATE),
    "no config gate": _without_gate(Gate.CONFIG),
    "no epoch check": _no_epochs,
    "no timer in review": _no_timer,
    "no expiry of leases": _no_expiry,
    "no sha in the merge": _no_sha_guard,
    "no permission check": _anybody_labels,
    "no withdrawal": _no_withdrawal,
    "repairs again": _repairs_again,
    "a file lifts vetoes": _file_lifts_vetoes,
    "a file lifts checks": _file_lifts_checks,
    "no deadline of a lease": _no_deadline,
    "no budget": _no_budget,
    "asks on after a limit": _asks_on,
    "no cap on what comes back": _no_return_cap,
}
