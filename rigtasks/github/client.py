"""The three identities of the rig on one GitHub, built from settings alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from rigtasks.errors import Permanent
from rigtasks.github.api import Api
from rigtasks.github.governor import UNHURRIED, Governor, Pace
from rigtasks.github.http_api import HttpApi
from rigtasks.github.identities import (
    PERMISSIONS,
    AppCredentials,
    Credentials,
    PersonalToken,
    RepositoryRef,
    Role,
)
from rigtasks.github.installations import AppView, HttpAppView
from rigtasks.github.limits import LimitBook
from rigtasks.github.tokens import AppTokens, PersonalTokens, Token, Tokens
from rigtasks.github.transport import TIMEOUT, Transport

__all__ = ["UNHURRIED", "GitHub", "GitHubSettings", "Pace"]

_PUBLIC_API: Final = "https://api.github.com"
_PUBLIC_WEB: Final = "https://github.com"
_ENTERPRISE_API: Final = "/api/v3"


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubSettings:
    """Which GitHub, and as whom.

    Args:
        api_url: `https://api.github.com`, `https://HOST/api/v3` on an enterprise server, or the
            root of a sandbox. The addresses of GraphQL and of git follow from it.
        credentials: of each identity that is used.
        pace: how fast to ask; a GitHub without limits can be asked unhurriedly.
        timeout: seconds for one exchange.
        time_scale: multiplies every pause; tests use small ones.
        web_url: where repositories are cloned from, when it does not follow from `api_url`.
        graphql_url: where GraphQL lives, when it does not follow from `api_url`.
    """

    api_url: str = _PUBLIC_API
    credentials: Mapping[Role, Credentials] = field(default_factory=dict, repr=False)
    pace: Pace = field(default_factory=Pace)
    timeout: float = TIMEOUT
    time_scale: float = 1.0
    web_url: str | None = None
    graphql_url: str | None = None

    @property
    def web(self) -> str:
        """Where the pages and git repositories are."""
        if self.web_url is not None:
            return self.web_url.rstrip("/")
        api = self.api_url.rstrip("/")
        return _PUBLIC_WEB if api == _PUBLIC_API else api.removesuffix(_ENTERPRISE_API)

    @property
    def graphql(self) -> str:
        """Where GraphQL is."""
        if self.graphql_url is not None:
            return self.graphql_url
        api = self.api_url.rstrip("/")
        if api.endswith(_ENTERPRISE_API):
            return f"{api.removesuffix('/v3')}/graphql"
        return f"{api}/graphql"


class GitHub:
    """Hand out an `Api` for each identity and repository; limits are shared per installation.

    Build one per process, after any fork.

    Args:
        settings: which GitHub, and as whom.
        book: where limits are written down; None keeps them for this process alone.
    """

    def __init__(self, settings: GitHubSettings, *, book: LimitBook | None = None) -> None:
        self.settings = settings
        governor = Governor(settings.pace, book=book)
        self._transport = Transport(settings.api_url, governor, timeout=settings.timeout)
        self._tokens = {
            role: _tokens(self._transport, role, credentials)
            for role, credentials in settings.credentials.items()
        }

    def api(self, role: Role, repository: RepositoryRef) -> Api:
        """Return an identity's way to a repository.

        Raises:
            Permanent: the identity has no credentials.
        """
        return HttpApi(
            self._transport,
            self._of(role),
            repository,
            graphql_url=self.settings.graphql,
            permissions=PERMISSIONS[role],
            time_scale=self.settings.time_scale,
        )

    def app_view(self, role: Role) -> AppView | None:
        """Return what an identity's App sees beyond one repository; None for a personal token."""
        tokens = self._of(role)
        return HttpAppView(self._transport, tokens) if isinstance(tokens, AppTokens) else None

    def push_token(self, repository: RepositoryRef) -> Token:
        """Return a token the author may push to this repository with; mint it when pushing."""
        return self._of(Role.AUTHOR).for_repository(repository, {"contents": "write"})

    def read_only_token(self, repository: RepositoryRef) -> Token:
        """Return a token for a run: it reads the contents of this repository, nothing else.

        Raises:
            Permanent: only a personal token is set, which must not reach a run.
        """
        return self._of(Role.AUTHOR).read_only(repository)

    def clone_url(self, repository: RepositoryRef) -> str:
        """Return where git finds the repository, without any credential."""
        return f"{self.settings.web}/{repository.full_name}.git"

    def _of(self, role: Role) -> Tokens:
        tokens = self._tokens.get(role)
        if tokens is None:
            raise Permanent(f"Set the credentials of the {role} identity.")
        return tokens


def _tokens(transport: Transport, role: Role, credentials: Credentials) -> Tokens:
    match credentials:
        case AppCredentials():
            return AppTokens(transport, credentials, key=role.value)
        case PersonalToken():
            return PersonalTokens(transport, credentials, key=role.value)
