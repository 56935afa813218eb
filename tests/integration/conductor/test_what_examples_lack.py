"""What no example shows, told of the rig's own issues after it happened on GitHub."""

import pytest
from conductor_scene import FIXED, Lane, Scene
from lacking import LACKING, Lacking
from post_office import Posted, PostOffice, make_receiver
from transplanting import Target, transplanted

from rigtasks.conductor.effects import carry_out
from rigtasks.lifecycle.react import EffectKind
from rigtasks.testing.webhook_schemas import problems


@pytest.fixture
def office(scene: Scene, database_url: str) -> PostOffice:
    return PostOffice(receiver=make_receiver(database_url), conductor=scene.conductor)


@pytest.fixture
def in_review(scene: Scene) -> Scene:
    """An issue whose pull request waits for a review."""
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    scene.attend()
    return scene


def told(office: PostOffice, scene: Scene, name: str) -> Posted:
    """Post what the examples lack, about this issue and its pull request."""
    lacking, state = LACKING[name], scene.state
    target = Target(
        repository=scene.repository,
        issue=scene.number,
        pull=state.pr.number if state.pr else scene.number + 1,
        head_sha=state.head_sha or "a" * 40,
    )
    return office.post(
        lacking.kind.event, transplanted(lacking.kind.event, lacking.payload(), target)
    )


def review(scene: Scene, event: str) -> None:
    body = {"event": event, "body": "Looked at it.", "commit_id": scene.state.head_sha}
    scene.maria.call("POST", f"/repos/{scene.repo}/pulls/{scene.pull()}/reviews", body)


@pytest.mark.parametrize("lacking", LACKING.values(), ids=LACKING)
def test_it_is_a_payload_that_github_documents(lacking: Lacking) -> None:
    assert problems(lacking.kind, lacking.payload()) == ()


def test_an_issue_that_was_closed_is_cancelled(scene: Scene, office: PostOffice) -> None:
    scene.label()
    scene.maria.edit_issue(scene.repo, scene.number, state="closed")

    assert told(office, scene, "an issue closed").outcome == "cancelled: the issue was closed"
    assert told(office, scene, "an issue closed").outcome.startswith("ignored: says the same as")
    assert scene.types().count("ISSUE_CANCELLED") == 1


def test_an_issue_that_was_deleted_is_cancelled_and_nobody_is_called(
    scene: Scene, office: PostOffice
) -> None:
    scene.label()
    scene.seeder.delete_issue(scene.repo, scene.number)

    posted = told(office, scene, "an issue deleted")

    assert posted.outcome == "cancelled: the issue was deleted"
    report = carry_out(scene.conductor, scene.stream, EffectKind.REPORT, cause=scene.cause)
    assert report == "ignored: the issue was deleted, so nobody can read it there"
    assert scene.types()[-1] == "ISSUE_CANCELLED"


@pytest.mark.parametrize("look", ["wake", "attend"])
def test_a_deleted_issue_is_noticed_without_its_webhook(in_review: Scene, look: str) -> None:
    scene = in_review
    scene.seeder.delete_issue(scene.repo, scene.number)

    scene.wake() if look == "wake" else None
    outcome = scene.attend()

    assert outcome == "cancelled: the issue was deleted"
    assert scene.state.lane is Lane.CANCELLED


@pytest.mark.incident("review-1")
def test_an_approval_counts_once(in_review: Scene, office: PostOffice) -> None:
    review(in_review, "APPROVE")

    first = told(office, in_review, "an approval")
    again = told(office, in_review, "an approval")

    assert (first.settled, again.settled) == (True, True)
    assert in_review.types().count("REVIEW_PASSED") == 1


def test_a_review_that_asks_for_changes_brings_the_work_back(
    in_review: Scene, office: PostOffice
) -> None:
    review(in_review, "REQUEST_CHANGES")

    posted = told(office, in_review, "a review that asks for changes")

    assert posted.settled
    assert in_review.types().count("REVIEW_DISPUTED") == 1
    assert in_review.state.lane is Lane.CHANGES_REQUESTED


def test_a_pull_request_that_a_person_merged_is_recorded_as_theirs(
    in_review: Scene, office: PostOffice
) -> None:
    path = f"/repos/{in_review.repo}/pulls/{in_review.pull()}/merge"
    in_review.maria.call("PUT", path, {"sha": in_review.state.head_sha})

    posted = told(office, in_review, "a pull request merged")

    assert posted.settled
    assert "MERGE_OUTSIDE_RIG" in in_review.types()
    assert "MERGED" not in in_review.types()


@pytest.mark.parametrize(
    "name",
    [
        "a pull request from a fork",
        "a pull request from a deleted fork",
        "a check of a fork",
        "a comment on a pull request",
    ],
)
def test_a_pull_request_is_found_by_its_number_or_its_head(
    in_review: Scene, office: PostOffice, name: str
) -> None:
    before = in_review.types()

    posted = told(office, in_review, name)

    assert posted.outcome == "attended: in_review"
    assert in_review.types() == before
