"""One door to both levels."""

from typing import assert_never

from rigtasks.agent.sandbox.bubblewrap import wrap_in_bubblewrap
from rigtasks.agent.sandbox.none import wrap_without_walls
from rigtasks.agent.sandbox.spec import Level, SandboxSpec, WrappedCommand


def wrap(argv: tuple[str, ...], *, spec: SandboxSpec, level: Level) -> WrappedCommand:
    """Put the walls of a level around a command; a level that cannot be had is never lowered.

    Raises:
        Permanent: the level needs something that is missing, or the spec does not fit it.
    """
    match level:
        case Level.BUBBLEWRAP:
            return wrap_in_bubblewrap(argv, spec)
        case Level.NONE:
            return wrap_without_walls(argv, spec)
        case _:
            assert_never(level)
