"""CODEOWNERS of a branch: whose approval its paths ask for, and what is wrong with the file."""

import re
from typing import Any

import msgspec
from codeowners import CodeOwners

from rigtasks.local.github.access import role_of
from rigtasks.local.github.governance import Team
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import ROLES, Account, PullRequest, Repository

_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
_OWNER = re.compile(r"@[\w.-]+(?:/[\w.-]+)?|[^@\s]+@[^@\s]+\.[^@\s]+")
_UNSUPPORTED = re.compile(r"^!|^\\#|\[")


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """A person or a team with write access; `account_ids` are those whose approval counts."""

    name: str
    account_ids: frozenset[int]
    account: Account | None = None
    team: Team | None = None


def waiting(hub: Hub, repo: Repository, pull: PullRequest, approvers: set[int]) -> list[str]:
    """Return the owners of which none has approved, each group that blocks named once."""
    names: dict[str, None] = {}
    for group in _of_pull(hub, repo, pull):
        if group and not any(owner.account_ids & approvers for owner in group):
            names.update(dict.fromkeys(owner.name for owner in group))
    return list(names)


def to_ask(hub: Hub, repo: Repository, pull: PullRequest) -> list[Owner]:
    """Return every owner of a changed path, each once."""
    found = {owner.name: owner for group in _of_pull(hub, repo, pull) for owner in group}
    return list(found.values())


def _of_pull(hub: Hub, repo: Repository, pull: PullRequest) -> list[list[Owner]]:
    place = _file(hub, repo, pull.base_ref)
    if place is None:
        return []
    base = hub.diff_base(repo, pull)
    rules = CodeOwners("\n".join(line for line in place[1].split("\n") if not _problems(line)))
    groups = []
    for file in hub.changed_files(repo, base, pull.head_sha):
        named = [_owner(hub, repo, name) for _, name in rules.of(file.filename)]
        groups.append([owner for owner in named if owner is not None])
    return groups


def _owner(hub: Hub, repo: Repository, name: str) -> Owner | None:
    writes = ROLES.index("write")
    if "/" in name:
        organization, _, slug = name.removeprefix("@").partition("/")
        team = team_named(hub, repo, slug)
        known = hub.account(organization)
        if team is None or known is None or known.id != repo.owner_id:
            return None
        if ROLES.index(team.roles.get(repo.id, "none")) < writes:
            return None
        title = f"{known.login}/{team.slug}"
        return Owner(name=title, account_ids=frozenset(team.member_ids), team=team)
    account = hub.account(name.removeprefix("@")) if name.startswith("@") else _mailed(hub, name)
    if account is None or ROLES.index(role_of(repo, account)) < writes:
        return None
    return Owner(name=account.login, account_ids=frozenset({account.id}), account=account)


def team_named(hub: Hub, repo: Repository, slug: str) -> Team | None:
    """Return the team of that slug in the repository's organisation, or None."""
    teams = hub.state.teams.of(repo.owner_id)
    return next((team for team in teams if team.slug == slug.lower()), None)


def _mailed(hub: Hub, address: str) -> Account | None:
    accounts = hub.state.accounts.all()
    return next((one for one in accounts if (one.email or "").lower() == address.lower()), None)


def errors(hub: Hub, repo: Repository, branch: str) -> list[dict[str, Any]] | None:
    """Return what is wrong with the file of a branch, line by line; None without a file."""
    place = _file(hub, repo, branch)
    if place is None:
        return None
    path, text = place
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        problems = _problems(line) or _unknown(hub, repo, line)
        for column, kind, suggestion in problems:
            found.append(
                {
                    "line": number,
                    "column": column,
                    "source": f"{line}\n",
                    "kind": kind,
                    "suggestion": suggestion,
                    "message": f"{kind} on line {number}: {suggestion}\n\n  {line}\n"
                    f"  {' ' * (column - 1)}^",
                    "path": path,
                }
            )
    return found


def _problems(line: str) -> list[tuple[int, str, str]]:
    """Return the column, kind and remedy of everything that makes a line unreadable."""
    words = _words(line)
    if not words:
        return []
    if _UNSUPPORTED.search(words[0][1]):
        return [(words[0][0], "Invalid pattern", "make sure the pattern needs no ! \\# or [")]
    return [
        (column, "Invalid owner", "make sure it is @user, @organization/team or an address")
        for column, word in words[1:]
        if not _OWNER.fullmatch(word)
    ]


def _unknown(hub: Hub, repo: Repository, line: str) -> list[tuple[int, str, str]]:
    name = hub.full_name(repo)
    return [
        (column, "Unknown owner", f"make sure {word} exists and has write access to {name}")
        for column, word in _words(line)[1:]
        if _owner(hub, repo, word) is None
    ]


def _words(line: str) -> list[tuple[int, str]]:
    written = re.split(r"(?:^|\s)#", line, maxsplit=1)[0]
    return [(word.start() + 1, word.group()) for word in re.finditer(r"\S+", written)]


def _file(hub: Hub, repo: Repository, branch: str) -> tuple[str, str] | None:
    git = hub.git(repo)
    for place in _PLACES:
        entry = git.entry(branch, place)
        if entry is not None and entry.type == "blob":
            return place, git.blob(entry.sha).decode("utf-8", "replace")
    return None
