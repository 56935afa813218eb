"""Runs that are told to stop: what they take along, what they leave, and who goes on with it."""

import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from agent_bench import FILES, RIGHT, TEST, Bench, git, unpack

from rigtasks.agent.assignment import Assignment, Commands, Feedback, FeedbackKind
from rigtasks.agent.loop import implement
from rigtasks.agent.outcome import RunOutcome
from rigtasks.agent.runtime import Runtime
from rigtasks.lifecycle.failure import FailureClass

HALF = 'pathlib.Path("answer.txt").write_text("42\\n"); time.sleep(60)'


def interrupted(bench: Bench, *, program: str = HALF, grace: float = 30.0) -> Runtime:
    """Return the runtime of a run that is told to stop as soon as its agent wrote the answer."""

    def stop() -> bool:
        bench.stopped = bench.stopped or (bench.repository / "answer.txt").read_text() != "41\n"
        return bench.stopped

    return told_to_stop(bench, stop, program=program, grace=grace)


def told_to_stop(
    bench: Bench, stop: Callable[[], bool], *, program: str, grace: float = 30.0
) -> Runtime:
    runtime = bench.runtime(provider=bench.agent(program))
    workshop = msgspec.structs.replace(
        runtime.workshop, stop=stop, grace=lambda: grace if bench.stopped else 0.0
    )
    return msgspec.structs.replace(runtime, workshop=workshop)


def begun(bench: Bench, **changes: Any) -> Assignment:
    """Return the work order of the run after an interrupted one, with its work checked out."""
    outcome = implement(bench.assignment(commands=TEST), interrupted(bench))
    assert outcome.head_sha is not None
    git(bench.repository, "reset", "-q", "--hard", outcome.head_sha)
    bench.stopped = False
    return bench.assignment(
        **{
            "commands": TEST,
            "head_sha": outcome.head_sha,
            "unfinished_since": bench.start,
            **changes,
        }
    )


def shown(bench: Bench, outcome: RunOutcome) -> list[str]:
    clone = unpack(bench, outcome)
    return git(clone, "log", "--format=%s", "--name-only", "main..work").split("\n")


def test_what_the_agent_had_changed_is_taken_along_as_work_in_progress(bench: Bench) -> None:
    bench.fill({**FILES, ".gitignore": "*.log\n"})
    work = bench.assignment(commands=TEST)
    noisy = 'pathlib.Path("noise.log").write_text("x"); ' + HALF

    outcome = implement(work, interrupted(bench, program=noisy))

    assert (outcome.success, outcome.failure) == (False, FailureClass.SHUTDOWN)
    assert (outcome.usage is not None, outcome.not_kept) == (True, "")
    clone = unpack(bench, outcome)
    log = git(clone, "log", "--format=%an|%s|%(trailers:key=Rig-Run,valueonly)", "main..work")
    assert log.strip() == f"dev-e[bot]|wip: A bug|{work.run_id}"
    assert git(clone, "diff", "--name-only", "main", "work") == "answer.txt"
    assert (outcome.files_changed, outcome.lines_changed) == (1, 2)


def test_what_a_stopped_command_wrote_is_not_taken_along(bench: Bench) -> None:
    bench.fill(FILES)
    commands = Commands(test="echo half > report.txt; touch ~/told; sleep 60")
    told = bench.folder / "home" / "told"

    def stop() -> bool:
        bench.stopped = bench.stopped or told.exists()
        return bench.stopped

    outcome = implement(
        bench.assignment(commands=commands), told_to_stop(bench, stop, program=RIGHT)
    )

    assert shown(bench, outcome) == ["wip: A bug", "", "answer.txt"]


@pytest.mark.parametrize(
    ("commands", "program"),
    [
        (TEST, 'pathlib.Path("/tmp/at-it").touch(); time.sleep(60)'),
        (Commands(setup="touch installed.txt; sleep 60", test="true"), RIGHT),
    ],
)
def test_where_the_agent_changed_nothing_there_is_nothing_to_take(
    commands: Commands, program: str, bench: Bench
) -> None:
    bench.fill(FILES)
    began = time.monotonic()

    def stop() -> bool:
        bench.stopped = time.monotonic() - began > 0.5
        return bench.stopped

    outcome = implement(
        bench.assignment(commands=commands), told_to_stop(bench, stop, program=program)
    )

    assert outcome.failure is FailureClass.SHUTDOWN
    assert (outcome.bundle, outcome.head_sha, outcome.not_kept) == (None, None, "")


def test_a_run_that_lost_its_claim_takes_nothing_along(bench: Bench) -> None:
    bench.fill(FILES)

    outcome = implement(bench.assignment(commands=TEST), interrupted(bench, grace=0.0))

    assert outcome.failure is FailureClass.SHUTDOWN
    assert (outcome.bundle, outcome.not_kept) == (None, "")


def test_what_takes_longer_than_there_is_time_is_given_up_with_the_reason(bench: Bench) -> None:
    bench.fill(FILES)
    runtime = interrupted(bench)
    left = iter([5.0, *[0.0] * 1000])
    workshop = msgspec.structs.replace(runtime.workshop, grace=lambda: next(left))

    outcome = implement(
        bench.assignment(commands=TEST), msgspec.structs.replace(runtime, workshop=workshop)
    )

    assert outcome.bundle is None
    assert "not enough time" in outcome.not_kept


def test_half_a_merge_is_not_taken_along(bench: Bench) -> None:
    bench.fill(FILES)
    git(bench.repository, "checkout", "-q", "main")
    git(bench.repository, "commit", "-q", "--allow-empty", "-m", "meanwhile")
    base = git(bench.repository, "rev-parse", "HEAD")
    git(bench.repository, "checkout", "-q", "-")
    git(bench.repository, "commit", "-q", "--allow-empty", "-m", "own")
    head = git(bench.repository, "rev-parse", "HEAD")
    feedback = Feedback(kind=FeedbackKind.CONFLICT, summary="the base has moved")
    work = bench.assignment(commands=TEST, feedback=feedback, base_sha=base, head_sha=head)

    outcome = implement(work, interrupted(bench))

    assert outcome.bundle is None
    assert "merged" in outcome.not_kept


def test_a_checkout_git_cannot_read_is_given_up_with_the_reason(bench: Bench) -> None:
    bench.fill(FILES)
    broken = 'import shutil; shutil.rmtree(".git/objects"); ' + HALF

    outcome = implement(bench.assignment(commands=TEST), interrupted(bench, program=broken))

    assert outcome.failure is FailureClass.SHUTDOWN
    assert outcome.bundle is None
    assert outcome.not_kept.startswith("HarvestFailed: the work could not be committed")


def test_work_that_was_complete_needs_no_further_change(bench: Bench) -> None:
    bench.fill(FILES)
    work = begun(bench)
    agent = bench.agent("assert 'Unfinished since: ' in prompt; done(text='it is right')")

    outcome = implement(work, bench.runtime(provider=agent))

    assert outcome.success, outcome.reason
    assert (outcome.files_changed, outcome.lines_changed) == (1, 2)
    git(bench.repository, "branch", "-f", "main", work.head_sha)
    assert shown(bench, outcome) == ["fix: A bug"]


def test_undoing_all_of_it_is_no_work(bench: Bench) -> None:
    bench.fill(FILES)
    work = begun(bench)
    agent = bench.agent('pathlib.Path("answer.txt").write_text("41\\n"); done()')

    outcome = implement(work, bench.runtime(provider=agent))

    assert outcome.reason == "the agent changed nothing"


def test_an_interruption_that_added_nothing_hands_nothing_over_again(bench: Bench) -> None:
    bench.fill(FILES)
    work = begun(bench)

    outcome = implement(work, interrupted(bench, program="time.sleep(60)"))

    assert outcome.failure is FailureClass.SHUTDOWN
    assert (outcome.bundle, outcome.not_kept) == (None, "")
