"""The label `do-not-merge`: it stops the work on an issue until a person takes it off."""

from rigtasks.conductor.context import CONDUCTOR, Conductor
from rigtasks.eventstore.switches import issue_scope
from rigtasks.gate.facts import StopSource
from rigtasks.gate.rules.labels import STOP_LABEL, stops_work
from rigtasks.github.api import Api
from rigtasks.github.issues import IssueEvent, read_history
from rigtasks.lifecycle.react import Effect, EffectKind
from rigtasks.lifecycle.state import IssueState
from rigtasks.routing.facts import AccountType
from rigtasks.shell import effect_entry

_REASON = f"the label {STOP_LABEL}"
_NOBODY = "a deleted account"


def heed_stop_label(
    conductor: Conductor, state: IssueState, api: Api, labels: dict[int, tuple[str, ...]]
) -> bool:
    """Stop an issue that carries the label, and let it go on once a person took it off.

    A running agent learns of it with its next heartbeat.

    Returns:
        Whether that changed what stops it.

    Args:
        conductor: the conductor's collaborators.
        state: of the issue.
        api: reads who set the label, or took it off.
        labels: of the issue and its pull request, by number, as GitHub shows them now.
    """
    switches, scope = conductor.stores.switches, issue_scope(state.stream)
    stopped = switches.holding(scope, StopSource.LABEL) is not None
    carried = [number for number, names in labels.items() if stops_work(names)]
    if carried and not stopped:
        by = _by(_last(api, (carried[0],), "labeled"))
        switches.set(scope, reason=_REASON, actor=by, source=StopSource.LABEL)
        told = effect_entry(state.stream, Effect(kind=EffectKind.REPORT))
        conductor.stores.outbox.add_missing((told,))
        return True
    if stopped and not carried:
        last = _last(api, tuple(labels), "unlabeled")
        if last is None or last.actor is None or last.actor.type == AccountType.USER:
            return switches.lift(scope, actor=_by(last), source=StopSource.LABEL)
    return False


def forget_stop_label(conductor: Conductor, stream: str) -> None:
    """Take the label's stop of an issue that has ended from the list of what is stopped."""
    scope = issue_scope(stream)
    conductor.stores.switches.lift(scope, actor=CONDUCTOR.id, source=StopSource.LABEL)


def _last(api: Api, numbers: tuple[int, ...], event: str) -> IssueEvent | None:
    """Return the newest time the label was set or taken off."""
    found = [
        one
        for number in numbers
        for one in read_history(api, number).events
        if one.event == event and one.label is not None and stops_work((one.label.name,))
    ]
    return max(found, key=lambda one: (one.created_at, one.id), default=None)


def _by(event: IssueEvent | None) -> str:
    return event.actor.login if event is not None and event.actor is not None else _NOBODY
