"""Whole implementing runs: what comes out, what is refused, and what an agent cannot do."""

from typing import Any

import pytest
from agent_bench import BRANCH, FILES, RIGHT, TEST, Bench, git, unpack

from rigtasks.agent.assignment import Commands, Feedback, FeedbackKind, RunLimits
from rigtasks.agent.endings import Ending
from rigtasks.agent.loop import implement
from rigtasks.agent.providers.command import CommandProvider
from rigtasks.errors import StaleEpoch
from rigtasks.eventstore.connection import DatabaseUnavailable
from rigtasks.lifecycle.failure import FailureClass


def test_a_green_run_hands_over_one_commit_with_its_trailers(bench: Bench) -> None:
    bench.fill(FILES)
    work = bench.assignment(commands=TEST)

    outcome = implement(work, bench.runtime(provider=bench.agent(RIGHT)))

    assert outcome.success, outcome.reason
    assert outcome.failure is None
    assert [step.name for step in outcome.steps] == ["prepare", "implement", "test"]
    assert outcome.tests is not None
    assert outcome.tests.passed
    clone = unpack(bench, outcome)
    log = git(
        clone, "log", "--format=%an <%ae>|%cn|%s|%(trailers:key=Rig-Run,valueonly)", "main..work"
    ).strip()
    assert log == f"dev-e[bot] <dev-e@localhost>|dev-e[bot]|fix: A bug|{work.run_id}"
    assert git(clone, "diff", "--name-only", "main", "work") == "answer.txt"
    assert (outcome.files_changed, outcome.lines_changed) == (1, 2)


def test_failing_output_goes_back_to_the_agent(bench: Bench) -> None:
    bench.fill({**FILES, "check.sh": "cat answer.txt; " + FILES["check.sh"]})
    agent = bench.agent(
        "seen = 'exited with 1' in prompt and '40' in prompt\n"
        'pathlib.Path("answer.txt").write_text("42\\n" if seen else "40\\n"); done()'
    )

    outcome = implement(bench.assignment(commands=TEST), bench.runtime(provider=agent))

    assert outcome.success, outcome.reason
    assert outcome.rounds == 2
    assert [(s.name, s.status) for s in outcome.steps[1:]] == [
        ("implement", "passed"),
        ("test", "failed"),
        ("implement", "passed"),
        ("test", "passed"),
    ]
    assert git(unpack(bench, outcome), "rev-list", "--count", "main..work") == "1"


def test_a_run_that_never_gets_green_keeps_its_work_and_is_no_success(bench: Bench) -> None:
    bench.fill(FILES)
    agent = bench.agent('open("answer.txt", "a").write("no\\n"); done(text="all tests pass")')
    work = bench.assignment(commands=TEST, limits=RunLimits(max_rounds=2))

    outcome = implement(work, bench.runtime(provider=agent))

    assert not outcome.success
    assert outcome.failure is FailureClass.WORK
    assert outcome.reason == "not done after 2 rounds"
    assert outcome.rounds == 2
    assert outcome.bundle is not None
    assert outcome.tests is not None
    assert not outcome.tests.passed


@pytest.mark.parametrize(
    ("program", "commands", "failure", "reason"),
    [
        ("done(text='Fixed!')", TEST, FailureClass.WORK, "changed nothing"),
        ("sys.exit(1)", TEST, FailureClass.INFRA, "exit code 1"),
        ("event(type='finished', ok=False, text='no')", TEST, FailureClass.WORK, "ended: no"),
        (RIGHT, Commands(), FailureClass.ENVIRONMENT, "add testCommand"),
        (RIGHT, Commands(test="nosuch-tool"), FailureClass.ENVIRONMENT, "cannot be started"),
        (RIGHT, Commands(setup="exit 9", test="true"), FailureClass.ENVIRONMENT, "setupCommand"),
        (RIGHT, Commands(build="exit 1", test="true"), FailureClass.WORK, "rounds"),
    ],
)
def test_what_is_no_success_is_classified(
    program: str, commands: Commands, failure: FailureClass, reason: str, bench: Bench
) -> None:
    bench.fill(FILES)
    work = bench.assignment(commands=commands, limits=RunLimits(max_rounds=2))

    outcome = implement(work, bench.runtime(provider=bench.agent(program)))

    assert not outcome.success
    assert outcome.failure is failure
    assert reason in outcome.reason


def test_an_environment_that_cannot_work_starts_no_agent(bench: Bench) -> None:
    bench.fill(FILES)
    agent = bench.agent('pathlib.Path("started").touch(); done()')
    work = bench.assignment(commands=Commands(setup="echo no such package; exit 1", test="true"))

    outcome = implement(work, bench.runtime(provider=agent))

    assert outcome.rounds == 0
    assert outcome.usage is None
    assert not (bench.repository / "started").exists()
    assert outcome.tests is not None
    assert "no such package" in outcome.tests.output_tail


def test_what_setup_installs_at_home_is_there_for_the_tests(bench: Bench) -> None:
    bench.fill(FILES)
    commands = Commands(setup="echo tool > ~/tool", test="grep -q tool ~/tool")

    outcome = implement(
        bench.assignment(commands=commands), bench.runtime(provider=bench.agent(RIGHT))
    )

    assert outcome.success, outcome.reason
    assert outcome.files_changed == 1


def test_the_working_directory_of_a_monorepo_is_used(bench: Bench) -> None:
    bench.fill({f"app/{name}": text for name, text in FILES.items()})
    commands = Commands(test="sh check.sh", workdir="app")

    outcome = implement(
        bench.assignment(commands=commands), bench.runtime(provider=bench.agent(RIGHT))
    )

    assert outcome.success, outcome.reason
    assert git(unpack(bench, outcome), "diff", "--name-only", "main", "work") == "app/answer.txt"


def test_a_stopped_run_hands_over_nothing(bench: Bench) -> None:
    bench.fill(FILES)

    def stop(_: object) -> None:
        bench.stopped = True

    agent = bench.agent("event(type='started'); " + RIGHT + "; time.sleep(60)")
    outcome = implement(
        bench.assignment(commands=TEST), bench.runtime(provider=agent, on_event=stop)
    )

    assert outcome.failure is FailureClass.SHUTDOWN
    assert outcome.ending is Ending.KILLED
    assert outcome.bundle is None


@pytest.mark.parametrize(("price", "spent"), [(None, None), (0, 0), (700_000, 700_000)])
def test_a_killed_agent_has_cost_what_its_call_costs(
    bench: Bench, price: int | None, spent: int | None
) -> None:
    bench.fill(FILES)
    script = ("/bin/sh", "-c", "echo begun; sleep 60")
    agent = CommandProvider(argv=script, cost_micro_usd_per_call=price)

    def stop(_: object) -> None:
        bench.stopped = True

    outcome = implement(
        bench.assignment(commands=TEST), bench.runtime(provider=agent, on_event=stop)
    )

    assert outcome.ending is Ending.KILLED
    assert outcome.usage is not None
    assert outcome.usage.cost_micro_usd == spent


def test_what_breaks_after_a_paid_call_does_not_make_it_free(bench: Bench) -> None:
    bench.fill(FILES)
    agent = bench.agent(
        'pathlib.Path("answer.txt").write_text("40\\n")\n'
        'event(type="usage", model="m", cost_micro_usd=600_000); done()'
    )

    def away(_: Feedback) -> None:
        raise DatabaseUnavailable("Postgres does not answer")

    outcome = implement(
        bench.assignment(commands=TEST), bench.runtime(provider=agent, on_feedback=away)
    )

    assert outcome.failure is FailureClass.INFRA
    assert outcome.rounds == 1
    assert outcome.usage is not None
    assert outcome.usage.cost_micro_usd == 600_000


def test_a_run_that_lost_its_claim_has_no_outcome(bench: Bench) -> None:
    bench.fill(FILES)
    agent = bench.agent('pathlib.Path("answer.txt").write_text("40\\n"); done()')

    def lost(_: Feedback) -> None:
        raise StaleEpoch("somebody else has the issue")

    with pytest.raises(StaleEpoch):
        implement(bench.assignment(commands=TEST), bench.runtime(provider=agent, on_feedback=lost))


def test_money_that_nobody_counted_is_counted_as_spent(bench: Bench) -> None:
    bench.fill(FILES)
    agent = CommandProvider(argv=("/bin/sh", "-c", "echo 40 > answer.txt"))
    work = bench.assignment(commands=TEST, limits=RunLimits(max_cost_micro_usd=5_000_000))

    outcome = implement(work, bench.runtime(provider=agent))

    assert outcome.failure is FailureClass.BUDGET
    assert outcome.rounds == 1
    assert outcome.bundle is not None


def test_a_spent_cap_ends_the_run_before_the_next_call(bench: Bench) -> None:
    bench.fill(FILES)
    agent = bench.agent(
        'open("answer.txt", "a").write("x")\n'
        'event(type="usage", model="m", cost_micro_usd=600_000); done()'
    )
    work = bench.assignment(commands=TEST, limits=RunLimits(max_cost_micro_usd=1_000_000))

    outcome = implement(work, bench.runtime(provider=agent))

    assert outcome.failure is FailureClass.BUDGET
    assert outcome.reason == "$1.20 of $1.00 are spent"
    assert outcome.rounds == 2


def test_a_run_without_money_starts_no_agent(bench: Bench) -> None:
    bench.fill(FILES)
    work = bench.assignment(commands=TEST, limits=RunLimits(max_cost_micro_usd=0))

    outcome = implement(work, bench.runtime(provider=bench.agent(RIGHT)))

    assert outcome.failure is FailureClass.BUDGET
    assert outcome.rounds == 0
    assert (bench.repository / "answer.txt").read_text() == "41\n"


def test_tests_that_never_end_are_ended(bench: Bench) -> None:
    bench.fill(FILES)
    work = bench.assignment(
        commands=Commands(test="sleep 315.7"), limits=RunLimits(max_seconds=300, max_rounds=1)
    )

    outcome = implement(work, bench.runtime(provider=bench.agent(RIGHT), time_scale=0.01))

    assert outcome.failure is FailureClass.WORK
    assert outcome.steps[-1].detail.startswith("testCommand was killed (timeout)")


def conflict(bench: Bench) -> dict[str, Any]:
    """Let the base and the branch change the same line, and return where both stand."""
    bench.fill(FILES)
    for branch, text in ((BRANCH, "43\n"), ("main", "44\n")):
        git(bench.repository, "checkout", "-q", branch)
        (bench.repository / "answer.txt").write_text(text)
        git(bench.repository, "commit", "-qam", f"answer {text}")
    git(bench.repository, "checkout", "-q", BRANCH)
    return {
        "base_sha": git(bench.repository, "rev-parse", "main"),
        "head_sha": git(bench.repository, "rev-parse", BRANCH),
        "feedback": Feedback(kind=FeedbackKind.CONFLICT, summary="The base moved."),
    }


def test_a_conflict_is_merged_by_the_agent_and_committed_with_both_parents(bench: Bench) -> None:
    ends = conflict(bench)
    agent = bench.agent('assert "<<<<<<<" in pathlib.Path("answer.txt").read_text(); ' + RIGHT)

    outcome = implement(bench.assignment(commands=TEST, **ends), bench.runtime(provider=agent))

    assert outcome.success, outcome.reason
    clone = unpack(bench, outcome)
    parents = git(clone, "log", "-1", "--format=%P", "work").split()
    assert parents == [ends["head_sha"], ends["base_sha"]]


def test_conflict_marks_that_stay_go_back_to_the_agent(bench: Bench) -> None:
    ends = conflict(bench)
    agent = bench.agent('open("other", "a").write("x"); done()')
    work = bench.assignment(commands=Commands(test="true"), limits=RunLimits(max_rounds=2), **ends)

    outcome = implement(work, bench.runtime(provider=agent))

    assert not outcome.success
    assert outcome.rounds == 2
    assert "test" not in {step.name for step in outcome.steps}
