"""Folders of work under way: each has a living owner, and what a killed one left is swept.

An owner holds a file lock, which the kernel takes from it however it ends. Process ids would not
tell it: containers that share a volume do not share them.
"""

import fcntl
import os
import shutil
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

_log = structlog.get_logger("rig.agent")

_OWNER: Final = "owner"
#: A folder without a file to lock is of an older version of the rig, or was half made or half
#: swept when its process was killed; no run lasts this long.
_FORGOTTEN_SECONDS: Final = 6 * 3600.0


@contextmanager
def owned_folder(parent: Path, name: str) -> Iterator[Path]:
    """Lend a new folder, and remove it with everything in it afterwards.

    Args:
        parent: where it is made; created where it is missing.
        name: nobody else's.

    Raises:
        FileExistsError: there is one with this name.
    """
    folder = parent / name
    folder.mkdir(parents=True)
    made = folder / f"{_OWNER}.new"
    lock = os.open(made, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made.rename(folder / _OWNER)  # it is never seen without its lock
        yield folder
    finally:
        _remove(folder)
        os.close(lock)


def sweep(parent: Path) -> tuple[str, ...]:
    """Remove the folders whose owners are gone, and return their names.

    Any number of processes may sweep at once: each folder is one's own meanwhile.
    """
    if not parent.is_dir():
        return ()
    swept = tuple(
        folder.name
        for folder in sorted(parent.iterdir())
        if folder.is_dir() and not folder.is_symlink() and _swept(folder)
    )
    if swept:
        _log.info("swept what killed processes left", parent=str(parent), folders=swept)
    return swept


def sweep_in_background(parent: Path) -> threading.Thread:
    """Sweep without keeping anybody waiting: a checkout may be huge.

    What this process does not come to remove before it ends is left to the next one.
    """
    thread = threading.Thread(target=sweep, args=(parent,), name="sweep", daemon=True)
    thread.start()
    return thread


def _swept(folder: Path) -> bool:
    """Remove a folder unless somebody owns it; say whether it is gone."""
    try:
        lock = os.open(folder / _OWNER, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return _is_forgotten(folder) and _remove(folder)
    except OSError as error:
        _log.warning("a folder is left", folder=str(folder), error=str(error))
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return _remove(folder)
    finally:
        os.close(lock)


def _is_forgotten(folder: Path) -> bool:
    try:
        changed = folder.stat().st_mtime
    except FileNotFoundError:
        return False
    return time.time() - changed > _FORGOTTEN_SECONDS


def _remove(folder: Path) -> bool:
    """Remove a folder; say whether nothing of it is left."""
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        return True
    _let_in(folder)
    try:
        shutil.rmtree(folder)
    except OSError as error:
        _log.warning("a folder is left", folder=str(folder), error=str(error))
        return False
    return True


def _let_in(folder: Path) -> None:
    """Let its owner into every folder below, also into what an agent made read-only."""
    for above, names, _ in os.walk(folder):
        for name in names:
            one = Path(above, name)
            if not one.is_symlink():
                one.chmod(stat.S_IRWXU)
