"""The words for the work itself: agents, tests, pull requests, failures."""

from rigtasks.lifecycle.events import work
from rigtasks.local.demo.line import Tone, counted, line, result_of_tests, short
from rigtasks.local.demo.wording.told import Lines, Told, WordsByType

#: What can go back to the agent within one run, by the kind of the event.
BACK_TO_AGENT = {"build": "build failed", "tests": "tests failed"}


def _branch(event: work.BranchCreated, _: Told) -> Lines:
    return (line(Tone.STEP, f"branch from {short(event.base_sha)}", event.branch),)


def _cli_started(event: work.CliStarted, told: Told) -> Lines:
    words = "reviewer reads the change" if told.reviewing else "agent working"
    model = event.model or event.provider
    return (line(Tone.STEP, words, model, f"isolation: {event.isolation}"),)


def _cli_progress(event: work.CliProgress, _: Told) -> Lines:
    words = BACK_TO_AGENT.get(event.kind, "not good enough yet")
    back = "the output goes back to the agent"
    return (line(Tone.BACK, words, result_of_tests(event.message), back),)


def _tests_passed(event: work.TestsPassed, _: Told) -> Lines:
    changed = f"{counted(event.files_changed, 'file')}, {counted(event.lines_changed, 'line')}"
    return (line(Tone.GOOD, "tests passed", event.command, f"{changed} changed"),)


def _tests_failed(event: work.TestsFailed, _: Told) -> Lines:
    return (line(Tone.BAD, "tests failed", result_of_tests(event.output_tail), event.command),)


def _released(event: work.RunReleased, _: Told) -> Lines:
    kept = "its unfinished work is kept" if event.unfinished is not None else event.not_kept
    return (line(Tone.WAIT, "claim given back", event.reason, kept),)


def _run_failed(event: work.RunFailed, _: Told) -> Lines:
    match event.retry_seconds:
        case None:
            after = "a person must act"
        case seconds if seconds > 0:
            after = f"the next try may begin in {seconds:.0f} s"
        case _:
            after = ""
    kind = "review failed" if event.stage == "review" else "run failed"
    return (line(Tone.BAD, f"{kind} ({event.failure})", event.reason, after),)


def _run_lost(event: work.RunLost, _: Told) -> Lines:
    return (line(Tone.BAD, f"{event.stage} run lost with its worker", "claimed anew"),)


def _issue_failed(event: work.IssueFailed, _: Told) -> Lines:
    acting = f"{event.who_must_act} must act"
    return (line(Tone.PERSON, f"stopped ({event.failure})", event.reason, acting),)


def _pr_created(event: work.PrCreated, _: Told) -> Lines:
    words = f"PR #{event.pr} {'adopted' if event.adopted else 'opened'}"
    return (line(Tone.GOOD, words, event.url),)


def _pr_updated(event: work.PrUpdated, _: Told) -> Lines:
    head = f"head {short(event.head_sha)}"
    if event.by_rig:
        return (line(Tone.GOOD, f"fixed on PR #{event.pr}", head),)
    return (line(Tone.STEP, f"somebody else pushed to PR #{event.pr}", head),)


def _pr_closed(event: work.PrClosed, _: Told) -> Lines:
    return (line(Tone.BAD, f"PR #{event.pr} closed unmerged by {event.by}"),)


WORDS: WordsByType = {
    work.BranchCreated: _branch,
    work.CliStarted: _cli_started,
    work.CliProgress: _cli_progress,
    work.TestsPassed: _tests_passed,
    work.TestsFailed: _tests_failed,
    work.RunReleased: _released,
    work.RunFailed: _run_failed,
    work.RunLost: _run_lost,
    work.IssueFailed: _issue_failed,
    work.PrCreated: _pr_created,
    work.PrUpdated: _pr_updated,
    work.PrClosed: _pr_closed,
}
