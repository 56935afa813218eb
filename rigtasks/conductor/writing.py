"""Before an effect writes to GitHub: one at a time for an issue, and not what a person stopped."""

from collections.abc import Iterator
from contextlib import contextmanager

from rigtasks.conductor.context import Conductor
from rigtasks.conductor.standing import gate_pauses
from rigtasks.conductor.stops import Paused
from rigtasks.lifecycle.state import IssueState


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
    """Read the stop switches before work that ends in a write, and before a push.

    Raises:
        Paused: one is set for the rig, the repository, the issue or its provider.
    """
    for pause in gate_pauses(conductor.stores, state):
        raise Paused(pause)
