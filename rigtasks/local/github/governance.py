"""The rows of what owners decide: protected branches, rulesets, teams and the merge queue.

Attribute names are GitHub's own where it has one; see `model` for what all rows share.
"""

from datetime import datetime
from typing import Any

import msgspec

from rigtasks.local.github.model import Row


class RequiredCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A check that must succeed; `app_id` None accepts any source."""

    context: str
    app_id: int | None = None


class Actors(msgspec.Struct, frozen=True, kw_only=True):
    """People, teams and Apps named in a rule, by their row ids."""

    users: tuple[int, ...] = ()
    teams: tuple[int, ...] = ()
    apps: tuple[int, ...] = ()


class Protection(Row, frozen=True, kw_only=True):
    """The classic protection of one branch.

    `required_approving_review_count` None asks for no pull request at all; `restrictions` None
    lets everybody with write access push.
    """

    repository_id: int
    branch: str
    checks: tuple[RequiredCheck, ...] = ()
    strict: bool = False
    required_approving_review_count: int | None = None
    require_code_owner_reviews: bool = False
    require_last_push_approval: bool = False
    dismiss_stale_reviews: bool = False
    required_conversation_resolution: bool = False
    required_linear_history: bool = False
    required_signatures: bool = False
    allow_force_pushes: bool = False
    allow_deletions: bool = False
    block_creations: bool = False
    lock_branch: bool = False
    allow_fork_syncing: bool = False
    enforce_admins: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    restrictions: Actors | None = None
    dismissal_restrictions: Actors | None = None
    bypass_pull_request_allowances: Actors = Actors()


class BypassActor(msgspec.Struct, frozen=True, kw_only=True):
    """Who a ruleset does not bind; `bypass_mode` is always, pull_request or exempt."""

    actor_type: str
    actor_id: int | None = None
    bypass_mode: str = "always"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of a ruleset, with its parameters as GitHub writes them."""

    type: str
    parameters: dict[str, Any] = {}


class Ruleset(Row, frozen=True, kw_only=True):
    """A ruleset of a repository, or of an organisation where `repository_id` is None."""

    owner_id: int
    name: str
    created_at: datetime
    updated_at: datetime
    rules: tuple[Rule, ...]
    repository_id: int | None = None
    enforcement: str = "active"
    include: tuple[str, ...] = ("~DEFAULT_BRANCH",)
    exclude: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ("~ALL",)
    bypass_actors: tuple[BypassActor, ...] = ()


class Team(Row, frozen=True, kw_only=True):
    """A team of an organisation; `roles` says what it may do, by repository id."""

    organization_id: int
    slug: str
    name: str
    created_at: datetime
    description: str | None = None
    privacy: str = "closed"
    member_ids: tuple[int, ...] = ()
    roles: dict[int, str] = msgspec.field(default_factory=dict)


class QueueEntry(Row, frozen=True, kw_only=True):
    """A pull request that waits in a merge queue.

    `group_sha` is the commit that the checks run on; None before there is one.
    """

    repository_id: int
    base_ref: str
    number: int
    head_sha: str
    enqueuer_id: int
    enqueued_at: datetime
    group_sha: str | None = None
    group_base: str | None = None
