"""Names of the branches the rig works on."""

import re
import unicodedata

_LONGEST_SLUG = 40
_EMPTY_SLUG = "change"
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_ISSUE_BRANCH = re.compile(r"feature/issue-([1-9][0-9]{0,9})-[a-z0-9]+(?:-[a-z0-9]+)*")


def branch_name(number: int, title: str) -> str:
    """Return `feature/issue-N-slug`, the same for the same issue and title.

    The slug has lower-case ASCII letters, digits and single hyphens only, so that the name is a
    valid ref on every file system and cannot be read as an option or a path.

    Raises:
        ValueError: the number is not positive.
    """
    if number < 1:
        raise ValueError(f"{number} is no issue number.")
    return f"feature/issue-{number}-{_slug(title)}"


def taken_branch(branch: str, found: str | None) -> str:
    """Say that somebody else's commits are where the rig's would go, and what to do about it."""
    return (
        f"the branch {branch} is at {found or 'a commit'}, which the rig did not push: rename or "
        "delete that branch, then retry the issue"
    )


def issue_of_branch(branch: str) -> int | None:
    """Return the issue number of a branch the rig made, None for every other name."""
    found = _ISSUE_BRANCH.fullmatch(branch)
    return int(found.group(1)) if found else None


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    slug = _NOT_WORD.sub("-", plain).strip("-")
    if len(slug) <= _LONGEST_SLUG:
        return slug or _EMPTY_SLUG
    whole_words, _, _ = slug[: _LONGEST_SLUG + 1].rpartition("-")
    return whole_words or slug[:_LONGEST_SLUG]
