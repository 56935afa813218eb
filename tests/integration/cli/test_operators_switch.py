"""Operators stop a scope and let it go on, on a real database."""

import pytest
from operator_scene import ISSUE, REF, Typed, approve, claim, types

from rigtasks.eventstore.claims import Claimed
from rigtasks.eventstore.database import Stores
from rigtasks.lifecycle.events.liveness import OperatorPaused, OperatorResumed


@pytest.mark.parametrize(
    ("scope", "named"),
    [("rig", []), ("repo:1", ["repo", "acme/api"]), (ISSUE, ["issue", REF])],
)
def test_a_paused_scope_gives_no_work_until_a_person_resumes_it(
    rig: Typed, stores: Stores, scope: str, named: list[str]
) -> None:
    approve(stores)
    group, what = named[:1], named[1:]

    paused = rig(*group, "pause", *what, "--reason", "release week")

    assert paused.code == 0
    assert [(one.scope, one.actor) for one in stores.switches.active()] == [(scope, "ada")]
    assert not isinstance(claim(stores), Claimed)
    assert rig("issue", "view", REF, "-o", "json").json["paused"][0]["scope"] == scope

    assert rig(*group, "resume", *what).code == 0
    assert stores.switches.active() == ()
    assert isinstance(claim(stores), Claimed)
    assert [one.event for one in stores.events.events("rig")] == [
        OperatorPaused(scope=scope, reason="release week", by="ada"),
        OperatorResumed(scope=scope, by="ada"),
    ]


def test_the_comment_on_a_paused_issue_is_to_say_so(rig: Typed, stores: Stores) -> None:
    approve(stores)
    stores.database.rows("UPDATE outbox SET done_at = clock_timestamp()")

    assert rig("issue", "pause", REF, "--reason", "look at it").code == 0

    assert [one.args for one in stores.outbox.take()] == [(ISSUE, "report")]


def test_the_first_reason_of_a_pause_stays(rig: Typed, stores: Stores) -> None:
    assert rig("pause", "--reason", "maintenance").code == 0

    again = rig("pause", "--reason", "holidays")

    assert again.code == 6
    assert "by ada: maintenance" in again.err
    assert types(stores, "rig") == ["OPERATOR_PAUSED"]


def test_what_is_not_paused_is_not_resumed(rig: Typed, stores: Stores) -> None:
    approve(stores)
    assert rig("repo", "pause", "acme/api", "--reason", "release").code == 0

    answer = rig("resume")

    assert answer.code == 6
    assert "paused now: repo:1 by ada" in answer.err
    assert len(stores.switches.active()) == 1
    assert types(stores, "rig") == ["OPERATOR_PAUSED"]


def test_a_repository_that_was_never_seen_is_not_found(rig: Typed) -> None:
    assert rig("repo", "pause", "acme/unknown", "--reason", "release").code == 5
