"""Answer a command with events: pure, deterministic, empty when there is nothing new to say."""

from collections.abc import Callable
from typing import Any

from rigtasks.lifecycle import commands
from rigtasks.lifecycle.commands import Command
from rigtasks.lifecycle.decide import acceptance, idle, intake, observation, watch, work
from rigtasks.lifecycle.decide.repair import repaired
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.state import IssueState

_DECIDERS: dict[type[Command], Callable[[Any, IssueState | None], tuple[Event, ...]]] = {
    commands.Admit: intake.admit,
    commands.Refuse: intake.refuse,
    commands.Hold: intake.hold,
    commands.Cancel: intake.cancel,
    commands.Escalate: intake.escalate,
    commands.NoteIdle: idle.note_idle,
    commands.Retry: intake.retry,
    commands.RaiseBudget: intake.raise_budget,
    commands.ReportSilence: watch.report_silence,
    commands.NoteLate: watch.note_late,
    commands.RemindOfGate: watch.remind_of_gate,
    commands.RemindOfCall: watch.remind_of_call,
    commands.OpenBreaker: watch.open_breaker,
    commands.RecordBaseCi: watch.record_base_ci,
    commands.Acknowledge: watch.acknowledge,
    commands.StartWork: work.start,
    commands.StartCli: work.start_cli,
    commands.ReportProgress: work.progress,
    commands.FinishRun: work.finish,
    commands.ReleaseRun: work.release,
    commands.ExpireLease: work.expire,
    commands.IntendPush: work.intend_push,
    commands.KeepUnfinished: work.keep_unfinished,
    commands.DropCommits: work.drop_commits,
    commands.RefusePublish: work.refuse_publish,
    commands.RecordPullRequest: work.record_pull_request,
    commands.AdoptPullRequest: work.adopt_pull_request,
    commands.AbstainReview: acceptance.abstain,
    commands.ApproveGate: acceptance.approve_gate,
    commands.RecordGate: acceptance.record_gate,
    commands.RecordMerge: acceptance.record_merge,
    commands.ObservePullRequest: observation.observe,
}


def decide(command: Command, state: IssueState | None) -> tuple[Event, ...]:
    """Return the events that follow from a command in a state.

    A command that was answered before, or that no longer fits, is answered with nothing.

    Raises:
        StaleEpoch: a run reports although a newer claim exists.
    """
    if isinstance(command, commands.Repair):
        events = decide(command.command, state)
        return (*events, repaired(command.found, events)) if events else ()
    return _DECIDERS[type(command)](command, state)


__all__ = ["decide"]
