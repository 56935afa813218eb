"""Repositories: what they are, who may write to them, which checks their branches require."""

from enum import StrEnum

import msgspec

from rigtasks.github.api import Api, segment
from rigtasks.github.errors import Forbidden, NotFound, Refusal
from rigtasks.github.identities import Account

_UNPROTECTED = "branch not protected"


class ParentRepository(msgspec.Struct, frozen=True, kw_only=True):
    """Where a fork comes from."""

    id: int
    full_name: str


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository as it is now; `full_name` may differ from the one that was asked for."""

    id: int
    full_name: str
    default_branch: str
    html_url: str = ""
    private: bool = False
    archived: bool = False
    disabled: bool = False
    fork: bool = False
    parent: ParentRepository | None = None
    source: ParentRepository | None = None
    allow_squash_merge: bool | None = None
    allow_merge_commit: bool | None = None
    allow_rebase_merge: bool | None = None


class Permission(StrEnum):
    """What an account may do in a repository, in GitHub's words."""

    ADMIN = "admin"
    WRITE = "write"
    READ = "read"
    NONE = "none"

    @property
    def writes(self) -> bool:
        """Say whether it includes writing."""
        return self in {Permission.ADMIN, Permission.WRITE}


class RequiredCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A check a branch requires; `app_id` None accepts any app."""

    context: str
    app_id: int | None = None


class RequiredChecks(msgspec.Struct, frozen=True, kw_only=True):
    """The checks a branch requires.

    Args:
        known: False when a source could not be read; then the list may lack some.
        unknown_sources: what could not be read, in words.
        merge_queue: whether merging goes through GitHub's queue.
    """

    known: bool
    checks: tuple[RequiredCheck, ...]
    merge_queue: bool = False
    unknown_sources: tuple[str, ...] = ()


def read_repository(api: Api) -> Repository:
    """Read the repository and make sure that it is the one meant, by id.

    Raises:
        NotFound: the name belongs to a repository with another id now.
    """
    found = api.get("", Repository)
    if found.id != api.repository.id:
        raise NotFound(
            Refusal(
                method="GET",
                path=f"/repos/{api.repository.full_name}",
                status=404,
                message=f"the name belongs to repository {found.id}, not {api.repository.id}",
            )
        )
    return found


class _PermissionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    permission: Permission
    user: Account | None = None


def read_permission(api: Api, account: Account) -> Permission:
    """Return what an account may do now; `none` for strangers and for a login that moved on.

    `maintain` counts as write and `triage` as read, as GitHub itself reports them here.
    """
    found = api.find(f"/collaborators/{segment(account.login)}/permission", _PermissionAnswer)
    if found is None or found.user is None or found.user.id != account.id:
        return Permission.NONE
    return found.permission


class _Check(msgspec.Struct, frozen=True, kw_only=True):
    context: str
    app_id: int | None = None


class _StatusChecks(msgspec.Struct, frozen=True, kw_only=True):
    contexts: tuple[str, ...] = ()
    checks: tuple[_Check, ...] | None = None


class _Protection(msgspec.Struct, frozen=True, kw_only=True):
    required_status_checks: _StatusChecks | None = None


class _RuleCheck(msgspec.Struct, frozen=True, kw_only=True):
    context: str
    integration_id: int | None = None


class _RuleParameters(msgspec.Struct, frozen=True, kw_only=True):
    required_status_checks: tuple[_RuleCheck, ...] = ()


class _Rule(msgspec.Struct, frozen=True, kw_only=True):
    type: str
    parameters: _RuleParameters | None = None


def read_required_checks(api: Api, branch: str) -> RequiredChecks:
    """Read which checks a branch requires, from its protection and from rulesets.

    "Not protected" is an answer; "you may not see it" is none and leaves the list unknown.
    """
    protection, protected_known = _protection(api, branch)
    rules, rules_known = _rules(api, branch)
    found = dict.fromkeys([*_protected(protection), *_ruled(rules)])
    unknown = [
        words
        for words, known in (("branch protection", protected_known), ("rulesets", rules_known))
        if not known
    ]
    return RequiredChecks(
        known=not unknown,
        checks=tuple(found),
        merge_queue=any(rule.type == "merge_queue" for rule in rules),
        unknown_sources=tuple(unknown),
    )


class _Branch(msgspec.Struct, frozen=True, kw_only=True):
    protected: bool = False
    protection: _Protection | None = None


def _protection(api: Api, branch: str) -> tuple[_Protection | None, bool]:
    """Read the branch itself first: it tells its required checks to everybody who may read."""
    summary = api.get(f"/branches/{segment(branch)}", _Branch)
    if not summary.protected:
        return None, True
    if summary.protection is not None and summary.protection.required_status_checks is not None:
        return summary.protection, True
    try:
        return api.get(f"/branches/{segment(branch)}/protection", _Protection), True
    except NotFound as error:
        return None, _UNPROTECTED in error.refusal.message.lower()
    except Forbidden:
        return None, False


def _rules(api: Api, branch: str) -> tuple[tuple[_Rule, ...], bool]:
    try:
        pages = api.pages(f"/rules/branches/{segment(branch)}", tuple[_Rule, ...])
    except (NotFound, Forbidden):
        return (), False
    return tuple(rule for page in pages for rule in page), True


def _protected(protection: _Protection | None) -> list[RequiredCheck]:
    required = protection.required_status_checks if protection else None
    if required is None:
        return []
    if required.checks:
        return [
            RequiredCheck(context=each.context, app_id=_any_app(each.app_id))
            for each in required.checks
        ]
    return [RequiredCheck(context=context) for context in required.contexts]


def _ruled(rules: tuple[_Rule, ...]) -> list[RequiredCheck]:
    return [
        RequiredCheck(context=check.context, app_id=_any_app(check.integration_id))
        for rule in rules
        if rule.type == "required_status_checks" and rule.parameters is not None
        for check in rule.parameters.required_status_checks
    ]


def _any_app(app_id: int | None) -> int | None:
    """Read GitHub's -1, which also means any app."""
    return None if app_id is None or app_id < 0 else app_id
