"""CODEOWNERS of a branch: which approvals its paths ask for."""

from codeowners import CodeOwners

from rigtasks.local.github.git import BareRepository

_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


def approved(git: BareRepository, branch: str, paths: list[str], approvers: set[str]) -> bool:
    """Tell whether every owned path has an approval by one of its owners (lower-case logins)."""
    text = _text(git, branch)
    if text is None:
        return True
    rules = CodeOwners(text)
    for path in paths:
        logins = {name.removeprefix("@").lower() for _, name in rules.of(path)}
        if logins and not logins & approvers:
            return False
    return True


def _text(git: BareRepository, branch: str) -> str | None:
    for place in _PLACES:
        entry = git.entry(branch, place)
        if entry is not None and entry.type == "blob":
            return git.blob(entry.sha).decode("utf-8", "replace")
    return None
