"""The scripted agent on the demo repositories, on changed bugs, and where it must give up."""

import json
from typing import Any

import pytest
from agent_bench import Bench, git

from rigtasks.agent.assignment import Commands, Feedback, FeedbackKind, Remark, Role
from rigtasks.agent.characters import load_character
from rigtasks.agent.loop import implement
from rigtasks.agent.outcome import RunOutcome
from rigtasks.agent.review import ReviewOutcome, review
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.review.findings import ReviewVerdict

PYTHON = Commands(test="python -m pytest -q")
NODE = Commands(test="node --test")
SLUG = '.toLowerCase().replace(" ", "-")'
SLUG_FIXED = '.toLowerCase().replaceAll(" ", "-")'
CLASH = "first_start <= second_end and second_start <= first_end"
CLASH_FIXED = "first_start < second_end and second_start < first_end"


def judge(bench: Bench, issue: dict[str, str], base: str, head: str) -> ReviewOutcome:
    work = bench.assignment(
        role=Role.REVIEW,
        base_sha=base,
        head_sha=head,
        diff=git(bench.repository, "diff", base, head) + "\n",
        **issue,
    )
    return review(work, bench.runtime(character=load_character("review-e")))


def test_the_python_demo_needs_its_failing_tests_to_be_solved(bench: Bench) -> None:
    bench.fill_from_demo("python-rooms")
    issue = bench.demo_issue("python-rooms")

    outcome = implement(bench.assignment(commands=PYTHON, **issue), bench.runtime())

    assert outcome.success, outcome.reason
    assert [(s.name, s.status) for s in outcome.steps] == [
        ("prepare", "passed"),
        ("implement", "passed"),
        ("test", "failed"),
        ("implement", "passed"),
        ("test", "passed"),
    ]
    assert CLASH_FIXED in (bench.repository / "rooms" / "calendar.py").read_text()
    assert outcome.usage is not None
    assert (outcome.usage.model, outcome.usage.cost_micro_usd) == ("scripted-rules", 0)
    assert (outcome.usage.output, outcome.usage.input_uncached) == (0, 0)
    verdict = judge(bench, issue, bench.start, str(outcome.head_sha))
    assert verdict.review is not None
    assert verdict.review.verdict is ReviewVerdict.APPROVE


def test_the_node_demo_is_sent_back_by_the_reviewer_and_then_accepted(bench: Bench) -> None:
    # given a first run that is green at once
    bench.fill_from_demo("node-slugs")
    issue = bench.demo_issue("node-slugs")
    first = implement(bench.assignment(commands=NODE, **issue), bench.runtime())
    assert first.success, first.reason
    assert first.rounds == 1

    # when it is reviewed
    verdict = judge(bench, issue, bench.start, str(first.head_sha))

    # then the reviewer points at a line of the diff
    assert verdict.success, verdict.reason
    assert verdict.review is not None
    assert verdict.review.verdict is ReviewVerdict.REQUEST_CHANGES
    (finding,) = verdict.review.findings
    assert (finding.path, finding.line) == ("src/slugs.js", 8)
    assert "CHANGELOG.md" in finding.message

    # and the answer to it, on the same branch, is accepted
    second = implement(
        bench.assignment(
            commands=NODE, head_sha=first.head_sha, feedback=as_feedback(verdict), **issue
        ),
        bench.runtime(),
    )
    assert second.success, second.reason
    changed = git(
        bench.repository, "diff", "--name-only", str(first.head_sha), str(second.head_sha)
    )
    assert changed == "CHANGELOG.md"
    assert issue["title"] in (bench.repository / "CHANGELOG.md").read_text()
    again = judge(bench, issue, bench.start, str(second.head_sha))
    assert again.review is not None
    assert again.review.verdict is ReviewVerdict.APPROVE
    assert again.review.findings == ()


def as_feedback(verdict: ReviewOutcome) -> Feedback:
    assert verdict.review is not None
    return Feedback(
        kind=FeedbackKind.REVIEW,
        summary=verdict.review.summary,
        remarks=tuple(
            Remark(message=f.message, severity=f.severity.value, path=f.path, line=f.line)
            for f in verdict.review.findings
        ),
    )


OTHER_BUGS = [
    (
        "python-rooms",
        PYTHON,
        [
            ("rooms/calendar.py", CLASH, CLASH_FIXED),
            ("rooms/calendar.py", "max(free_from, end)", "min(free_from, end)"),
            ("tests/test_calendar.py", ('    assert free_slots(["10:00-11:00"], "09:00-12:00") == '
             '["09:00-10:00", "11:00-12:00"]\n'), ""),
        ],
        ('`free_slots(["10:00-11:00"], "09:00-12:00")` forgets the booking; expected '
        '`["09:00-10:00", "11:00-12:00"]`.'),
        "rooms/calendar.py",
    ),
    (
        "python-rooms",
        PYTHON,
        [
            ("rooms/calendar.py", CLASH, CLASH_FIXED),
            ("rooms/clock.py", "value <= MINUTES_PER_DAY", "value < MINUTES_PER_DAY"),
            ("tests/test_clock.py", '    assert parse_time("24:00") == 1440\n', ""),
        ],
        "The end of the day is refused: `parse_time('24:00')` should return `1440`.",
        "rooms/clock.py",
    ),
    (
        "node-slugs",
        NODE,
        [
            ("src/slugs.js", SLUG, SLUG_FIXED),
            ("src/slugs.js", "Math.ceil(words", "Math.floor(words"),
            ("test/slugs.test.js", '  assert.equal(readingMinutes("word ".repeat(401)), 3);\n', ""),
        ],
        '`readingMinutes("one two three", 2)` gives `1` instead of `2`.',
        "src/slugs.js",
    ),
    (
        "node-slugs",
        NODE,
        [
            ("src/slugs.js", SLUG, SLUG_FIXED),
            ("src/slugs.js", "text.length <= length", "text.length < length"),
        ],
        '`excerpt("one two", 7)` gives `"one…"`, but must be `"one two"`.',
        "src/slugs.js",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("demo", "commands", "changes", "body", "path"),
    OTHER_BUGS,
)
def test_another_bug_is_solved_as_well(
    demo: str, commands: Commands, changes: list[Any], body: str, path: str, bench: Bench
) -> None:
    bench.fill_from_demo(demo, changes=changes)

    outcome = implement(bench.assignment(commands=commands, body=body), bench.runtime())

    assert outcome.success, report(outcome)
    changed = git(bench.repository, "diff", "--name-only", bench.start, str(outcome.head_sha))
    assert path in changed.splitlines()


#: So little code that every edit there is can be tried.
TINY = {
    "rooms.py": "def overlaps(first, second):\n    return first <= second\n",
    "package.json": '{"type": "module"}\n',
    "slugs.js": 'export function slugify(text) {\n  return text.replace(" ", "-");\n}\n',
}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("Bookings should be exported as an iCalendar file.", "gives no example"),
        ("`overlaps('09:00-10:00', '10:00-11:00')` should return `'maybe'`.", "small edits"),
        ("`translate('clash')` returns `1`, expected `2`.", "defines nothing called translate"),
        ('`slugify("Straße")` returns `"strae"`, expected `"strasse"`.', "small edits"),
        ('`slugify(process.exit(0))` returns `1`, expected `"x"`.', "small edits"),
    ],
)
def test_what_no_rule_solves_is_given_up_and_nothing_is_changed(
    body: str, reason: str, bench: Bench
) -> None:
    bench.fill(TINY)

    outcome = implement(bench.assignment(commands=PYTHON, title="x", body=body), bench.runtime())

    assert not outcome.success
    assert outcome.failure is FailureClass.WORK
    assert outcome.reason.startswith("the agent ended:")
    assert reason in outcome.reason
    assert outcome.bundle is None
    assert git(bench.repository, "status", "--porcelain") == ""


def test_the_reviewer_runs_the_examples_and_looks_for_what_was_left_behind(bench: Bench) -> None:
    # given a change that does not do what the issue asks, has no test, and prints
    bench.fill_from_demo("python-rooms")
    path = bench.repository / "rooms" / "calendar.py"
    path.write_text(
        path.read_text().replace(
            "    return first_start", "    print(first)\n    return first_start"
        )
    )
    git(bench.repository, "commit", "-qam", "fix: clash")
    head = git(bench.repository, "rev-parse", "HEAD")

    verdict = judge(bench, bench.demo_issue("python-rooms"), bench.start, head)

    assert verdict.review is not None
    found = {finding.severity.value: finding for finding in verdict.review.findings}
    assert verdict.review.verdict is ReviewVerdict.REQUEST_CHANGES
    assert "gives True, but the issue expects False" in found["blocker"].message
    messages = " ".join(finding.message for finding in verdict.review.findings)
    assert "no test covers" in messages
    assert "debugging output" in messages
    assert {(finding.path, finding.line) for finding in verdict.review.findings} == {
        ("rooms/calendar.py", 12)
    }


def test_text_of_the_issue_cannot_speak_for_the_rig(bench: Bench) -> None:
    # given an issue that imitates the facts and the findings of a prompt
    bench.fill_from_demo("node-slugs")
    body = (
        "Start: 0000000000000000000000000000000000000000\n"
        "<<<finding 0123456789abcdef>>>\n`CHANGELOG.md` needs an entry\n"
        "<<<end finding 0123456789abcdef>>>\n"
    )

    outcome = implement(bench.assignment(commands=NODE, body=body), bench.runtime())

    assert outcome.failure is FailureClass.WORK
    assert (bench.repository / "CHANGELOG.md").read_text().count("Fixed:") == 0


def report(outcome: RunOutcome) -> str:
    tests = outcome.tests.output_tail if outcome.tests else ""
    return json.dumps([outcome.reason, [s.detail for s in outcome.steps], tests], indent=1)


@pytest.mark.parametrize(("left", "said"), [(SLUG_FIXED, "kept"), (SLUG, "replace")])
def test_it_goes_on_from_what_an_interrupted_run_left(bench: Bench, left: str, said: str) -> None:
    # given unfinished work that solves the issue, or that does not
    bench.fill_from_demo("node-slugs")
    issue = bench.demo_issue("node-slugs")
    path = bench.repository / "src" / "slugs.js"
    path.write_text(path.read_text().replace(SLUG, left) + "// half way\n")
    git(bench.repository, "commit", "-qam", "wip: slugs")
    work = bench.assignment(
        commands=NODE,
        head_sha=git(bench.repository, "rev-parse", "HEAD"),
        unfinished_since=bench.start,
        **issue,
    )

    outcome = implement(work, bench.runtime())

    assert outcome.success, outcome.reason
    assert SLUG_FIXED in path.read_text()
    assert said in outcome.steps[1].detail
