"""Operators stop a scope and let it go on, on a real database."""

import pytest
from operator_scene import ISSUE, REF, Typed, approve, claim, tell, types

from rigtasks.eventstore.claims import Claimed
from rigtasks.eventstore.database import Stores
from rigtasks.gate.facts import StopSource
from rigtasks.lifecycle.commands import OpenBreaker
from rigtasks.lifecycle.events.liveness import OperatorPaused, OperatorResumed


@pytest.mark.parametrize(
    ("scope", "named"),
    [
        ("rig", []),
        ("repo:1", ["repo", "acme/api"]),
        (ISSUE, ["issue", REF]),
        ("provider:command", ["provider", "command"]),
    ],
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
    shown = rig("issue", "view", REF, "-o", "json").json["paused"]
    assert [one["scope"] for one in shown] == ([] if group == ["provider"] else [scope])

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


def test_a_pause_for_some_time_ends_by_itself(rig: Typed, stores: Stores) -> None:
    approve(stores)

    paused = rig("pause", "--reason", "maintenance", "--for", "2h", "-o", "json")

    assert paused.code == 0
    (stop,) = stores.switches.active()
    assert stop.until is not None
    assert 7100 < (stop.until - stop.since).total_seconds() < 7300
    assert paused.json["until"] == stop.until.isoformat().replace("+00:00", "Z")
    (event,) = (one.event for one in stores.events.events("rig"))
    assert event == OperatorPaused(scope="rig", reason="maintenance", by="ada", until=stop.until)
    again = rig("pause", "--reason", "holidays")
    assert again.code == 6
    assert "by ada: maintenance (until " in again.err
    assert not isinstance(claim(stores), Claimed)

    stores.database.rows("UPDATE switches SET until = clock_timestamp()")

    assert stores.switches.active() == ()
    assert isinstance(claim(stores), Claimed)
    assert rig("resume").code == 6


@pytest.mark.parametrize("wrong", ["2", "two hours", "-1h", "0m", "1w", "1.5h", "9999999h"])
def test_what_is_no_duration_is_refused(rig: Typed, stores: Stores, wrong: str) -> None:
    answer = rig("pause", "--reason", "maintenance", f"--for={wrong}")

    assert answer.code != 0
    assert "is no duration: write 90s, 30m, 2h or 1d" in answer.err
    assert stores.switches.active() == ()


def test_what_cannot_be_a_provider_is_refused(rig: Typed, stores: Stores) -> None:
    answer = rig("provider", "pause", "Claude; rm", "--reason", "x")

    assert answer.code != 0
    assert "is no provider's name" in answer.err
    assert stores.switches.active() == ()


def test_a_label_is_taken_off_and_not_resumed(rig: Typed, stores: Stores) -> None:
    approve(stores)
    reason, source = "the label do-not-merge", StopSource.LABEL
    stores.switches.set(ISSUE, reason=reason, actor="maria", source=source)

    answer = rig("issue", "resume", REF)

    assert answer.code == 6
    assert f"the label do-not-merge stops {REF}: take it off" in answer.err
    assert len(stores.switches.active()) == 1


@pytest.mark.parametrize("verb", [("resume",), ("retry", "--reason", "mended")])
def test_a_person_closes_the_breaker(rig: Typed, stores: Stores, verb: tuple[str, ...]) -> None:
    approve(stores)
    stores.switches.set("issue:1:7", reason="loop", actor="x", source=StopSource.BREAKER)
    tell(stores, OpenBreaker(reason="loop"))
    assert rig("issue", "view", REF, "-o", "json").json["paused"][0]["scope"] == "issue:1:7"
    assert not isinstance(claim(stores), Claimed)

    assert rig("issue", verb[0], REF, *verb[1:]).code == 0

    assert stores.switches.active() == ()
    assert types(stores)[-2:] == ["ISSUE_NEEDS_HUMAN", "OPERATOR_RETRIED"]
    assert isinstance(claim(stores), Claimed)
