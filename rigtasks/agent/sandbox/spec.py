"""What a sandboxed command is given, as data; how it is walled in is the level's business."""

from enum import StrEnum
from pathlib import Path, PurePosixPath

import msgspec

from rigtasks.agent.sandbox.bounds import Bounds
from rigtasks.errors import Permanent

#: A place no host uses: read-only paths of the host keep theirs inside.
WORKDIR = PurePosixPath("/sandbox/checkout")
HOME = PurePosixPath("/home/agent")
#: Where the tools of a run are; what is installed there knows itself by this path.
PREFIX = PurePosixPath("/sandbox/tools")
#: The user and group id a process has inside; outside it runs as whoever started it.
INNER_ID = 1001
#: Carried in the environment of everything a command starts, so that strays can be found.
MARK = "RIG_SANDBOX"
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


class Level(StrEnum):
    """How strong the walls are.

    `bubblewrap` hides the host, its network and its processes. `none` only clears the environment
    and moves `HOME`: for repositories whose content the operator owns.
    """

    BUBBLEWRAP = "bubblewrap"
    NONE = "none"


class SandboxSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one command may touch.

    Args:
        workdir: the only directory of the host it may change; seen at `WORKDIR`.
        cwd: where it starts, relative to `workdir`.
        scratch: becomes `HOME`, so that what a set-up command installs there is still there for
            the next command; None gives an empty `HOME` that is gone afterwards (`bubblewrap`).
        prefix: holds the tools of the run, seen at `PREFIX`; None where there are none.
        installs: whether the command may change `prefix`; no other one may (`bubblewrap`).
        read_only: host paths shown unchanged at the same path.
        env: added to the few variables every command has; nothing of the host's is passed on.
        network: without it there is a loopback of its own and nothing else.
        bounds: how much memory and how many processes it may take; None for no bound.
        tmp_bytes: size of `/tmp`, which lives in memory beside what the bounds count.
        mark: a value nobody else uses; every process of the command carries it as `MARK`.
    """

    workdir: Path
    cwd: str = "."
    scratch: Path | None = None
    prefix: Path | None = None
    installs: bool = False
    read_only: tuple[Path, ...] = ()
    env: dict[str, str] = {}
    network: bool = False
    bounds: Bounds | None = None
    tmp_bytes: int = 1 << 30
    mark: str = ""


class WrappedCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A command with its walls, ready for `subprocess.Popen`.

    Start it with exactly this `env`, from a thread that lives as long as the command may: the
    kernel kills the command when the thread that started it ends. A `mark` says that the walls do
    not end what the command leaves behind, and that it must be looked for. Whoever starts it has to
    look whether it keeps within its `bounds`.
    """

    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: Path
    mark: str = ""
    bounds: Bounds | None = None


def inner_workdir(spec: SandboxSpec, level: Level) -> PurePosixPath:
    """Return the path at which the command sees its working copy."""
    return WORKDIR if level is Level.BUBBLEWRAP else PurePosixPath(spec.workdir)


def inner_prefix(prefix: Path, level: Level) -> PurePosixPath:
    """Return the path at which a command sees the tools of its run."""
    return PREFIX if level is Level.BUBBLEWRAP else PurePosixPath(prefix)


def start_directory(spec: SandboxSpec, level: Level) -> PurePosixPath:
    """Return the directory in which the command starts.

    Raises:
        Permanent: `cwd` would leave the working copy.
    """
    relative = PurePosixPath(spec.cwd)
    if relative.is_absolute() or ".." in relative.parts:
        raise Permanent(f"workdir {spec.cwd!r} must be a path inside the repository")
    return inner_workdir(spec, level) / relative


def environment(spec: SandboxSpec, home: PurePosixPath, tmp: PurePosixPath) -> dict[str, str]:
    """Build the whole environment of the command: these few names and what the spec adds."""
    base = {
        "PATH": SYSTEM_PATH,
        "HOME": str(home),
        "TMPDIR": str(tmp),
        "USER": "agent",
        "LOGNAME": "agent",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_UPDATE_NOTIFIER": "1",
    }
    mark = {MARK: spec.mark} if spec.mark else {}
    return base | spec.env | mark
