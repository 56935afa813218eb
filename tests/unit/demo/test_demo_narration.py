"""Every event of the catalogue has its words, and the words say what happened."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from rigtasks.lifecycle.events import EVENT_TYPES, Event, acceptance, intake, liveness, work
from rigtasks.lifecycle.events.base import Blocker, FindingNote
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.local.demo.line import Line, Tone
from rigtasks.local.demo.narration import QUIET, WORDS, Narrator
from rigtasks.testing.samples import sample

REVIEW_RUN = UUID(int=2)
IMPLEMENT_RUN = UUID(int=1)
HEAD = "0123456789abcdef0123456789abcdef01234567"


def told(*events: Event) -> tuple[Line, ...]:
    """Return the lines of the last event, after the others were told."""
    narrator = Narrator()
    for event in events[:-1]:
        narrator.tell(event)
    return narrator.tell(events[-1])


def waiting(*gates: str) -> acceptance.MergeGateWaiting:
    blockers = tuple(Blocker(gate=gate, status="waiting", summary=f"{gate}!") for gate in gates)
    return acceptance.MergeGateWaiting(head_sha=HEAD, blockers=blockers)


def test_every_type_is_either_told_or_quiet_on_purpose() -> None:
    assert set(WORDS) | QUIET == set(EVENT_TYPES.values())
    assert set(WORDS) & QUIET == set()


@pytest.mark.parametrize("name", [kind.type for kind in WORDS])
def test_every_told_type_says_something_on_one_line(name: str) -> None:
    lines = Narrator().tell(sample(name))

    assert lines
    for each in lines:
        assert each.words.strip() == each.words != ""
        assert "\n" not in each.words + each.detail


@pytest.mark.parametrize("kind", sorted(QUIET, key=lambda kind: kind.type))
def test_a_quiet_type_says_nothing(kind: type[Event]) -> None:
    assert Narrator().tell(sample(kind.type)) == ()


def test_a_route_names_queue_stack_and_who_was_trusted() -> None:
    approved = sample("ISSUE_APPROVED")
    assert isinstance(approved, intake.IssueApproved)
    approved = replace(
        approved, queue="dev-e-node", stack="node", approved_by="ada", permission="write"
    )

    (line,) = told(approved)

    assert line.words == "routed to dev-e-node"
    assert line.detail == "stack node · ada has write permission"


def test_a_second_claim_is_told_as_one() -> None:
    claim = intake.IssueAssigned(
        run_id=IMPLEMENT_RUN, epoch=3, agent="dev-e-node", holder="h", queue="dev-e-node"
    )

    assert told(claim)[0].words == "claimed by dev-e-node"
    assert told(claim, claim)[0].words == "claimed again by dev-e-node"


def test_a_review_run_is_not_told_as_an_agent_that_writes() -> None:
    claim = acceptance.ReviewAssigned(
        run_id=REVIEW_RUN, epoch=2, agent="review-e", holder="h", queue="review-e"
    )
    reviewing = work.CliStarted(
        run_id=REVIEW_RUN, provider="scripted", model="scripted-rules", isolation="bubblewrap"
    )

    assert told(claim, reviewing)[0].words == "reviewer reads the change"
    assert told(claim, replace(reviewing, run_id=IMPLEMENT_RUN))[0].words == "agent working"
    assert told(reviewing)[0].detail == "scripted-rules · isolation: bubblewrap"


def test_red_tests_that_go_back_to_the_agent_are_told_with_their_figures() -> None:
    output = "testCommand exited with 1: pytest\n=== 1 failed, 3 passed in 0.21s ===\n"
    red = work.CliProgress(run_id=IMPLEMENT_RUN, kind="tests", message=output)

    answered = told(red)

    assert [(line.tone, line.words) for line in answered] == [(Tone.BACK, "tests failed")]
    assert answered[0].detail == "1 failed, 3 passed in 0.21s · the output goes back to the agent"


def test_a_finding_is_told_with_its_place() -> None:
    notes = tuple(
        FindingNote(severity="major", message=f"Remark {number}.", path="src/a.js", line=number)
        for number in range(1, 7)
    )
    disputed = acceptance.ReviewDisputed(
        review_id=1,
        head_sha=HEAD,
        reviewer_id=2,
        reviewer="review-e[bot]",
        summary="Six remarks.",
        findings=notes,
    )

    lines = told(disputed)
    without_findings = told(replace(disputed, findings=()))

    assert lines[0].words == "review asks for a change"
    assert lines[0].detail == "src/a.js:1 Remark 1."
    assert [line.detail for line in lines[1:4]] == [
        f"src/a.js:{number} Remark {number}." for number in (2, 3, 4)
    ]
    assert lines[4].words == "and 2 more findings"
    assert [line.detail for line in without_findings] == ["Six remarks."]


def test_the_merge_gate_repeats_itself_only_when_its_answer_changed() -> None:
    pushed = work.PrUpdated(pr=2, head_sha=HEAD, by_rig=True)

    first = told(waiting("ci", "review"))

    assert [line.words for line in first] == ["merge waits for ci, review"]
    assert first[0].detail == "ci! · review!"
    assert told(waiting("ci", "review"), waiting("ci", "review")) == ()
    assert told(waiting("ci", "review"), waiting("ci"))[0].words == "merge waits for ci"
    assert told(waiting("ci"), pushed, waiting("ci"))[0].words == "merge waits for ci"


def test_a_push_of_the_rig_is_a_fix_and_another_one_is_not() -> None:
    pushed = work.PrUpdated(pr=2, head_sha=HEAD, by_rig=True)

    assert told(pushed)[0] == Line(tone=Tone.GOOD, words="fixed on PR #2", detail="head 0123456")
    assert "somebody else" in told(replace(pushed, by_rig=False))[0].words


@pytest.mark.parametrize(
    ("retry_seconds", "after"),
    [
        (None, " · a person must act"),
        (30.0, " · the next try may begin in 30 s"),
        (0.0, ""),
    ],
)
def test_a_failed_run_says_what_comes_next(retry_seconds: float | None, after: str) -> None:
    failed = work.RunFailed(
        run_id=IMPLEMENT_RUN,
        epoch=1,
        stage="implement",
        failure=FailureClass.WORK,
        reason="the agent changed nothing",
        retry_seconds=retry_seconds,
    )

    (line,) = told(failed)

    assert line.words == "run failed (work)"
    assert line.detail == f"the agent changed nothing{after}"


def test_whoever_must_act_is_named() -> None:
    who = "a maintainer of the repository"
    stopped = work.IssueFailed(failure=FailureClass.POLICY, reason="no", who_must_act=who)
    escalated = liveness.Escalated(reason="no", who_must_act=who)
    refused = sample("ISSUE_REFUSED")
    assert isinstance(refused, intake.IssueRefused)

    for event in (stopped, escalated, replace(refused, who_must_act=who)):
        (line,) = told(event)
        assert line.tone is Tone.PERSON
        assert f"{who} must act" in f"{line.words} {line.detail}"


def test_a_merge_names_its_commit_and_its_gates() -> None:
    merged = sample("MERGED")
    assert isinstance(merged, acceptance.Merged)

    (line,) = told(replace(merged, pr=2, merge_sha=HEAD, head_sha=HEAD[::-1]))

    assert line.tone is Tone.GOOD
    assert line.words == "PR #2 merged as 0123456"
    assert line.detail == "1 gate held at 7654321"
