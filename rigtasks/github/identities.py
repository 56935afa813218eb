"""Who the rig is on GitHub: three identities, each an App or a personal token."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import msgspec


class Role(StrEnum):
    """The identities; nobody reviews or merges what the same identity wrote."""

    AUTHOR = "author"
    REVIEWER = "reviewer"
    CONDUCTOR = "conductor"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCredentials:
    """A GitHub App.

    Args:
        app_id: the App's numeric id or its client id.
        private_key: the PEM text of one of its keys.
    """

    app_id: str
    private_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalToken:
    """A personal access token, for trying the rig out.

    Args:
        token: what the identity acts with; it cannot be narrowed down to one repository.
        read_only_token: a second, fine-grained token with contents: read, which runs are given.
    """

    token: str = field(repr=False)
    read_only_token: str | None = field(default=None, repr=False)


Credentials = AppCredentials | PersonalToken
Permissions = Mapping[str, str]

#: What each identity's App tokens ask for; an App may hold more, its tokens never carry it.
#: No identity may change workflows.
PERMISSIONS: Final[Mapping[Role, Permissions]] = {
    Role.AUTHOR: {"contents": "write", "pull_requests": "write"},
    Role.REVIEWER: {"contents": "read", "pull_requests": "write"},
    Role.CONDUCTOR: {
        "checks": "write",
        "contents": "write",
        "issues": "write",
        "pull_requests": "write",
        "statuses": "read",
    },
}

#: What a run gets: enough to fetch one repository and nothing else.
READ_ONLY: Final[Permissions] = {"contents": "read"}


class RepositoryRef(msgspec.Struct, frozen=True, kw_only=True):
    """A repository; the id is the authority, the name is how it is addressed."""

    id: int
    full_name: str

    @property
    def owner(self) -> str:
        """The account the repository belongs to."""
        return self.full_name.partition("/")[0]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A user, bot or organisation, compared by id and never by login."""

    id: int
    login: str
    type: str = "User"
