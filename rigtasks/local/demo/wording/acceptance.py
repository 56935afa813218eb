"""The words for checks, reviews, the merge gate and what follows a merge."""

from rigtasks.lifecycle.events import acceptance
from rigtasks.lifecycle.events.base import Blocker, FindingNote
from rigtasks.local.demo.line import Tone, counted, line, result_of_tests, short
from rigtasks.local.demo.wording.told import Lines, Told, WordsByType

_FINDINGS_TOLD = 4


def _ci_passed(event: acceptance.CiPassed, _: Told) -> Lines:
    names = ", ".join(check.name for check in event.checks)
    return (line(Tone.GOOD, "checks green", names, f"at {short(event.head_sha)}"),)


def _ci_failed(event: acceptance.CiFailed, _: Told) -> Lines:
    checks = [
        f"{check.name} {check.conclusion}: {result_of_tests(check.summary)}".rstrip(": ")
        for check in event.checks
    ]
    return (line(Tone.BACK, "checks red", *checks, f"at {short(event.head_sha)}"),)


def _review_assigned(event: acceptance.ReviewAssigned, _: Told) -> Lines:
    run = f"run {str(event.run_id)[:8]}"
    return (line(Tone.STEP, f"review claimed by {event.agent}", run),)


def _review_passed(event: acceptance.ReviewPassed, _: Told) -> Lines:
    return (line(Tone.GOOD, f"approved by {event.reviewer}", f"at {short(event.head_sha)}"),)


def _review_disputed(event: acceptance.ReviewDisputed, _: Told) -> Lines:
    first, *others = event.findings or (FindingNote(severity="", message=event.summary),)
    lines = [line(Tone.BACK, "review asks for a change", finding(first))]
    lines += [line(Tone.BACK, "and", finding(each)) for each in others[: _FINDINGS_TOLD - 1]]
    if len(others) >= _FINDINGS_TOLD:
        left = len(others) - _FINDINGS_TOLD + 1
        lines.append(line(Tone.BACK, f"and {counted(left, 'more finding')}"))
    return tuple(lines)


def finding(note: FindingNote) -> str:
    """Return a finding with its place in front, where it has one, without Markdown's stars."""
    place = ":".join(str(part) for part in (note.path, note.line) if part is not None)
    return f"{place} {note.message.replace('**', '')}".strip()


def _review_abstained(event: acceptance.ReviewAbstained, _: Told) -> Lines:
    return (line(Tone.WAIT, "reviewer gave no verdict", event.reason),)


def _review_loops(event: acceptance.ReviewLoopExceeded, _: Told) -> Lines:
    return (line(Tone.PERSON, f"no agreement after {counted(event.loops, 'review round')}"),)


def _gate_triggered(event: acceptance.HumanGateTriggered, _: Told) -> Lines:
    return (line(Tone.PERSON, "a person has to look at it", *event.reasons),)


def _gate_reminder(event: acceptance.HumanGateReminder, _: Told) -> Lines:
    return (line(Tone.WAIT, f"a person was reminded, {counted(event.count, 'time')}"),)


def _gate_cleared(event: acceptance.HumanGateCleared, _: Told) -> Lines:
    return (line(Tone.GOOD, f"cleared by {event.by}", f"at {short(event.head_sha)}"),)


def _gate_waiting(event: acceptance.MergeGateWaiting, told: Told) -> Lines:
    gates = blocking_gates(event.blockers)
    if not gates or gates == told.waiting_for:
        return ()
    reasons = tuple(blocker.summary for blocker in event.blockers)
    return (line(Tone.WAIT, f"merge waits for {', '.join(gates)}", *reasons),)


def blocking_gates(blockers: tuple[Blocker, ...]) -> tuple[str, ...]:
    """Return the names of the gates that do not hold, in their order."""
    return tuple(dict.fromkeys(blocker.gate.replace("_", " ") for blocker in blockers))


def _conflict(event: acceptance.MergeConflict, _: Told) -> Lines:
    return (line(Tone.BACK, "conflicts with its base", f"base {short(event.base_sha)}"),)


def _merged(event: acceptance.Merged, _: Told) -> Lines:
    gates = counted(len(event.certificate.gates), "gate")
    words = f"PR #{event.pr} merged as {short(event.merge_sha)}"
    return (line(Tone.GOOD, words, f"{gates} held at {short(event.head_sha)}"),)


def _merged_outside(event: acceptance.MergeOutsideRig, _: Told) -> Lines:
    words = f"PR #{event.pr} merged by {event.by}, not by the rig"
    return (line(Tone.GOOD, words, f"as {short(event.merge_sha)}"),)


def _staging(event: acceptance.DeployedStaging, _: Told) -> Lines:
    return (line(Tone.STEP, f"{short(event.merge_sha)} runs on staging", event.url),)


def _smoke_passed(event: acceptance.SmokePassed, _: Told) -> Lines:
    return (line(Tone.GOOD, "smoke test passed", f"at {short(event.merge_sha)}"),)


def _smoke_failed(event: acceptance.SmokeFailed, _: Told) -> Lines:
    return (line(Tone.BAD, "smoke test failed", event.detail),)


def _e2e_passed(event: acceptance.E2ePassed, _: Told) -> Lines:
    return (line(Tone.GOOD, "end-to-end test passed", f"at {short(event.merge_sha)}"),)


def _e2e_failed(event: acceptance.E2eFailed, _: Told) -> Lines:
    return (line(Tone.BAD, "end-to-end test failed", event.detail),)


def _production(event: acceptance.DeployedProduction, _: Told) -> Lines:
    return (line(Tone.GOOD, f"{short(event.merge_sha)} runs in production", event.url),)


def _verified(event: acceptance.Verified, _: Told) -> Lines:
    return (line(Tone.GOOD, f"seen working by {event.by}", f"at {short(event.merge_sha)}"),)


WORDS: WordsByType = {
    acceptance.CiPassed: _ci_passed,
    acceptance.CiFailed: _ci_failed,
    acceptance.ReviewAssigned: _review_assigned,
    acceptance.ReviewPassed: _review_passed,
    acceptance.ReviewDisputed: _review_disputed,
    acceptance.ReviewAbstained: _review_abstained,
    acceptance.ReviewLoopExceeded: _review_loops,
    acceptance.HumanGateTriggered: _gate_triggered,
    acceptance.HumanGateReminder: _gate_reminder,
    acceptance.HumanGateCleared: _gate_cleared,
    acceptance.MergeGateWaiting: _gate_waiting,
    acceptance.MergeConflict: _conflict,
    acceptance.Merged: _merged,
    acceptance.MergeOutsideRig: _merged_outside,
    acceptance.DeployedStaging: _staging,
    acceptance.SmokePassed: _smoke_passed,
    acceptance.SmokeFailed: _smoke_failed,
    acceptance.E2ePassed: _e2e_passed,
    acceptance.E2eFailed: _e2e_failed,
    acceptance.DeployedProduction: _production,
    acceptance.Verified: _verified,
}
