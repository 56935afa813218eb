"""The sample repositories that come with the rig, and the issue that each of them has."""

from dataclasses import dataclass
from pathlib import Path

from rigtasks.errors import Permanent

REPOSITORIES = Path(__file__).parent / "repositories"
_ISSUE = ".issue.md"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A repository with a bug in it, and the issue that describes the bug.

    Args:
        name: what the repository is called; begins with its stack.
        folder: its files.
        title: of the issue.
        body: of the issue, Markdown.
    """

    name: str
    folder: Path
    title: str
    body: str


def read_samples(folder: Path = REPOSITORIES) -> tuple[Sample, ...]:
    """Return every sample, ordered by name.

    Raises:
        Permanent: an issue has no title or no repository beside it.
    """
    return tuple(read_sample(path) for path in sorted(folder.glob(f"*{_ISSUE}")))


def read_sample(issue_file: Path) -> Sample:
    """Read one issue, `name.issue.md`, whose repository is the folder `name` beside it.

    Raises:
        Permanent: the issue has no title or no repository.
    """
    name = issue_file.name.removesuffix(_ISSUE)
    heading, _, body = issue_file.read_text(encoding="utf-8").partition("\n")
    title = heading.removeprefix("# ").strip()
    if not heading.startswith("# ") or not title:
        raise Permanent(f"{issue_file.name} must begin with its title as a heading: # Title")
    folder = issue_file.with_name(name)
    if not folder.is_dir():
        raise Permanent(f"{issue_file.name} belongs to a folder {name}, which is missing")
    return Sample(name=name, folder=folder, title=title, body=body.strip())
