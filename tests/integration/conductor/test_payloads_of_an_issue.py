"""Webhooks are hints: whatever they say of the rig's own issues, GitHub is what is believed."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from conductor_scene import FIXED, Scene
from post_office import PostOffice, make_receiver
from transplanting import Target, transplanted

from rigtasks.github.identities import RepositoryRef
from rigtasks.testing.material import webhook_examples
from rigtasks.testing.schema_samples import Measure, sample_payload
from rigtasks.testing.webhook_schemas import webhook_kinds

ABOUT_WORK = {
    "issues",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "pull_request_review_thread",
    "check_run",
    "check_suite",
    "status",
    "merge_group",
    "push",
}


@pytest.fixture
def office(scene: Scene, database_url: str) -> PostOffice:
    return PostOffice(receiver=make_receiver(database_url), conductor=scene.conductor)


def payloads_about(target: Target) -> list[tuple[str, str, dict[str, Any]]]:
    """Return every payload that could be about work, with its event and a name for people."""
    real = [(one.event, one.name, one.payload) for one in webhook_examples()]
    made = [
        (kind.event, f"{kind.key} {measure.value}", sample_payload(kind, measure))
        for kind in webhook_kinds()
        for measure in Measure
    ]
    return [
        (event, name, transplanted(event, payload, target))
        for event, name, payload in real + made
        if event in ABOUT_WORK
    ]


def queued(scene: Scene) -> Target:
    scene.label()
    return Target(
        repository=scene.repository, issue=scene.number, pull=scene.number + 1, head_sha="a" * 40
    )


def in_review(scene: Scene) -> Target:
    scene.label()
    head_sha = scene.implement({"price.py": FIXED})
    scene.publish()
    scene.attend()
    return Target(
        repository=scene.repository,
        issue=scene.number,
        pull=scene.pull(),
        head_sha=head_sha,
    )


def gone(scene: Scene) -> Target:
    return Target(repository=scene.repository, issue=9_001, pull=9_002, head_sha="a" * 40)


def strange(_: Scene) -> Target:
    elsewhere = RepositoryRef(id=186_853_002, full_name="Codertocat/Hello-World")
    return Target(repository=elsewhere, issue=1, pull=2, head_sha="a" * 40)


@pytest.mark.parametrize("where", [queued, in_review, gone, strange])
def test_what_a_payload_says_changes_nothing_that_github_does_not_say(
    scene: Scene, office: PostOffice, where: Callable[[Scene], Target]
) -> None:
    # given an issue in some state, or none at all
    target = where(scene)
    before = office.conductor.stores.database.rows("SELECT event_id FROM events ORDER BY position")

    # when every payload that can be about it arrives
    outcomes = {}
    for event, name, payload in payloads_about(target):
        outcomes[name] = office.post(event, payload, str(uuid.uuid5(uuid.NAMESPACE_OID, name)))

    # then each has an outcome in words, nothing is given up, and nothing has happened
    assert [(name, one) for name, one in outcomes.items() if not one.settled] == []
    assert office.dead_letters() == []
    assert (
        office.conductor.stores.database.rows("SELECT event_id FROM events ORDER BY position")
        == before
    )

    # and when all of them arrive again, nothing at all changes
    everything = office.everything()
    for event, name, payload in payloads_about(target):
        office.post(event, payload, str(uuid.uuid5(uuid.NAMESPACE_OID, name)))
    assert office.everything() == everything
