"""Carry out one effect of an issue, one at a time per issue."""

from collections.abc import Callable
from uuid import UUID

from rigtasks.conductor.attend import attend
from rigtasks.conductor.context import CONDUCTOR, Conductor, repository_of
from rigtasks.conductor.intake import take_in
from rigtasks.conductor.publish import publish
from rigtasks.conductor.reminders import remind
from rigtasks.conductor.report import report, report_resumed
from rigtasks.conductor.reviews import post_review
from rigtasks.conductor.stop_label import forget_stop_label
from rigtasks.conductor.withdrawal import Wish, cancel_withdrawn
from rigtasks.lifecycle.commands import Escalate, Hold
from rigtasks.lifecycle.failure import WHO_MUST_ACT, FailureClass
from rigtasks.lifecycle.react import EffectKind, outstanding
from rigtasks.lifecycle.state import IssueState, Lane, Stage
from rigtasks.routing.decisions import WaitsFor
from rigtasks.routing.offers import NotOffered
from rigtasks.shell import effect_entry, wake_entry


def carry_out(conductor: Conductor, stream: str, kind: EffectKind, *, cause: UUID) -> str:
    """Carry out an effect and return what came of it in words.

    Raises:
        RigError: it has to be tried again, or cannot be done.
    """
    match kind:
        case EffectKind.PUBLISH:
            return publish(conductor, stream, cause=cause)
        case EffectKind.POST_REVIEW:
            posted = post_review(conductor, stream, cause=cause)
            return f"{posted}; {attend(conductor, stream, cause=cause)}"
        case EffectKind.ATTEND:
            return attend(conductor, stream, cause=cause)
        case _:
            return _TELLING[kind](conductor, stream)


def call_a_person(conductor: Conductor, stream: str, error: str, *, cause: UUID) -> None:
    """Escalate an issue for which something was given up; without that only a table knows."""
    conductor.shell.tell(
        stream,
        Escalate(
            reason=f"The rig gave up something this issue needs: {error}",
            who_must_act=WHO_MUST_ACT[FailureClass.INFRA],
        ),
        actor=CONDUCTOR,
        cause=cause,
    )


def wake(conductor: Conductor, stream: str, *, cause: UUID) -> str:
    """Repeat what an issue still waits for, and look at a held one again."""
    state = conductor.shell.set_timer(stream)
    if state is None or state.terminal:
        return "ignored: the issue has ended"
    if state.pr is None:
        wish, words = cancel_withdrawn(conductor, stream, cause=cause)
        if wish is Wish.WITHDRAWN:
            return f"cancelled: {words}"
        if wish is Wish.UNKNOWN:
            return f"waits: {words}"
    if state.hold_blocks:
        return _look_again(conductor, state, cause)
    missing = _missing_offer(conductor, state)
    if missing is not None:
        conductor.shell.tell(stream, missing, actor=CONDUCTOR, cause=cause)
    effects = outstanding(state)
    conductor.stores.outbox.add_missing(tuple(effect_entry(stream, effect) for effect in effects))
    return "repeated: " + (", ".join(effect.kind for effect in effects) or "nothing")


def _missing_offer(conductor: Conductor, state: IssueState) -> Hold | Escalate | None:
    """Say that nobody will claim an issue whose provider or model is not offered any more.

    What was not begun waits until it is; what was needs a person, since it may go on otherwise.
    """
    if state.wanted_stage is not Stage.IMPLEMENT or state.config is None:
        return None
    choice = conductor.intake.offers.choose(state.config.provider, state.config.model)
    if not isinstance(choice, NotOffered):
        return None
    if state.lane is Lane.QUEUED:
        return Hold(waits_for=WaitsFor.PROVIDER, sentence=choice.sentence, blocking=True)
    return Escalate(reason=choice.sentence, who_must_act=WHO_MUST_ACT[FailureClass.INFRA])


def _release(conductor: Conductor, stream: str) -> str:
    """Wake the issues that waited for this one; without it they would wait for their timer.

    The label that stopped it stops nothing any more; what people stopped, they let go on.
    """
    state = conductor.stores.events.load(stream).state
    if state is None:
        return "ignored: no such issue"
    if state.terminal:
        forget_stop_label(conductor, stream)
    waiting = conductor.stores.issues.waiting_for(repo_id=state.repo_id, number=state.number)
    conductor.stores.outbox.add_missing(tuple(wake_entry(one.stream) for one in waiting))
    return "released: " + (", ".join(one.ref for one in waiting) or "nobody waited")


def _look_again(conductor: Conductor, state: IssueState, cause: UUID) -> str:
    return take_in(conductor, repository_of(state), state.number, cause=cause)


#: The effects that tell somebody something, and lead to no event.
_TELLING: dict[EffectKind, Callable[[Conductor, str], str]] = {
    EffectKind.REPORT: report,
    EffectKind.REPORT_RESUMED: report_resumed,
    EffectKind.RELEASE: _release,
    EffectKind.REMIND: remind,
}
