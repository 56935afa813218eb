"""What the stream knows of the gates, for those who cannot ask GitHub."""

from datetime import timedelta

from rigtasks.cli.explaining import recorded_verdict
from rigtasks.conductor.report import summary_of
from rigtasks.gate.explain import explain
from rigtasks.gate.render import render_text
from rigtasks.gate.result import Gate, GateStatus
from rigtasks.lifecycle.commands import RecordGate
from rigtasks.lifecycle.envelope import Actor, ActorKind, StoredEvent
from rigtasks.lifecycle.events.base import Blocker
from rigtasks.lifecycle.state import stream_name
from rigtasks.testing.life import NAMESPACE, START, Life


def in_review() -> Life:
    life = Life()
    life.approve()
    life.implement()
    life.publish()
    return life


def blocked(life: Life, *gates: str) -> None:
    found = tuple(Blocker(gate=one, status="fail", summary=f"{one} says no") for one in gates)
    life.tell(RecordGate(head_sha=life.issue.head_sha or "", blockers=found))


def stored(life: Life) -> tuple[StoredEvent, ...]:
    return tuple(
        StoredEvent(
            position=version,
            stream=stream_name(1, 7, 1),
            version=version,
            event_id=NAMESPACE,
            event=event,
            actor=Actor(kind=ActorKind.CONDUCTOR, id="conductor"),
            correlation_id=NAMESPACE,
            causation_id=None,
            recorded_at=START + timedelta(seconds=version),
        )
        for version, event in enumerate(life.events, start=1)
    )


def test_the_gates_written_down_last_are_shown_with_their_time() -> None:
    life = in_review()
    blocked(life, "ci", "review")
    blocked(life, "human_gate")

    verdict = recorded_verdict(stored(life), life.issue)

    assert verdict is not None
    assert [(one.id, one.status) for one in verdict.results] == [(Gate.HUMAN_GATE, GateStatus.FAIL)]
    assert verdict.read_at == START + timedelta(seconds=len(life.events))
    assert not verdict.passes
    text = render_text(explain(summary_of(life.issue), verdict, START + timedelta(minutes=9)))
    assert "Human gate: human_gate says no" in text
    assert "ci says no" not in text


def test_gates_of_another_head_say_nothing_about_this_one() -> None:
    life = in_review()
    blocked(life, "ci")
    life.observe(head_sha="h2")

    assert life.issue.head_sha == "h2"
    assert recorded_verdict(stored(life), life.issue) is None


def test_without_a_judged_gate_there_is_no_verdict() -> None:
    life = in_review()

    assert recorded_verdict(stored(life), life.issue) is None
