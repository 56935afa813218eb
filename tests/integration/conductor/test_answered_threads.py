"""An approval after a round of findings gets through with the permissions real GitHub asks for."""

from conductor_scene import FIXED, Lane, Scene

from rigtasks.github.identities import PERMISSIONS, Role
from rigtasks.github.reviews import read_threads


def test_what_the_reviewer_had_opened_is_resolved_after_its_approval_by_the_conductor(
    scene: Scene,
) -> None:
    # given a pull request whose reviewer asked for a change on a line
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    finding = {"severity": "major", "path": "price.py", "line": 2, "message": "Half to even."}
    assert scene.review("request_changes", finding).startswith("posted: ")
    scene.attend()
    assert scene.state.lane is Lane.CHANGES_REQUESTED
    # and the change was made
    scene.implement({"price.py": FIXED.replace("round(x)", "int(x + 0.5)")})
    scene.publish()

    # when the reviewer approves the new head
    assert scene.review("approve").startswith("posted: APPROVE")
    outcome = scene.attend()

    # then its threads are resolved by an identity that may, and nothing else is in the way
    api = scene.conductor.api(Role.CONDUCTOR, scene.state)
    assert scene.state.pr is not None
    (thread,) = read_threads(api, scene.state.pr.number)
    assert thread.is_resolved
    assert thread.resolved_by_id == api.account().id
    assert "unresolved" not in outcome
    assert PERMISSIONS[Role.REVIEWER]["contents"] == "read"


def test_an_open_thread_of_a_person_stays_open_and_holds_the_merge_back(scene: Scene) -> None:
    # given a person's remark on a line of the approved head
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    assert scene.state.pr is not None
    number = scene.state.pr.number
    remark = {"path": "price.py", "line": 2, "side": "RIGHT", "body": "Why round?"}
    scene.maria.review(scene.repo, number, "COMMENT", "A question.", comments=[remark])

    # when the review agent approves
    scene.review("approve")
    outcome = scene.attend()

    # then the person's thread is not the rig's to close
    (thread,) = read_threads(scene.conductor.api(Role.CONDUCTOR, scene.state), number)
    assert not thread.is_resolved
    assert outcome.startswith("waiting: ")
    assert "1 unresolved: price.py (open)" in outcome
