"""Operators look at issues and at what is still to be done, on a real database."""

import json
from pathlib import Path

import msgspec
import pytest
from operator_scene import HEAD, REF, Typed, approve, claim, deliver, review, tell, types

from rigtasks.eventstore.claims import Claimed
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.stream import OutboxEntry
from rigtasks.lifecycle.commands import Escalate, RecordGate
from rigtasks.lifecycle.events.base import Blocker


def test_issues_are_listed_by_state(rig: Typed, stores: Stores) -> None:
    approve(stores, 7)
    approve(stores, 8)
    tell(stores, Escalate(reason="the tests hang", who_must_act="ada"), "issue:1:8:1")

    everything = rig("issue", "list", "-o", "json")
    stopped = rig("issue", "list", "--state", "escalated")

    assert everything.code == 0
    assert {one["ref"] for one in everything.json["items"]} == {"acme/api#7", "acme/api#8"}
    assert [line.split("\t")[:2] for line in stopped.out.splitlines()] == [
        ["acme/api#8", "escalated"]
    ]
    assert "the tests hang" in stopped.out


def test_an_empty_list_is_no_error_and_a_wrong_state_is(rig: Typed) -> None:
    empty, wrong = rig("issue", "list"), rig("issue", "list", "--state", "fine")

    assert (empty.code, empty.out, empty.err) == (0, "", "no issue\n")
    assert (wrong.code, wrong.out) == (3, "")
    assert "ready_to_merge" in wrong.err


def test_a_short_list_says_that_there_is_more(rig: Typed, stores: Stores) -> None:
    approve(stores, 7)
    approve(stores, 8)

    answer = rig("issue", "list", "--limit", "1")

    assert len(answer.out.splitlines()) == 1
    assert "--limit shows more" in answer.err


@pytest.mark.parametrize(
    "reference",
    [
        "7",
        "ACME/api#7",
        "https://github.test/acme/api/issues/7",
        "https://github.test/acme/api/pull/3",
        "feature/issue-7-totals",
        "3",
    ],
)
def test_any_reference_finds_the_issue(rig: Typed, stores: Stores, reference: str) -> None:
    review(stores)

    answer = rig("issue", "view", reference, "-o", "json")

    assert answer.code == 0
    assert answer.json["issue"]["ref"] == REF
    assert answer.json["issue"]["pr"] == 3


def test_a_run_finds_its_issue_and_is_shown_with_it(rig: Typed, stores: Stores) -> None:
    approve(stores)
    claimed = claim(stores)
    assert isinstance(claimed, Claimed)

    answer = rig("issue", "view", str(claimed.run_id)[:8])

    assert answer.code == 0
    assert REF in answer.out
    assert f"{str(claimed.run_id)[:8]}\timplement\tdev-e-python\trunning" in answer.out


def test_the_newest_generation_is_meant(rig: Typed, stores: Stores) -> None:
    approve(stores)
    assert rig("issue", "cancel", "7", "--reason", "wrong text").code == 0
    approve(stores, generation=2)

    assert rig("issue", "view", "7", "-o", "json").json["issue"]["generation"] == 2


def test_an_unknown_issue_ends_with_5_as_problem_json(rig: Typed) -> None:
    answer = rig("issue", "view", "acme/api#99", "-o", "json")

    problem = json.loads(answer.err)
    assert (answer.code, answer.out) == (5, "")
    assert (problem["code"], problem["exit_code"]) == ("not-found", 5)
    assert "acme/api#99" in problem["detail"]


def test_a_number_of_two_repositories_is_not_guessed(rig: Typed, stores: Stores) -> None:
    approve(stores)
    approve(stores, repo_id=2, repo="acme/web", ref="acme/web#7")

    answer = rig("issue", "retry", "7", "--reason", "again")

    assert answer.code == 3
    assert "acme/api#7, acme/web#7" in answer.err
    assert types(stores) == ["ISSUE_APPROVED"]


def test_text_of_strangers_cannot_drive_the_terminal(rig: Typed, stores: Stores) -> None:
    approve(stores, title="Totals\x1b[2J are\twrong")

    assert "\x1b" not in rig("issue", "list").out
    assert "Totals[2J are wrong" in rig("issue", "list").out


def test_without_a_pull_request_the_stream_says_it_all(rig: Typed, stores: Stores) -> None:
    approve(stores)

    answer = rig("issue", "explain", "7")

    assert answer.code == 0
    assert "It waits for a free worker of dev-e-python." in answer.out
    assert "Could not be read" not in answer.out


def test_without_credentials_the_last_gates_are_shown_and_called_that(
    rig: Typed, stores: Stores
) -> None:
    review(stores)
    blocker = Blocker(gate="ci", status="fail", summary="`test` is red")
    tell(stores, RecordGate(head_sha=HEAD, blockers=(blocker,)))

    answer = rig("issue", "explain", REF)

    assert answer.code == 0
    assert f"Gates at {HEAD[:7]}" in answer.out
    assert "✗ CI" in answer.out
    assert "there are no credentials in the environment" in answer.out
    assert rig("issue", "explain", REF, "-o", "json").json["blockers"] == ["ci"]


def test_a_github_that_does_not_answer_is_named(
    rig: Typed, stores: Stores, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    review(stores)
    (tmp_path / "apps.json").write_text("{}")
    monkeypatch.setenv("RIG_APPS_FILE", str(tmp_path / "apps.json"))

    answer = rig("issue", "explain", REF)

    assert answer.code == 0
    assert "github: it did not answer: " in answer.out
    assert "lacks author, conductor, reviewer" in answer.out


def test_a_stopped_issue_says_how_it_is_retried(rig: Typed, stores: Stores) -> None:
    approve(stores)
    tell(stores, Escalate(reason="the tests hang", who_must_act="ada"))

    answer = rig("issue", "explain", REF)

    assert f'rig issue retry {REF} --reason "…"' in answer.out


def test_deliveries_of_an_issue_include_those_of_its_pull_request(
    rig: Typed, stores: Stores
) -> None:
    review(stores)
    for number, name in enumerate(("issue", "pull", "foreign", "other"), start=1):
        repo_id = 2 if name == "foreign" else 1
        about = {"issue": 7, "pull": 3, "foreign": 7, "other": 8}[name]
        deliver(stores, f"{name}-{number}", repo_id, about, "routed to dev-e-python")

    every, some = rig("deliveries", "-o", "json"), rig("deliveries", REF, "-o", "json")

    assert len(every.json["items"]) == 4
    assert {one["delivery"] for one in some.json["items"]} == {"issue-1", "pull-2"}
    assert "routed to dev-e-python" in rig("deliveries", REF).out


def test_what_was_given_up_is_listed(rig: Typed, stores: Stores) -> None:
    entry = OutboxEntry(kind="task", task="rig.conductor.effect", queue="conductor")
    stores.outbox.add([entry])
    assert rig("outbox", "list", "--dead").out == ""
    stores.outbox.add([msgspec.structs.replace(entry, args=("x",))])
    stores.database.rows(
        "UPDATE outbox SET dead_at = clock_timestamp(), last_error = 'GitHub said 403'"
        " WHERE args = '[\"x\"]'"
    )

    dead = rig("outbox", "list", "--dead", "-o", "json")

    assert [one["last_error"] for one in dead.json] == ["GitHub said 403"]
    assert len(rig("outbox", "list", "-o", "json").json) == 2
