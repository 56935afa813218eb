"""Walls from user, process, network and mount namespaces, built by `bwrap`."""

import shutil
from pathlib import Path, PurePosixPath

from rigtasks.agent.sandbox.bounds import within
from rigtasks.agent.sandbox.spec import (
    HOME,
    INNER_ID,
    PREFIX,
    WORKDIR,
    Level,
    SandboxSpec,
    WrappedCommand,
    environment,
    start_directory,
)
from rigtasks.errors import Permanent

_ETC = Path(__file__).parent / "etc"
#: Root-level names that are links into /usr on merged systems and directories on others.
_SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SYSTEM_FILES = (
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/pki",
    "/etc/ssl",
)
_NETWORK_FILES = ("/etc/hosts", "/etc/nsswitch.conf", "/etc/resolv.conf")


def wrap_in_bubblewrap(argv: tuple[str, ...], spec: SandboxSpec) -> WrappedCommand:
    """Wrap a command so that it sees /usr, its read-only paths, its own home and its workdir.

    Raises:
        Permanent: `bwrap` is not installed.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise Permanent("bwrap was not found on PATH; install the package bubblewrap")
    env = environment(spec, HOME, PurePosixPath("/tmp"))  # noqa: S108 - the sandbox's own
    return WrappedCommand(
        argv=(
            bwrap,
            *_namespaces(spec),
            *_mounts(spec),
            *("--chdir", str(start_directory(spec, Level.BUBBLEWRAP))),
            "--clearenv",
            *(word for name, value in env.items() for word in ("--setenv", name, value)),
            "--",
            *within(argv, spec.bounds, own_namespace=True),
        ),
        env={"PATH": "/usr/bin:/bin"},
        cwd=Path("/"),
        bounds=spec.bounds,
    )


def _namespaces(spec: SandboxSpec) -> tuple[str, ...]:
    return (
        "--unshare-user",
        *("--uid", str(INNER_ID), "--gid", str(INNER_ID)),
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
        *(() if spec.network else ("--unshare-net",)),
        *("--hostname", "sandbox"),
        "--die-with-parent",
        "--new-session",
        *("--cap-drop", "ALL"),
    )


def _mounts(spec: SandboxSpec) -> tuple[str, ...]:
    """List the mounts in order: a later one may lie inside an earlier one, never the reverse."""
    words = ["--ro-bind", "/usr", "/usr", *_system_links()]
    for name in (*_SYSTEM_FILES, *(_NETWORK_FILES if spec.network else ())):
        words += ("--ro-bind-try", name, name)
    words += ("--ro-bind", str(_ETC / "passwd"), "/etc/passwd")
    words += ("--ro-bind", str(_ETC / "group"), "/etc/group")
    words += ("--proc", "/proc", "--dev", "/dev")
    words += ("--size", str(spec.tmp_bytes), "--perms", "1777", "--tmpfs", "/tmp")  # noqa: S108 - as above
    if spec.scratch is None:
        words += ("--size", str(spec.tmp_bytes), "--tmpfs", str(HOME))
    else:
        words += ("--bind", str(spec.scratch), str(HOME))
    for path in spec.read_only:
        words += ("--ro-bind", str(path), str(path))
    if spec.prefix is not None:
        words += ("--bind" if spec.installs else "--ro-bind", str(spec.prefix), str(PREFIX))
    words += ("--bind", str(spec.workdir), str(WORKDIR), "--remount-ro", "/")
    return tuple(words)


def _system_links() -> tuple[str, ...]:
    words: list[str] = []
    for name in _SYSTEM:
        path = Path(name)
        if path.is_symlink():
            words += ("--symlink", str(path.readlink()), name)
        elif path.is_dir():
            words += ("--ro-bind", name, name)
    return tuple(words)
