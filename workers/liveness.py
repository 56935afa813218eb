"""The file that shows whether a worker's consumer loop turns; a probe looks at its age."""

from pathlib import Path

#: How often the loop touches the file, in seconds; older than three times this is dead.
ALIVE_SECONDS = 5.0


def alive_file(data_dir: Path, hostname: str) -> Path:
    """Return the file that the worker of this node name touches."""
    return data_dir / "alive" / hostname
