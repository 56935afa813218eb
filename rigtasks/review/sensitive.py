"""Paths that a person has to look at: accounts, money, data, and what the repository adds."""

import re
from collections.abc import Iterable

import msgspec

from rigtasks.review.globs import first_match

#: What each built-in rule is about, and the words in a path that raise it.
RULES: dict[str, tuple[str, frozenset[str]]] = {
    "auth": (
        "authentication or permissions",
        frozenset(
            [
                "auth",
                "authn",
                "authz",
                "authentication",
                "authorization",
                "authorisation",
                "login",
                "logout",
                "oauth",
                "oauth2",
                "oidc",
                "saml",
                "sso",
                "password",
                "passwords",
                "permission",
                "permissions",
                "rbac",
                "jwt",
                "session",
                "sessions",
                "credential",
                "credentials",
            ]
        ),
    ),
    "payment": (
        "payments",
        frozenset(
            [
                "payment",
                "payments",
                "billing",
                "invoice",
                "invoices",
                "checkout",
                "stripe",
                "paypal",
            ]
        ),
    ),
    "migration": (
        "a migration of stored data",
        frozenset(["migration", "migrations", "migrate", "alembic", "flyway", "liquibase"]),
    ),
    "gdpr": (
        "personal data",
        frozenset(["gdpr", "privacy", "consent", "pii", "anonymize", "anonymise", "anonymizer"]),
    ),
    "schema": ("a schema", frozenset(["schema", "schemas", "ddl", "prisma"])),
}

_SCHEMA_SUFFIXES = (".sql", ".prisma")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


class SensitiveHit(msgspec.Struct, frozen=True, kw_only=True):
    """A path with the rule that makes it sensitive."""

    path: str
    rule: str
    summary: str


def sensitive_hits(
    paths: Iterable[str], repository_globs: tuple[str, ...] = ()
) -> tuple[SensitiveHit, ...]:
    """Return one hit per path that a built-in rule or one of the repository's globs covers."""
    hits = (_hit(path, repository_globs) for path in paths)
    return tuple(hit for hit in hits if hit is not None)


def _hit(path: str, repository_globs: tuple[str, ...]) -> SensitiveHit | None:
    glob = first_match(path, repository_globs)
    if glob is not None:
        summary = f"{path} matches the sensitive rule {glob}"
        return SensitiveHit(path=path, rule=glob, summary=summary)
    words = _words(path)
    for rule, (subject, wanted) in RULES.items():
        if words & wanted or (rule == "schema" and path.lower().endswith(_SCHEMA_SUFFIXES)):
            return SensitiveHit(path=path, rule=rule, summary=f"{path} concerns {subject}")
    return None


def _words(path: str) -> frozenset[str]:
    """Return the words of a path in lower case, so that `author` is not `auth`."""
    return frozenset(word.lower() for word in _WORDS.findall(path)) | frozenset(
        re.split(r"[^a-z0-9]+", path.lower())
    )
