"""Bounds that the kernel puts on running processes: memory, processes, open files.

The first two need root and the first version of cgroups.
"""

import os
import resource
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

_CGROUPS = Path("/sys/fs/cgroup")


@contextmanager
def little_memory(processes: Iterable[psutil.Process], *, megabytes: int) -> Iterator[Path]:
    """Bound the memory of these processes and what they start, meanwhile.

    Yields:
        The group's folder, for `killed_in`.
    """
    with _group("memory", processes) as group:
        (group / "memory.limit_in_bytes").write_text(str(megabytes << 20))
        yield group


def killed_in(group: Path) -> int:
    """Return how many processes of a group the kernel killed for their memory."""
    told = (group / "memory.oom_control").read_text().split()
    return int(told[told.index("oom_kill") + 1])


@contextmanager
def no_new_processes(processes: Iterable[psutil.Process]) -> Iterator[None]:
    """Let these processes and what they started start nothing more, meanwhile."""
    with _group("pids", processes) as group:
        (group / "pids.max").write_text((group / "pids.current").read_text())
        yield


@contextmanager
def no_new_files(processes: Iterable[psutil.Process]) -> Iterator[None]:
    """Let these processes open no file and no socket beyond those they have, meanwhile."""
    before = [(one, one.rlimit(resource.RLIMIT_NOFILE)) for one in processes]
    for one, (_, most) in before:
        one.rlimit(resource.RLIMIT_NOFILE, (one.num_fds(), most))
    try:
        yield
    finally:
        for one, limit in before:
            if one.is_running():
                one.rlimit(resource.RLIMIT_NOFILE, limit)


@contextmanager
def _group(controller: str, processes: Iterable[psutil.Process]) -> Iterator[Path]:
    group = _CGROUPS / controller / f"rig-faults-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        raise AssertionError(
            f"a bound on {controller} needs root and a writable {group.parent}: {error}"
        ) from None
    try:
        for process in processes:
            (group / "cgroup.procs").write_text(str(process.pid))
        yield group
    finally:
        for pid in (group / "cgroup.procs").read_text().split():
            (group.parent / "cgroup.procs").write_text(pid)
        group.rmdir()
