"""Webhooks the sandbox sends are verified, read and told apart."""

import json
from pathlib import Path

import pytest
from sandbox_town import settings

from rigtasks.errors import Rejected
from rigtasks.github.client import GitHub
from rigtasks.github.identities import RepositoryRef, Role
from rigtasks.github.issues import comment_once
from rigtasks.github.payloads import parse_delivery
from rigtasks.github.signature import SignatureVerifier
from rigtasks.github.webhook_facts import (
    IssueCommentFact,
    IssueFact,
    PingFact,
    PushFact,
    semantic_key,
)
from rigtasks.local.github.hub import Options
from rigtasks.local.github.seeding import Seeder
from rigtasks.testing.judged_github import JudgedGitHub
from rigtasks.testing.mailbox import mailbox
from rigtasks.testing.webhook_schemas import judged

SECRET = "shared between two"


def test_what_the_sandbox_sends_is_signed_and_understood(tmp_path: Path) -> None:
    with mailbox() as (url, arrived):
        options = Options(data_dir=tmp_path, webhook_url=url, webhook_secret=SECRET, run_ci=False)
        with (
            JudgedGitHub(options) as sandbox,
            Seeder(sandbox.url, sandbox.admin_token) as seeder,
        ):
            mona = seeder.person("mona")
            created = seeder.create_repository(
                "octo/shop", files={"a.py": "\n"}, roles={"mona": "write"}
            )
            shop = RepositoryRef(id=created["id"], full_name=created["full_name"])
            seeder.ping()
            number = mona.create_issue("octo/shop", "Prices", "Round.")["number"]
            mona.label("octo/shop", number, "agent-ready")
            github = GitHub(settings(sandbox, seeder.apps()))
            comment_once(github.api(Role.CONDUCTOR, shop), number, key="status", body="Queued")
            deliveries = [arrived.get(timeout=10) for _ in range(5)]

    verifier = SignatureVerifier([SECRET])
    for each in deliveries:
        verifier.verify(each.body, each.signature)
        with pytest.raises(Rejected):
            SignatureVerifier(["another"]).verify(each.body, each.signature)
        assert judged(each.event, json.loads(each.body)) == ()
    facts = [parse_delivery(each.event, each.body) for each in deliveries]
    pushed, ping, opened, labeled, commented = facts
    assert isinstance(pushed, PushFact)
    assert isinstance(ping, PingFact)
    assert isinstance(opened, IssueFact)
    assert isinstance(labeled, IssueFact)
    assert (labeled.repository.id, labeled.number, labeled.label) == (
        shop.id,
        number,
        "agent-ready",
    )
    assert labeled.sender is not None
    assert labeled.sender.login == "mona"
    assert isinstance(commented, IssueCommentFact)
    assert not commented.is_pull_request
    keys = [semantic_key(fact) for fact in (opened, labeled, commented)]
    assert len(set(keys)) == 3
