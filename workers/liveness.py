"""The files that show whether a worker's consumer loop turns; a probe looks at their age."""

import time
from collections.abc import Sequence
from pathlib import Path

#: How often the loop touches its file, in seconds; older than three times this is dead.
ALIVE_SECONDS = 5.0

#: A file that nobody touched for this long belongs to a process that is gone, in seconds.
_FORGOTTEN_SECONDS = 3600.0


def holder_name(node: str, queues: Sequence[str], pid: int) -> str:
    """Return the name of one worker process: two on one host never share it, nor their files."""
    return f"{'+'.join(queues)}@{node.rpartition('@')[2]}:{pid}"


def alive_file(data_dir: Path, holder: str) -> Path:
    """Return the file that a worker's consumer loop touches."""
    return data_dir / "alive" / holder


def forget_dead_files(data_dir: Path, holder: str) -> None:
    """Remove what processes that were killed left behind, before `holder` begins.

    A restarted container has the name and the process id of the one that was told to stop: what
    that one was told is not meant for the new one.
    """
    oldest = time.time() - _FORGOTTEN_SECONDS
    for path in (data_dir / "alive").glob("*"):
        if path.name.removesuffix(".stopping") == holder or path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
