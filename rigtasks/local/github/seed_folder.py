"""Which files of a folder become the first commit of a repository."""

from pathlib import Path

_SKIPPED_FOLDERS = {".git", "__pycache__", ".pytest_cache", "node_modules"}


def folder_files(folder: Path) -> dict[str, Path]:
    """Return a folder's files by their paths in the repository, without what tools leave there."""
    found = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not _SKIPPED_FOLDERS & set(relative.parts):
            found[relative.as_posix()] = path
    return found
