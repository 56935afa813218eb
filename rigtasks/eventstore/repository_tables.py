"""What the rig ever saw of repositories. The hard rule rests on it, so nothing is forgotten."""

from sqlalchemy import BigInteger, Index, PrimaryKeyConstraint, Table

from rigtasks.eventstore.table_parts import NAME, created, metadata, required

#: Every name that a repository was ever seen under, in the one form that is compared.
repository_names = Table(
    "repository_names",
    metadata,
    required("repo_id", BigInteger()),
    required("repo_key", NAME),
    created("seen_at"),
    PrimaryKeyConstraint("repo_id", "repo_key", name="repository_names_pkey"),
    Index("repository_names_key", "repo_key", "seen_at"),
)

#: What GitHub named as a fork's `parent` and `source`.
repository_ancestors = Table(
    "repository_ancestors",
    metadata,
    required("repo_id", BigInteger()),
    required("ancestor_id", BigInteger()),
    created("seen_at"),
    PrimaryKeyConstraint("repo_id", "ancestor_id", name="repository_ancestors_pkey"),
    Index("repository_ancestors_ancestor", "ancestor_id"),
)
