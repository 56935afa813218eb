"""Who is calling and what they may do: App JWTs, installation tokens, personal tokens, roles."""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import jwt
import msgspec

from rigtasks.local.github.answers import HttpError, forbidden_to_app, not_found
from rigtasks.local.github.model import ROLES, Account, App, Installation, Repository, Token
from rigtasks.local.github.state import State

_LONGEST_ASSERTION = timedelta(minutes=10)
_CLOCK_LEEWAY = timedelta(seconds=30)
_LEVELS = {"none": 0, "read": 1, "write": 2, "admin": 3}
_ROLE_FOR_WRITE = {
    "administration": "admin",
    "issues": "triage",
    "pull_requests": "triage",
}


class CallerKind(StrEnum):
    """How a request identified itself."""

    ANONYMOUS = "anonymous"
    APP = "app"
    INSTALLATION = "installation"
    PERSONAL = "personal"


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The identity behind one request."""

    kind: CallerKind
    account: Account | None = None
    app: App | None = None
    installation: Installation | None = None
    token: Token | None = None

    @property
    def rate_key(self) -> str:
        """Return whose hourly allowance this request uses."""
        if self.installation is not None:
            return f"installation ID {self.installation.id}"
        if self.account is not None:
            return f"user ID {self.account.id}"
        return "app" if self.app is not None else "127.0.0.1"


ANONYMOUS = Caller(kind=CallerKind.ANONYMOUS)


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def identify(state: State, bearer: str | None) -> Caller:
    """Turn an Authorization value's token into a caller.

    Raises:
        HttpError: 401 for anything that is not a live token or a valid App JWT.
    """
    if bearer is None:
        return ANONYMOUS
    if bearer.count(".") == 2:  # noqa: PLR2004  # header, payload, signature
        return Caller(kind=CallerKind.APP, app=_app_of_assertion(state, bearer))
    token = state.tokens.first(digest(bearer))
    if token is None or (token.expires_at is not None and token.expires_at <= state.now()):
        raise HttpError(401, "Bad credentials")
    if token.installation_id is not None:
        installation = state.installations.get(token.installation_id)
        app = state.apps.get(installation.app_id)
        return Caller(
            kind=CallerKind.INSTALLATION,
            account=state.accounts.get(app.bot_id),
            app=app,
            installation=installation,
            token=token,
        )
    if token.account_id is None:
        raise HttpError(401, "Bad credentials")
    return Caller(
        kind=CallerKind.PERSONAL, account=state.accounts.get(token.account_id), token=token
    )


def _app_of_assertion(state: State, assertion: str) -> App:
    try:
        claims: dict[str, Any] = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise HttpError(401, "A JSON web token could not be decoded") from error
    app = next(
        (app for app in state.apps.all() if str(claims.get("iss")) in {str(app.id), app.client_id}),
        None,
    )
    if app is None or not app.public_key:
        raise HttpError(404, "Integration not found")
    try:
        jwt.decode(
            assertion,
            app.public_key,
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False, "verify_iss": False},
        )
    except jwt.InvalidTokenError as error:
        raise HttpError(401, "A JSON web token could not be decoded") from error
    _check_times(claims, state.now())
    return app


def _check_times(claims: dict[str, Any], now: datetime) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(expires, int | float):
        raise HttpError(
            401,
            "'Expiration time' claim ('exp') must be a numeric value representing the future time "
            "at which the assertion expires",
        )
    if not isinstance(issued, int) or issued > (now + _CLOCK_LEEWAY).timestamp():
        raise HttpError(
            401,
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion "
            "was issued",
        )
    if expires <= now.timestamp():
        raise HttpError(
            401,
            "'Expiration time' claim ('exp') must be a numeric value representing the future time "
            "at which the assertion expires",
        )
    if expires > (now + _LONGEST_ASSERTION + _CLOCK_LEEWAY).timestamp():
        raise HttpError(401, "'Expiration time' claim ('exp') is too far in the future")


def mint(
    state: State,
    *,
    prefix: str,
    lifetime: timedelta | None,
    installation: Installation | None = None,
    account: Account | None = None,
    permissions: dict[str, str] | None = None,
    repository_ids: tuple[int, ...] | None = None,
) -> tuple[str, Token]:
    """Create a token and return its text, which is stored nowhere, and its row."""
    text = prefix + secrets.token_hex(18)
    with state.change():
        now = state.now()
        row = state.tokens.put(
            Token(
                id=state.new_id(),
                digest=digest(text),
                created_at=now,
                installation_id=None if installation is None else installation.id,
                account_id=None if account is None else account.id,
                permissions=permissions or {},
                repository_ids=repository_ids,
                expires_at=None if lifetime is None else now + lifetime,
            )
        )
    return text, row


def role_of(repository: Repository, account: Account) -> str:
    """Return the repository role of an account."""
    if account.id == repository.owner_id:
        return "admin"
    granted = max(
        repository.roles.get(account.id, "none"),
        repository.granted_by_teams.get(account.id, "none"),
        key=ROLES.index,
    )
    return "read" if granted == "none" and not repository.private else granted


def require(caller: Caller, repository: Repository, permission: str, level: str) -> None:
    """Let the caller go on, or answer as GitHub does.

    Args:
        caller: who asks.
        repository: what they ask about.
        permission: an App permission's name; alternatives are separated by `|`.
        level: read, write, admin, `comment` for what every reader may do, or `fork` for a copy,
            which every reader may have and an App only with `contents` to read as well.

    Raises:
        HttpError: 404 when they may not know the repository, 403 when they lack the permission,
            401 for an anonymous write.
    """
    names = permission.split("|")
    if caller.kind is CallerKind.INSTALLATION:
        _require_of_app(caller, repository, names, level)
    elif caller.kind is CallerKind.PERSONAL and caller.account is not None:
        _require_of_person(repository, caller.account, names, level)
    elif repository.private:
        raise not_found()
    elif level != "read":
        raise HttpError(401, "Requires authentication")


def accepted(needs: str) -> str:
    """Return the `X-Accepted-GitHub-Permissions` of a route, from its `permission:level`."""
    permission, _, level = needs.rpartition(":")
    if level == "fork":
        return f"{permission}=write,contents=read"
    word = "write" if level == "comment" else level
    return "; ".join(f"{name}={word}" for name in permission.split("|"))


def require_members(caller: Caller) -> None:
    """Let an App with the organisation permission `members` go on, and every person.

    Raises:
        HttpError: 403 for an App without it, 401 for nobody.
    """
    if caller.kind is CallerKind.ANONYMOUS:
        raise HttpError(401, "Requires authentication")
    if caller.kind is CallerKind.INSTALLATION and not allowed_to_app(caller, "members", "read"):
        raise forbidden_to_app()


def may_push(caller: Caller, repository: Repository, *, into: Repository, modify: bool) -> bool:
    """Tell whether the caller may push to a branch that a pull request comes from.

    Args:
        caller: who asks.
        repository: whose branch.
        into: the repository the pull request goes into.
        modify: whether the maintainers of `into` may change the branch too.
    """
    if caller.kind is CallerKind.INSTALLATION:
        return _covers(caller, repository)
    if caller.account is None:
        return False
    roles = [role_of(repository, caller.account)]
    if modify:
        roles.append(role_of(into, caller.account))
    return any(ROLES.index(role) >= ROLES.index("write") for role in roles)


def sees(caller: Caller, repository: Repository) -> bool:
    """Tell whether the caller may know that the repository exists."""
    if not repository.private:
        return True
    if caller.kind is CallerKind.INSTALLATION:
        return _covers(caller, repository)
    if caller.kind is CallerKind.PERSONAL and caller.account is not None:
        return role_of(repository, caller.account) != "none"
    return False


def allowed_to_app(caller: Caller, permission: str, level: str) -> bool:
    """Tell whether an App token carries a permission at a level."""
    granted = "none" if caller.token is None else caller.token.permissions.get(permission, "none")
    if level == "fork" and not allowed_to_app(caller, "contents", "read"):
        return False
    return _LEVELS[granted] >= _LEVELS["write" if level in {"comment", "fork"} else level]


def _covers(caller: Caller, repository: Repository) -> bool:
    installation, token = caller.installation, caller.token
    if installation is None or token is None or installation.account_id != repository.owner_id:
        return False
    return token.repository_ids is None or repository.id in token.repository_ids


def _require_of_app(caller: Caller, repository: Repository, names: list[str], level: str) -> None:
    if not _covers(caller, repository):
        if not repository.private and level == "read":
            return
        raise not_found() if repository.private else forbidden_to_app()
    if "metadata" in names and level == "read":
        return
    if not any(allowed_to_app(caller, name, level) for name in names):
        raise forbidden_to_app()


def _require_of_person(
    repository: Repository, account: Account, names: list[str], level: str
) -> None:
    role = ROLES.index(role_of(repository, account))
    if role == 0:
        raise not_found()
    if level in {"read", "comment", "fork"}:
        return
    if names == ["checks"]:
        raise HttpError(403, "You must authenticate via a GitHub App.")
    needed = "admin" if level == "admin" else _ROLE_FOR_WRITE.get(names[0], "write")
    if role < ROLES.index(needed):
        raise HttpError(403, f"Must have {needed} rights to Repository.")
