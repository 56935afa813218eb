"""Before an effect writes to GitHub: one at a time for an issue, and not what a person stopped."""

from collections.abc import Iterator
from contextlib import contextmanager

from rigtasks.conductor.context import Conductor
from rigtasks.conductor.standing import gate_pauses
from rigtasks.errors import NotNow
from rigtasks.gate.facts import Pause
from rigtasks.gate.rules.holds import paused_by
from rigtasks.lifecycle.state import IssueState

_LOOK_AGAIN_SECONDS = 10.0


class Paused(NotNow):
    """A person stopped the rig, the repository or the issue; what is left to do waits."""

    def __init__(self, pause: Pause) -> None:
        super().__init__(paused_by(pause), retry_after=_LOOK_AGAIN_SECONDS)


@contextmanager
def writing(conductor: Conductor, stream: str) -> Iterator[IssueState | None]:
    """Hold an issue for an effect that writes to GitHub, and yield its state.

    Raises:
        EffectUnderWay: another process is at it.
        Paused: a stop switch is set.
    """
    with conductor.alone(stream):
        state = conductor.stores.events.load(stream).state
        if state is not None:
            require_running(conductor, state)
        yield state


def require_running(conductor: Conductor, state: IssueState) -> None:
    """Read the stop switches; once more wherever a write comes long after the last reading.

    Raises:
        Paused: one is set for the rig, the repository or the issue.
    """
    for pause in gate_pauses(conductor.stores, state):
        raise Paused(pause)
