"""Facts of a pull request that every gate lets through, and small ways to spoil them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from rigtasks.gate import facts as f
from rigtasks.gate.human_gates import Clearance, HumanGateReason, LabelGrant, TamperReport

HEAD = "a" * 40
OLD_HEAD = "b" * 40
BASE_SHA = "c" * 40
READ_AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
NOW = READ_AT + timedelta(seconds=2)

REPOSITORY_ID = 500
AUTHOR, REVIEWER, CONDUCTOR, PERSON, STRANGER = 11, 12, 13, 21, 31
AUTHOR_APP, CONDUCTOR_APP, CI_APP = 101, 103, 7

replace = msgspec.structs.replace


def check(name: str = "test", **changes: Any) -> f.ObservedCheck:
    values: dict[str, Any] = {
        "id": 900,
        "name": name,
        "kind": f.CheckKind.CHECK_RUN,
        "app_id": CI_APP,
        "app_slug": "ci",
        "head_sha": HEAD,
        "status": "completed",
        "conclusion": "success",
    }
    return f.ObservedCheck(**values | changes)


def review(**changes: Any) -> f.Review:
    values: dict[str, Any] = {
        "id": 70,
        "reviewer_id": REVIEWER,
        "reviewer": "review-e[bot]",
        "state": f.ReviewState.APPROVED,
        "commit_id": HEAD,
        "submitted_at": READ_AT - timedelta(minutes=10),
    }
    return f.Review(**values | changes)


def thread(**changes: Any) -> f.Thread:
    values: dict[str, Any] = {
        "id": "T1",
        "path": "app.py",
        "opened_by_id": REVIEWER,
        "resolved": True,
        "resolved_by_id": REVIEWER,
    }
    return f.Thread(**values | changes)


def clearance(**changes: Any) -> Clearance:
    values: dict[str, Any] = {
        "head_sha": HEAD,
        "by_id": PERSON,
        "by": "anna",
        "by_person": True,
        "at": READ_AT,
    }
    return Clearance(**values | changes)


def grant(**changes: Any) -> LabelGrant:
    values: dict[str, Any] = {
        "label": "large-pr-ok",
        "by_id": PERSON,
        "by": "anna",
        "by_person": True,
        "at": READ_AT,
    }
    return LabelGrant(**values | changes)


def reason(path: str = "auth/session.py") -> HumanGateReason:
    return HumanGateReason(rule="auth/**", path=path, summary=f"{path} is a sensitive path")


def green_facts(**changes: Any) -> f.GateFacts:
    values: dict[str, Any] = {
        "repository_id": REPOSITORY_ID,
        "repository": "acme/api",
        "default_branch": "main",
        "pull_request": f.PullRequest(
            number=8,
            url="https://github.test/acme/api/pull/8",
            state="open",
            merged=False,
            draft=False,
            author_id=AUTHOR,
            base_ref="main",
            base_sha=BASE_SHA,
            head_ref="feature/issue-7-farewell",
            head_sha=HEAD,
            head_repository_id=REPOSITORY_ID,
            body="Adds a farewell.\n\nCloses #7\n",
            labels=(),
            mergeable=True,
            mergeable_state="clean",
        ),
        "issue": f.Issue(
            ref=f.IssueRef(repository="acme/api", number=7),
            state="open",
            labels=("agent-ready",),
            ready_label="agent-ready",
            digest="d" * 64,
        ),
        "change": f.Change(head_sha=HEAD, files=2, lines=30, paths=("app.py", "tests/test_app.py")),
        "commits": f.CommitRange(
            head_sha=HEAD,
            identities=(
                f.Committer(role="author", account_id=AUTHOR, name="dev-e[bot]"),
                f.Committer(role="pusher", account_id=AUTHOR, name="dev-e[bot]"),
            ),
        ),
        "accounts": f.RigAccounts(
            author_ids=frozenset({AUTHOR}),
            reviewer_ids=frozenset({REVIEWER}),
            conductor_ids=frozenset({CONDUCTOR}),
            author_app_ids=frozenset({AUTHOR_APP}),
            conductor_app_id=CONDUCTOR_APP,
        ),
        "required_checks": (f.RequiredCheck(name="test", app_id=CI_APP),),
        "checks": (check(),),
        "reviews": (review(),),
        "threads": (thread(),),
        "allowed_bases": ("main",),
        "tamper": TamperReport(head_sha=HEAD),
        "config": f.Config(at_claim="e" * 40, on_base="e" * 40),
        "budget": f.BudgetState.WITHIN,
        "read_at": READ_AT,
    }
    return f.GateFacts(**values | changes)


def with_pull(facts: f.GateFacts | None = None, **changes: Any) -> f.GateFacts:
    facts = facts or green_facts()
    return replace(facts, pull_request=replace(facts.pull_request, **changes))
