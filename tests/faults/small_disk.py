"""A disk that is too small: a tmpfs of a given size over one folder."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[None]:
    """Put a disk of so many megabytes over a folder, meanwhile; needs root.

    What still works in it when it is taken away keeps what it has open, and the folder is the old
    one for everybody else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = ("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))
    subprocess.run(made, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(("umount", "--lazy", str(folder)), check=True, capture_output=True)
