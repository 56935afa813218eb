"""Every address of the REST API that the sandbox answers, in one table."""

from rigtasks.local.github.rest import (
    administration,
    allowance,
    apps,
    checks,
    file_commits,
    hooks,
    issues,
    protection,
    pulls,
    refs,
    repositories,
    reviews,
)

ROUTES = (
    *allowance.ROUTES,
    *apps.ROUTES,
    *hooks.ROUTES,
    *repositories.ROUTES,
    *administration.ROUTES,
    *file_commits.ROUTES,
    *refs.ROUTES,
    *protection.ROUTES,
    *issues.ROUTES,
    *pulls.ROUTES,
    *reviews.ROUTES,
    *checks.ROUTES,
)
