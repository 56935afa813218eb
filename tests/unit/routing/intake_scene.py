"""An issue that is admitted as it is, and ways to change one thing about it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from rigtasks.routing.decisions import (
    Admit,
    Refuse,
)
from rigtasks.routing.facts import (
    Account,
    AccountType,
    ConfigFile,
    IntakeFacts,
    IntakePolicy,
    IssueFacts,
    Permission,
    PullRequestRef,
    RepositoryFacts,
)
from rigtasks.routing.intake import decide_intake
from rigtasks.routing.internal import RepositoryRef, internal_repositories
from rigtasks.routing.stack import Queue

LABELLED = datetime(2026, 5, 4, 12, tzinfo=UTC)
WRITER = Account(id=5, login="ada", type=AccountType.USER, permission=Permission.WRITE)
POLICY = IntakePolicy(
    internal=internal_repositories([99], ["acme/rig"]),
    queues=frozenset({Queue.DEV_E_NODE, Queue.DEV_E_PYTHON, Queue.IOS}),
    trusted_accounts=frozenset({77}),
)
ISSUE = IssueFacts(
    number=42,
    is_open=True,
    is_pull_request=False,
    title="The sum is wrong",
    body="1 + 1 gives 3",
    labels=("bug", "agent-ready"),
    labelled_at=LABELLED,
    labelled_by=WRITER,
)
FACTS = IntakeFacts(
    repository=RepositoryFacts(ref=RepositoryRef(id=1, full_name="acme/api")),
    issue=ISSUE,
    tree=("pyproject.toml", "src/app.py"),
)
Change = Callable[[IntakeFacts], IntakeFacts]


def facts(
    base: IntakeFacts = FACTS, *, issue: dict[str, Any] | None = None, **changes: Any
) -> IntakeFacts:
    if issue:
        changes["issue"] = msgspec.structs.replace(base.issue, **issue)
    return msgspec.structs.replace(base, **changes)


def config(text: str) -> ConfigFile:
    return ConfigFile(blob_sha="c0ffee", content=text.encode())


def refused(given_facts: IntakeFacts) -> Refuse:
    decision = decide_intake(given_facts, POLICY)
    assert isinstance(decision, Refuse)
    return decision


def admitted(given_facts: IntakeFacts) -> Admit:
    decision = decide_intake(given_facts, POLICY)
    assert isinstance(decision, Admit)
    return decision


def owned(**changes: Any) -> Change:
    return lambda f: facts(f, repository=msgspec.structs.replace(f.repository, **changes))


def labelled_by(**changes: Any) -> Change:
    account = msgspec.structs.replace(WRITER, **changes)
    return lambda f: facts(f, issue={"labelled_by": account})


def changed(**changes: Any) -> Change:
    return lambda f: facts(f, **changes)


EVE = PullRequestRef(number=8, author="eve")
OURS = PullRequestRef(number=9, author="rig-author[bot]", ours=True)
