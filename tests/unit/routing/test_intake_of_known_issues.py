"""What becomes of an issue that is known already, or that has to wait."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from intake_scene import EVE, FACTS, OURS, POLICY, admitted, facts

from rigtasks.routing.decisions import (
    Adopt,
    Hold,
    Refuse,
    Supersede,
    WaitsFor,
)
from rigtasks.routing.dependencies import Dependency
from rigtasks.routing.facts import (
    DependencyFact,
    DependencyState,
    Pause,
    StreamFacts,
    StreamStanding,
)
from rigtasks.routing.intake import decide_intake
from rigtasks.routing.stack import Queue


@pytest.mark.parametrize(
    ("standing", "generation"),
    [(StreamStanding.UNAPPROVED, 3), (StreamStanding.HELD, 3), (StreamStanding.FINISHED, 4)],
)
def test_a_finished_stream_is_followed_by_the_next_generation(
    standing: StreamStanding, generation: int
) -> None:
    stream = StreamFacts(generation=3, standing=standing, state="done")

    assert admitted(facts(stream=stream)).generation == generation


def test_a_live_issue_is_left_alone_even_when_a_stranger_labels_it_again() -> None:
    stream = StreamFacts(generation=2, standing=StreamStanding.LIVE, state="in_review")

    decision = decide_intake(facts(stream=stream, issue={"labelled_by": None}), POLICY)

    assert decision.outcome == "ignored: already taken, in_review in generation 2"


def test_our_own_open_pull_request_is_adopted_and_not_doubled() -> None:
    decision = decide_intake(facts(open_pull_requests=(EVE, OURS)), POLICY)

    assert isinstance(decision, Adopt)
    assert decision.pull_request == 9
    assert decision.route.queue is Queue.DEV_E_PYTHON
    assert decision.outcome == "adopted: pull request #9 is already open for this issue"


START = "celery -A rigtasks worker -Q"
PAUSE = Pause(scope="this repository", reason="release\u202e day", by="ada")
BLOCKED = {"body": "blocked by #7, other/repo#8 and #9"}
STATES = (
    DependencyFact(dependency=Dependency(number=7), state=DependencyState.OPEN),
    DependencyFact(dependency=Dependency(number=9), state=DependencyState.DONE),
)


@pytest.mark.parametrize(
    ("changes", "waits_for", "outcome"),
    [
        (
            {"pauses": (PAUSE,), "issue": BLOCKED},
            WaitsFor.PAUSE,
            "held: ada paused this repository (release day): it goes on when a person resumes it",
        ),
        (
            {"issue": BLOCKED, "dependencies": STATES},
            WaitsFor.DEPENDENCY,
            "held: waits for #7, other/repo#8 (unreadable) to be done",
        ),
        (
            {"queues_without_worker": frozenset({Queue.DEV_E_PYTHON})},
            WaitsFor.ELIGIBLE_WORKER,
            f"held: no worker of dev-e-python is running: start one with `{START} dev-e-python`",
        ),
    ],
)
def test_what_must_wait_is_approved_and_held_in_words(
    changes: dict[str, Any], waits_for: WaitsFor, outcome: str
) -> None:
    decision = decide_intake(facts(**changes), POLICY)

    assert isinstance(decision, Hold)
    assert decision.waits_for is waits_for
    assert decision.outcome == outcome
    assert decision.route.queue is Queue.DEV_E_PYTHON


def test_an_idle_queue_of_another_stack_holds_nothing() -> None:
    assert admitted(facts(queues_without_worker=frozenset({Queue.DEV_E_NODE}))).generation == 1


def labelled_again(**changes: object) -> StreamFacts:
    """Return a live stream that was approved by an earlier label than the one in force."""
    issue = FACTS.issue
    digest = admitted(FACTS).task.digest
    earlier = issue.labelled_at - timedelta(minutes=1)
    live = StreamFacts(
        generation=2,
        standing=StreamStanding.LIVE,
        state="in_review",
        labelled_at=earlier,
        digest=digest,
    )
    return msgspec.structs.replace(live, **changes)


def test_a_live_issue_is_looked_at_again_only_when_its_label_was_set_anew() -> None:
    same = labelled_again(labelled_at=FACTS.issue.labelled_at)

    assert decide_intake(facts(stream=same), POLICY).outcome.startswith("ignored: already taken")
    assert admitted(facts(stream=labelled_again())).generation == 2


def test_a_label_set_again_on_another_text_ends_the_work_on_the_old_one() -> None:
    changed = labelled_again(digest="another text")

    assert decide_intake(facts(stream=changed), POLICY) == Supersede(generation=2)

    # nobody has begun: the new text simply takes its place
    waiting = msgspec.structs.replace(changed, begun=False)
    assert admitted(facts(stream=waiting)).generation == 2


def test_a_stranger_who_sets_the_label_again_ends_nothing() -> None:
    stream = labelled_again(digest="another text")

    decision = decide_intake(facts(stream=stream, issue={"labelled_by": None}), POLICY)

    assert isinstance(decision, Refuse)
