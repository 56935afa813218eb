"""Every address of a sandbox that runs as a process, by its documents; and what it tells of it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import walk_accounts
import walk_contents
import walk_work
from every_route import RATE_LIMIT, Walk, begin, key_of, unnamed
from forge_scene import SECRET, Receiver

from rigtasks.local.github.rest.table import ROUTES

SEED = """
people:
  mona: {{name: Mona Lisa, email: mona@example.org}}
  hubot:
repositories:
  - name: acme/shop
    description: Sells things
    files:
      price.py: "def price(x):\\n    return int(x)\\n"
      CODEOWNERS: "*.py @nobody-here\\n"
      docs/rounding.md: "# Rounding\\n"
      .github/workflows/ci.yml: |
        on: [pull_request]
        jobs: {{test: {{name: unit tests, steps: [run: "true"]}}}}
    roles: {{mona: admin, hubot: write}}
    labels:
      - {{name: agent-ready, color: 0e8a16, description: An agent may take it}}
    issues:
      - title: Prices are rounded down
        author: mona
        body: 1.6 becomes 1.
        labels: [agent-ready]
        comments:
          - {{author: hubot, body: I can reproduce it.}}
    protection:
      - checks: [{{context: test}}]
        required_approving_review_count: 1
  - name: mona/notes
    files: {{a.md: "# Notes\\n"}}
webhook: {{url: "{url}"}}
limits: {{core_per_hour: 5000}}
"""
EVENTS = ("branch_protection_rule", "fork", "label", "member")
STEPS = (
    *walk_accounts.STEPS,
    *walk_contents.STEPS,
    *walk_work.STEPS,
    *walk_contents.LAST,
)
#: What the document writes otherwise: the root folder is a file with an empty path there.
SAME_ADDRESS = {
    "/repos/*/*/compare/*": "/repos/*/*/compare/*...*",
    "/repos/*/*/contents": "/repos/*/*/contents/*",
}


@contextmanager
def sandbox(folder: Path, receiver: Receiver) -> Iterator[Walk]:
    """Run `rig sandbox`; at the end its answers and its webhooks are judged."""
    seed = folder / "seed.yaml"
    seed.write_text(SEED.format(url=receiver.url))
    command = (sys.executable, "-m", "rigtasks.cli", "sandbox", "--port", "0", "--json")
    process = subprocess.Popen(
        (*command, "--seed", str(seed), "--data-dir", str(folder / "data")),
        env={**os.environ, "RIG_WEBHOOK_SECRET": SECRET},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        walk = begin(json.loads(process.stdout.readline()), receiver)
        with walk.seeder:
            told = walk.seeder.grant("rig-conductor")["events"]
            walk.seeder.grant("rig-conductor", events=[*told, *EVENTS])
            yield walk
            walk.until_idle()
            walk.close()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        process.stdout.close()


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with Receiver() as receiver, sandbox(tmp_path_factory.mktemp("walk"), receiver) as walk:
        for step in STEPS:
            step(walk)
        walk.until_idle()
        yield walk


def test_every_address_gave_an_answer_that_was_judged(walked: Walk) -> None:
    judged = walked.visited.judged
    assert {("GET", RATE_LIMIT), *map(key_of, ROUTES)} - set(judged) == set()
    for (method, rule), operations in judged.items():
        address = unnamed(rule)
        expected = f"{method} {SAME_ADDRESS.get(address, address)}"
        assert {unnamed(one) for one in operations} == {expected}


def test_all_of_it_was_told_signed_and_in_githubs_form(walked: Walk) -> None:
    heard, forms = walked.receiver.heard, walked.receiver.forms
    names = set(walked.receiver.names())
    assert {one.name for one in forms} == {"ping", "issues.opened"}
    assert forms[1].payload["issue"]["body"] == "ä & b = c+d"
    assert all(one.signed_with(SECRET) for one in (*heard, *forms))
    assert names >= {
        "branch_protection_rule.deleted",
        "check_run.completed",
        "fork",
        "issue_comment.deleted",
        "issues.labeled",
        "ping",
        "pull_request.closed",
        "pull_request_review.dismissed",
        "pull_request_review_comment.created",
        "pull_request_review_thread.resolved",
        "push",
        "repository.privatized",
        "repository.publicized",
        "repository.transferred",
        "status",
    }
