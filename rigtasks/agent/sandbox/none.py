"""No walls: a cleared environment and a home of its own, for content the operator owns."""

import shutil
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


def wrap_without_walls(argv: tuple[str, ...], spec: SandboxSpec) -> WrappedCommand:
    """Prepare a command that sees the host as its user does.

    Where `setpriv` exists the kernel kills the command itself with its parent; what the command
    started is found by its mark.

    Raises:
        Permanent: the spec names no scratch directory to use as `HOME`.
    """
    if spec.scratch is None:
        raise Permanent("isolation level none needs a scratch directory to use as HOME")
    home = PurePosixPath(spec.scratch)
    setpriv = shutil.which("setpriv")
    leash = (setpriv, "--pdeathsig", "KILL", "--") if setpriv else ()
    return WrappedCommand(
        argv=(*leash, *within(argv, spec.bounds, own_namespace=False)),
        env=environment(spec, home, home),
        cwd=Path(start_directory(spec, Level.NONE)),
        mark=spec.mark,
        bounds=spec.bounds,
    )
