"""Everything a run needs that is not its assignment."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from rigtasks.agent.assignment import Feedback
from rigtasks.agent.characters import Character
from rigtasks.agent.events import AnyEvent
from rigtasks.agent.harvest import Author
from rigtasks.agent.provider import Provider
from rigtasks.agent.supervisor import Timers
from rigtasks.agent.workshop import Workshop


def ignore_event(event: AnyEvent) -> None:
    """Tell nobody about an event; the transcript has it."""
    del event


def ignore_feedback(feedback: Feedback) -> None:
    """Tell nobody that a round was not good enough; the next one answers it."""
    del feedback


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """Where, by whom and with what a run is carried out.

    Args:
        provider: the agent's command line.
        character: how the agent is told to work; of the assignment's role.
        workshop: checkout, home, tools and walls.
        author: the identity in commits.
        now: the time, in UTC; for commits only.
        transcript_path: a file to append to; its directory must exist.
        timers: of one call of the agent, unscaled.
        time_scale: multiplies every timer and the run's own time limit.
        on_event: told every event of the agent, after the transcript has it.
        on_feedback: told what goes back to the agent within this run.
    """

    provider: Provider
    character: Character
    workshop: Workshop
    author: Author
    now: Callable[[], datetime]
    transcript_path: Path
    timers: Timers = Timers()
    time_scale: float = 1.0
    on_event: Callable[[AnyEvent], None] = ignore_event
    on_feedback: Callable[[Feedback], None] = ignore_feedback
