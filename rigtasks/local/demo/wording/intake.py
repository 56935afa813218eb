"""The words for intake: routed, refused, held, claimed, ended."""

from rigtasks.lifecycle.events import intake
from rigtasks.local.demo.line import Tone, line
from rigtasks.local.demo.wording.told import Lines, Told, WordsByType


def _approved(event: intake.IssueApproved, _: Told) -> Lines:
    trust = f"{event.approved_by} has {event.permission} permission"
    return (line(Tone.STEP, f"routed to {event.queue}", f"stack {event.stack}", trust),)


def _refused(event: intake.IssueRefused, _: Told) -> Lines:
    acting = f"{event.who_must_act} must act"
    words = f"refused ({event.code.replace('_', ' ')})"
    return (line(Tone.PERSON, words, event.sentence, acting),)


def _held(event: intake.IssueHeld, _: Told) -> Lines:
    return (line(Tone.WAIT, f"waits for {event.waits_for}", event.sentence),)


def _assigned(event: intake.IssueAssigned, told: Told) -> Lines:
    again = "claimed again" if told.claims else "claimed"
    return (line(Tone.STEP, f"{again} by {event.agent}", f"run {str(event.run_id)[:8]}"),)


def _unassigned(event: intake.IssueUnassigned, _: Told) -> Lines:
    words = "claim taken back" if event.unfinished_sha is None else "ready for the next run"
    return (line(Tone.WAIT, words, event.reason),)


def _cancelled(event: intake.IssueCancelled, _: Told) -> Lines:
    return (line(Tone.BAD, f"cancelled by {event.by}", event.reason),)


def _orphaned(event: intake.IssueOrphaned, _: Told) -> Lines:
    return (line(Tone.WAIT, f"nothing has moved it for {event.idle_seconds:.0f} s"),)


def _needs_human(event: intake.IssueNeedsHuman, _: Told) -> Lines:
    return (line(Tone.PERSON, f"needs {event.who_must_act}", event.reason),)


def _milestone(event: intake.MilestoneComplete, _: Told) -> Lines:
    return (line(Tone.GOOD, f"milestone {event.milestone} is complete", event.repo),)


WORDS: WordsByType = {
    intake.IssueApproved: _approved,
    intake.IssueRefused: _refused,
    intake.IssueHeld: _held,
    intake.IssueAssigned: _assigned,
    intake.IssueUnassigned: _unassigned,
    intake.IssueCancelled: _cancelled,
    intake.IssueOrphaned: _orphaned,
    intake.IssueNeedsHuman: _needs_human,
    intake.MilestoneComplete: _milestone,
}
