"""No walls: a cleared environment and a home of its own, for content the operator owns."""

import os
import sys
from pathlib import Path, PurePosixPath

from rigtasks.agent.sandbox.bounds import within
from rigtasks.agent.sandbox.spec import (
    Level,
    SandboxSpec,
    WrappedCommand,
    environment,
    start_directory,
)
from rigtasks.errors import Permanent

_KEEPER = Path(__file__).with_name("keeper.py")


def wrap_without_walls(argv: tuple[str, ...], spec: SandboxSpec) -> WrappedCommand:
    """Prepare a command that sees the host as its user does.

    Where the system is Linux a keeper ends everything that the command started, with the command
    or with this process; elsewhere that is found by its mark.

    Raises:
        Permanent: the spec names no scratch directory to use as `HOME`.
    """
    if spec.scratch is None:
        raise Permanent("isolation level none needs a scratch directory to use as HOME")
    home = PurePosixPath(spec.scratch)
    return WrappedCommand(
        argv=(*_keeper(), *within(argv, spec.bounds, own_namespace=False)),
        env=environment(spec, home, home),
        cwd=Path(start_directory(spec, Level.NONE)),
        mark=spec.mark,
        bounds=spec.bounds,
    )


def _keeper() -> tuple[str, ...]:
    own = os.getpid()
    if not Path(f"/proc/{own}/task/{own}/children").exists():
        return ()
    return (sys.executable, "-I", "-S", str(_KEEPER), str(own))
