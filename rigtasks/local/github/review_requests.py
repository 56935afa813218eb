"""Reviews that are asked for: of people and teams, by somebody or by CODEOWNERS."""

import msgspec

from rigtasks.local.github import issues, owners
from rigtasks.local.github.access import role_of
from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.governance import Team
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import Account, Issue, PullRequest, Repository
from rigtasks.local.github.shapes import accounts, teams

_STRANGERS = (
    "Reviews may only be requested from collaborators. One or more of the users or teams you "
    "specified is not a collaborator of the {name} repository."
)


def ask(
    hub: Hub,
    repo: Repository,
    pull: PullRequest,
    actor: Account,
    people: list[Account],
    groups: list[Team],
) -> PullRequest:
    """Ask people and teams for a review; those asked already stay asked.

    Raises:
        HttpError: 422 when one is the author or has no access to the repository.
    """
    half = _half(hub, repo, pull)
    if any(person.id == half.author_id for person in people):
        raise HttpError(422, "Review cannot be requested from pull request author.")
    roles = [role_of(repo, person) for person in people]
    if "none" in roles + [team.roles.get(repo.id, "none") for team in groups]:
        raise HttpError(422, strangers(hub, repo))
    with hub.state.change():
        for field, one in _each(people, groups):
            listed = getattr(pull, field)
            if one.id not in listed:
                pull = _changed(hub, pull, **{field: (*listed, one.id)})
                _tell(hub, repo, half, actor, "review_requested", one)
        return pull


def strangers(hub: Hub, repo: Repository) -> str:
    """Return GitHub's words for asking somebody who has no access."""
    return _STRANGERS.format(name=hub.full_name(repo))


def withdraw(
    hub: Hub,
    repo: Repository,
    pull: PullRequest,
    actor: Account,
    people: list[Account],
    groups: list[Team],
) -> PullRequest:
    """Take requests back; those never asked leave no trace."""
    half = _half(hub, repo, pull)
    with hub.state.change():
        for field, one in _each(people, groups):
            listed = getattr(pull, field)
            if one.id in listed:
                pull = _changed(hub, pull, **{field: _without(listed, one.id)})
                _tell(hub, repo, half, actor, "review_request_removed", one)
        return pull


def ask_code_owners(hub: Hub, repo: Repository, pull: PullRequest, actor: Account) -> PullRequest:
    """Ask the owners of the changed paths, but not the author; drafts wait until they are ready."""
    if pull.draft:
        return pull
    author_id = _half(hub, repo, pull).author_id
    asked = owners.to_ask(hub, repo, pull)
    people = [one.account for one in asked if one.account and one.account.id != author_id]
    groups = [one.team for one in asked if one.team is not None]
    return ask(hub, repo, pull, actor, people, groups)


def answered(hub: Hub, pull: PullRequest, reviewer: Account) -> PullRequest:
    """Take a reviewer, and the teams they are in, off the list of those who are waited for."""
    teams_left = tuple(
        team_id
        for team_id in pull.requested_team_ids
        if reviewer.id not in hub.state.teams.get(team_id).member_ids
    )
    return _changed(
        hub,
        pull,
        requested_reviewer_ids=_without(pull.requested_reviewer_ids, reviewer.id),
        requested_team_ids=teams_left,
    )


def _half(hub: Hub, repo: Repository, pull: PullRequest) -> Issue:
    half = hub.issue(repo, pull.number)
    if half is None:
        raise HttpError(404, "Not Found")
    return half


def _each(people: list[Account], groups: list[Team]) -> list[tuple[str, Account | Team]]:
    """Return everybody with the field of a pull request that lists them."""
    return [
        *(("requested_reviewer_ids", person) for person in people),
        *(("requested_team_ids", team) for team in groups),
    ]


def _without(listed: tuple[int, ...], one: int) -> tuple[int, ...]:
    return tuple(each for each in listed if each != one)


def _changed(hub: Hub, pull: PullRequest, **fields: tuple[int, ...]) -> PullRequest:
    return hub.state.pulls.put(msgspec.structs.replace(pull, **fields))


def _tell(
    hub: Hub, repo: Repository, half: Issue, actor: Account, action: str, asked: Account | Team
) -> None:
    shape = (
        {"requested_team": teams.team(hub, asked, hub.view)}
        if isinstance(asked, Team)
        else {"requested_reviewer": accounts.account(asked, hub.view)}
    )
    detail = {**shape, "review_requester": accounts.account(actor, hub.view)}
    issues.record(hub, repo, half.number, actor, action, detail=detail)
    issues.announce(hub, repo, issues.touch(hub, half), actor, action, shape)
